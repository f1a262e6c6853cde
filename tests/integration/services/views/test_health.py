from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.calls import CallError
from app.db.tables.upkeep import RestoreRow
from app.services.books.reconciliation import reconcile
from app.services.books.recovery import catch_up
from app.services.views.health import canary, health
from tests.support.rows import saved
from tests.support.scene import Scene


def test_an_empty_bridge_lags_behind_nothing(scene: Scene) -> None:
    figures = health(scene.clock.now())

    assert {name: lag.count for name, lag in figures.lags.items()} == dict.fromkeys(
        ("inbox", "sweep", "ledger", "windows"), 0
    )
    assert figures.canaries == {}
    assert figures.books == {}


def test_events_in_the_inbox_are_counted_with_the_age_of_the_oldest(scene: Scene) -> None:
    scene.ask("r1")
    scene.ask("r2")
    inbox = health(scene.clock.now() + timedelta(seconds=90)).lags["inbox"]

    assert inbox.count == 2
    assert 89 < inbox.seconds < 100


def test_a_return_that_nobody_sweeps_is_counted(scene: Scene) -> None:
    scene.ask("r1")
    scene.trouble("423", "POST /return_authorizations")
    scene.work()

    assert health(scene.clock.now()).lags["sweep"].count == 0
    assert health(scene.clock.now() + timedelta(minutes=10)).lags["sweep"].count == 1


def test_a_document_in_doubt_is_counted(scene: Scene) -> None:
    scene.ask("r1")
    scene.trouble("cut_after", "POST /return_authorizations")
    scene.work()
    ledger = health(scene.clock.now() + timedelta(seconds=60)).lags["ledger"]

    assert ledger.count == 1
    assert 59 < ledger.seconds < 70


def test_a_window_that_nobody_opened_is_counted(scene: Scene) -> None:
    scene.configure({"stores": {"es": {"posting": {"credit_memo": "every 15m"}}}})
    scene.ask("r1")
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.accept("r1")
    scene.work()

    assert health(scene.clock.now()).lags["windows"].count == 0
    late = health(scene.clock.now() + timedelta(hours=1)).lags["windows"]
    assert late.count == 1
    assert late.seconds > 2600


def test_canaries_and_books_are_told_with_their_age(scene: Scene) -> None:
    canary("steps", scene.clock.now())
    reconcile("main", scene.outside)
    figures = health(scene.clock.now() + timedelta(seconds=45))

    assert 44 < figures.canaries["steps"] < 50
    assert 44 < figures.books["main"] < 50


def test_books_that_could_never_be_read_are_told_with_the_time_since_the_first_try(scene: Scene) -> None:
    scene.trouble("500", "GET /documents")
    for _ in range(3):
        with pytest.raises(CallError):
            reconcile("main", scene.outside)
        scene.clock.move(900)

    assert health(scene.clock.now()).books["main"] >= 2700


def test_a_restore_is_told_until_the_list_since_then_is_read(scene: Scene) -> None:
    moment = datetime(2026, 11, 25, 9, tzinfo=UTC)
    saved(RestoreRow(taken_at=moment, restored_at=scene.clock.now()))
    assert health(scene.clock.now()).restored_to == moment

    scene.outside.restores.forget()
    scene.clock.move(10)
    assert catch_up(scene.outside)
    assert health(scene.clock.now()).restored_to is None
