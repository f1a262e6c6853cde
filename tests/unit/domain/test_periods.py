"""The day that a memo bears when its own lies in a closed period."""

from __future__ import annotations

from datetime import date

from app.domain.periods import Period, posting_date


def month(number: int, *, is_open: bool) -> Period:
    """A month of thirty days or fewer."""
    return Period(f"2026-{number:02d}", date(2026, number, 1), date(2026, number, 28), is_open)


_YEAR = [month(1, is_open=False), month(2, is_open=False), month(3, is_open=True), month(4, is_open=True)]


def test_a_day_in_an_open_period_stands() -> None:
    assert posting_date(date(2026, 3, 28), _YEAR, "next_open") == date(2026, 3, 28)
    assert posting_date(date(2026, 3, 1), _YEAR, "exception") == date(2026, 3, 1)


def test_a_day_in_a_closed_period_gives_the_first_day_of_the_next_open_one() -> None:
    assert posting_date(date(2026, 1, 15), _YEAR, "next_open") == date(2026, 3, 1)
    assert posting_date(date(2026, 1, 15), list(reversed(_YEAR)), "next_open") == date(2026, 3, 1)


def test_by_policy_it_gives_none() -> None:
    assert posting_date(date(2026, 1, 15), _YEAR, "exception") is None


def test_a_day_in_no_period_is_closed_too() -> None:
    assert posting_date(date(2026, 2, 28), _YEAR, "next_open") == date(2026, 3, 1)
    assert posting_date(date(2026, 3, 30), _YEAR, "next_open") == date(2026, 4, 1)


def test_an_open_period_before_it_does_not_help() -> None:
    assert posting_date(date(2026, 5, 2), _YEAR, "next_open") is None


def test_where_nothing_is_known_of_periods_the_day_stands() -> None:
    assert posting_date(date(2026, 1, 15), [], "next_open") == date(2026, 1, 15)
