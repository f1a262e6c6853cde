from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from app.ops.diagnosis import Health, Lag, findings, spell

QUEUES = ("clock", "steps")
FRESH = {"clock": 10.0, "steps": 31.0}
NOTHING = dict.fromkeys(("inbox", "sweep", "ledger", "windows"), Lag(0, 0.0))


def _told(
    lags: Mapping[str, Lag] | None = None,
    canaries: Mapping[str, float] = FRESH,
    books: Mapping[str, float] | None = None,
    restored_to: datetime | None = None,
) -> list[str]:
    health = Health({**NOTHING, **(lags or {})}, canaries, books or {"main": 100.0}, restored_to)
    return [f"{found.what} {found.remedy}" for found in findings(health, QUEUES, books_every=900.0)]


def test_a_bridge_that_keeps_up_has_no_findings() -> None:
    assert _told({"inbox": Lag(500, 3.0), "windows": Lag(20, 5.0)}) == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("inbox", "7 events wait to be taken in, the oldest for 15 min"),
        ("sweep", "7 returns whose time has come were not picked up, the oldest for 15 min"),
        ("ledger", "7 documents are in doubt, the oldest for 15 min"),
        ("windows", "The window of 7 documents has opened, the oldest 15 min ago"),
    ],
)
def test_what_lags_is_told_with_its_number_and_age(name: str, words: str) -> None:
    (told,) = _told({name: Lag(7, 900.0)})

    assert words in told


def test_one_silent_queue_is_named() -> None:
    (told,) = _told(canaries={"clock": 10.0, "steps": 500.0})

    assert "through steps lately" in told
    assert "-Q" in told


def test_all_queues_silent_points_at_beat_worker_and_broker() -> None:
    (told,) = _told(canaries={})

    assert "beat" in told


def test_books_that_nobody_compared_for_long_are_told() -> None:
    (told,) = _told(books={"main": 86_400.0})

    assert "The books of main have not been compared for 24 h" in told
    assert "bridge reconcile --connection main" in told


@pytest.mark.parametrize(("seconds", "words"), [(5.4, "5 s"), (600.0, "10 min"), (86_400.0, "24 h")])
def test_a_time_is_spelled_for_people(seconds: float, words: str) -> None:
    assert spell(seconds) == words


def test_a_restore_whose_list_is_not_read_tells_what_it_holds_back() -> None:
    (told,) = _told(restored_to=datetime(2026, 11, 25, 9, tzinfo=UTC))

    assert "restored to 2026-11-25 09:00 UTC" in told
    assert "no document is planned or sent, and no window opens" in told
    assert "clock" in told
