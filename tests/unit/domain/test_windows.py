"""Posting windows, in the store's time zone."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.policy import AtOnce, Daily, Every, Posting
from app.domain.windows import next_window

MADRID = ZoneInfo("Europe/Madrid")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_what_is_posted_at_once_waits_for_no_window() -> None:
    assert next_window(AtOnce(), MADRID, utc("2026-03-02T12:00")) is None


@pytest.mark.parametrize(
    ("now", "window"),
    [
        ("2026-03-02T04:59", "2026-03-02T05:00"),
        ("2026-03-02T05:00", "2026-03-02T17:00"),
        ("2026-03-02T18:00", "2026-03-03T05:00"),
    ],
)
def test_times_of_day_are_the_stores(now: str, window: str) -> None:
    assert next_window(Daily((time(18, 0), time(6, 0))), MADRID, utc(now)) == utc(window)


def test_the_window_moves_with_the_clocks() -> None:
    daily = Daily((time(20, 0),))

    assert next_window(daily, MADRID, utc("2026-03-28T12:00")) == utc("2026-03-28T19:00")
    assert next_window(daily, MADRID, utc("2026-03-29T12:00")) == utc("2026-03-29T18:00")


def test_a_time_that_the_clocks_skip_is_taken_as_if_they_had_not_changed() -> None:
    assert next_window(Daily((time(2, 30),)), MADRID, utc("2026-03-28T12:00")) == utc("2026-03-29T01:30")


def test_a_time_that_comes_twice_is_taken_once() -> None:
    daily = Daily((time(2, 30),))

    assert next_window(daily, MADRID, utc("2026-10-24T12:00")) == utc("2026-10-25T00:30")
    assert next_window(daily, MADRID, utc("2026-10-25T00:30")) == utc("2026-10-26T01:30")


def test_windows_at_a_distance_are_counted_from_midnight_utc() -> None:
    every = Every(timedelta(minutes=15))

    assert next_window(every, MADRID, utc("2026-03-02T12:07")) == utc("2026-03-02T12:15")
    assert next_window(every, MADRID, utc("2026-03-02T12:15")) == utc("2026-03-02T12:30")


def test_windows_that_fit_into_no_day_keep_their_distance_over_midnight() -> None:
    every = Every(timedelta(hours=7))
    first = next_window(every, MADRID, utc("2026-03-02T22:00"))

    assert first is not None
    assert next_window(every, MADRID, first) == first + timedelta(hours=7)


def test_a_weekly_window_opens_on_monday() -> None:
    assert next_window(Every(timedelta(days=7)), MADRID, utc("2026-03-04T12:00")) == utc("2026-03-09T00:00")


@given(
    st.sampled_from([Daily((time(6, 0), time(2, 30))), Every(timedelta(hours=7)), Every(timedelta(seconds=20))]),
    st.timedeltas(timedelta(0), timedelta(days=365)).map(lambda since: utc("2026-01-01T00:00") + since),
    st.floats(0, 1),
)
def test_whoever_asks_before_a_window_is_told_of_the_same_one(posting: Posting, now: datetime, share: float) -> None:
    window = next_window(posting, MADRID, now)

    assert window is not None
    assert window > now
    between = now + (window - now) * share
    if between < window:
        assert next_window(posting, MADRID, between) == window
