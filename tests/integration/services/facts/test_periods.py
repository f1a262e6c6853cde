"""Posting periods: BlueCherry closes them, and memos go where finance expects them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.services.exceptions.remedies import resolve, retry
from app.services.facts.periods import refresh_periods
from app.services.ledger.windows import open_windows
from tests.support.scene import Scene

_CREATE = "POST /credit_memos"


def close_today(scene: Scene, *, later: bool = True) -> date:
    """BlueCherry closes the period of today and opens the next one, if there is one; its first day."""
    day = scene.clock.now().date()
    first = day + timedelta(days=3)
    scene.seed(
        periods=[
            {"period": "always", "from": "2000-01-01", "to": (first - timedelta(days=1)).isoformat(), "open": False},
            {"period": "next", "from": first.isoformat(), "to": "2999-12-31", "open": later},
        ]
    )
    return first


def credit(scene: Scene, *returns: str) -> None:
    """Goods of returns come and are accepted."""
    for return_id in returns:
        scene.ask(return_id)
        scene.arrive(f"w-{return_id}", {"0001": 1}, return_id=return_id)
        scene.accept(return_id)
    scene.work()


def test_a_memo_of_a_closed_period_bears_the_first_day_of_the_next_open_one(scene: Scene) -> None:
    first = close_today(scene)
    credit(scene, "r1")

    row = scene.ledger()["CM-r1-1"]
    assert scene.memos()["CM-r1-1"]["memo_date"] == row.document_date == first.isoformat()
    assert row.business_date != row.document_date
    assert scene.exceptions() == []
    assert scene.calls(_CREATE) == 1


def test_in_a_batch_too(scene: Scene) -> None:
    scene.configure({"stores": {"es": {"posting": {"credit_memo": "every 1h"}}}})
    first = close_today(scene)
    credit(scene, "r1")
    scene.clock.move(3600)
    scene.run_windows()

    assert scene.memos()["CM-r1-1"]["memo_date"] == first.isoformat()


def test_a_period_that_closes_behind_the_mirrors_back_leads_to_a_new_look_and_the_same_key(scene: Scene) -> None:
    credit(scene, "r1")
    first = close_today(scene)
    credit(scene, "r2")

    assert scene.memos()["CM-r2-1"]["memo_date"] == first.isoformat()
    assert [each["code"] for each in scene.books()["refusals"]] == ["PERIOD_CLOSED"]
    assert scene.exceptions() == []


def test_where_the_new_look_gets_no_answer_the_memo_waits_for_one(scene: Scene) -> None:
    credit(scene, "r1")
    first = close_today(scene)
    scene.trouble("500", "GET /periods")
    credit(scene, "r2")
    scene.later(60)
    assert (scene.states()["CM-r2-1"], scene.exceptions()) == ("due", [])

    scene.trouble(None)
    scene.later(600)

    assert scene.memos()["CM-r2-1"]["memo_date"] == first.isoformat()
    assert [each["code"] for each in scene.books()["refusals"]] == ["PERIOD_CLOSED"]


def test_in_a_batch_it_waits_for_a_later_one(scene: Scene) -> None:
    scene.configure({"stores": {"es": {"posting": {"credit_memo": "every 1m"}}}})
    credit(scene, "r1")
    scene.clock.move(60)
    scene.run_windows()
    first = close_today(scene)
    scene.trouble("500", "GET /periods")
    credit(scene, "r2")
    scene.clock.move(60)
    scene.run_windows()
    open_windows(scene.outside)
    assert (scene.states()["CM-r2-1"], scene.exceptions()) == ("due", [])

    scene.trouble(None)
    scene.clock.move(600)
    scene.run_windows()

    assert scene.memos()["CM-r2-1"]["memo_date"] == first.isoformat()


def test_in_a_batch_it_goes_with_the_next_one(scene: Scene) -> None:
    scene.configure({"stores": {"es": {"posting": {"credit_memo": "every 1m"}}}})
    credit(scene, "r1")
    scene.clock.move(60)
    scene.run_windows()
    first = close_today(scene)
    credit(scene, "r2")
    scene.clock.move(60)

    scene.run_windows()
    assert (scene.states()["CM-r2-1"], scene.exceptions()) == ("due", [])
    scene.run_windows()

    assert scene.memos()["CM-r2-1"]["memo_date"] == first.isoformat()
    assert scene.calls("GET /periods") == 2


def test_where_mirror_and_refusal_never_agree_finance_is_told_after_the_second_no(scene: Scene) -> None:
    # Two periods overlap, and BlueCherry goes by the closed one.
    credit(scene, "r1")
    day = scene.clock.now().date()
    scene.seed(
        periods=[
            {"period": "always", "from": "2000-01-01", "to": "2999-12-31", "open": False},
            {"period": "overlap", "from": day.isoformat(), "to": "2999-12-31", "open": True},
        ]
    )
    credit(scene, "r2")

    assert scene.codes() == ["period_closed"]
    assert scene.calls(_CREATE) == 3


def test_the_mirror_is_asked_for_once_for_many_memos(scene: Scene) -> None:
    credit(scene, "r1", "r2")
    credit(scene, "r3")

    assert len(scene.memos()) == 3
    assert scene.calls("GET /periods") == 1


@pytest.mark.parametrize("posting", ["at_once", "every 1h"])
def test_with_no_open_period_left_finance_is_told_and_nothing_is_sent(scene: Scene, posting: str) -> None:
    scene.configure({"stores": {"es": {"posting": {"credit_memo": posting}}}})
    close_today(scene, later=False)
    credit(scene, "r1")
    if posting != "at_once":
        scene.clock.move(3600)
        open_windows(scene.outside)

    (exception,) = scene.exceptions()
    assert (exception.code, exception.team, exception.units) == ("period_closed", "finance", 1)
    assert "nor is one open later" in exception.message
    assert scene.calls(_CREATE) == 0


def test_by_policy_a_closed_period_is_an_exception_until_finance_opens_it(scene: Scene) -> None:
    scene.configure({"stores": {"es": {"policy": {"closed_period": "exception"}}}})
    close_today(scene)
    credit(scene, "r1")
    assert (scene.codes(), scene.calls(_CREATE)) == (["period_closed"], 0)

    scene.seed(periods=[{"period": "always", "from": "2000-01-01", "to": "2999-12-31", "open": True}])
    retry([scene.exceptions()[0].id], by="finance")
    scene.later(61)

    assert scene.states()["CM-r1-1"] == "posted"
    assert scene.exceptions() == []


def test_an_installation_that_tells_no_periods_gets_memos_of_today(scene: Scene) -> None:
    scene.trouble("500", "GET /periods")
    credit(scene, "r1")

    row = scene.ledger()["CM-r1-1"]
    assert scene.memos()["CM-r1-1"]["memo_date"] == row.business_date


def test_a_memo_in_doubt_keeps_its_date(scene: Scene) -> None:
    scene.trouble("cut_after", _CREATE)
    credit(scene, "r1")
    assert scene.states()["CM-r1-1"] == "doubtful"
    dated = scene.ledger()["CM-r1-1"].document_date

    scene.trouble(None)
    close_today(scene)
    scene.later(3600)

    row = scene.ledger()["CM-r1-1"]
    assert (row.state, row.document_date) == ("posted", dated)
    assert scene.memos()["CM-r1-1"]["memo_date"] == dated


def test_a_period_that_cannot_be_read_leaves_the_mirror_as_it_was_and_is_before_integration(scene: Scene) -> None:
    credit(scene, "r1")
    close_today(scene)
    scene.trouble(None, garbled={"GET /periods": {"next": ["open"]}})
    scene.clock.move(700)
    credit(scene, "r2")

    assert scene.codes() == ["unreadable_row"]
    assert not any(memo["memo_date"] > scene.clock.now().date().isoformat() for memo in scene.memos().values())
    scene.trouble(None)
    scene.later(700)
    assert "unreadable_row" not in scene.codes()


def test_a_period_that_nobody_needs_stays_ended(scene: Scene) -> None:
    scene.trouble(None, garbled={"GET /periods": {"next": ["open"]}})
    refresh_periods(["main"], scene.outside)
    resolve([each.id for each in scene.exceptions()], "ana", "a period of 1999")
    refresh_periods(["main"], scene.outside)

    assert scene.codes() == []
