from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.db.tables.ledger import WindowRow
from app.domain.blockers import Code
from app.domain.documents import State
from app.domain.policy import Kind
from app.services.views.overview import Settled, list_batches, list_windows, settled, stats
from tests.support.rows import (
    NOON,
    batch_row,
    exception_row,
    inbox_row,
    ledger_row,
    receipt_row,
    return_row,
    saved,
)

pytestmark = pytest.mark.usefixtures("books")
NOW = datetime.now(UTC)
SOON = NOW + timedelta(hours=1)
NOTHING = Settled(True, inbox=0, due=0, sending=0, doubtful=0, in_window=0, waiting=0, open_exceptions=0)


def _left() -> dict[str, int | bool]:
    found = settled()
    return {name: getattr(found, name) for name in Settled.__slots__ if getattr(found, name) != getattr(NOTHING, name)}


def test_an_empty_bridge_is_settled() -> None:
    assert settled() == NOTHING


@pytest.mark.parametrize("state", ["new", "taken"])
def test_an_event_that_is_not_taken_in_is_left_to_do(state: str) -> None:
    saved(inbox_row(state=state))

    assert _left() == {"settled": False, "inbox": 1}


@pytest.mark.parametrize("state", ["done", "unreadable"])
def test_an_event_that_is_dealt_with_is_not(state: str) -> None:
    saved(inbox_row(state=state))

    assert settled() == NOTHING


@pytest.mark.parametrize(
    ("document", "left"),
    [
        ({}, {"settled": False, "due": 1}),
        ({"post_at": NOW - timedelta(hours=1)}, {"settled": False, "due": 1}),
        ({"retry_at": SOON}, {"settled": False, "due": 1}),
        ({"post_at": SOON}, {"in_window": 1}),
        ({"tired": True}, {}),
        ({"state": State.SENDING}, {"settled": False, "sending": 1}),
        ({"state": State.SENDING, "tired": True}, {}),
        ({"state": State.DOUBTFUL}, {"settled": False, "doubtful": 1}),
        ({"state": State.POSTED}, {}),
        ({"state": State.REFUSED}, {}),
        ({"state": State.WITHDRAWN}, {}),
    ],
)
def test_what_of_a_document_is_left_to_do(document: dict[str, Any], left: dict[str, object]) -> None:
    saved(ledger_row(saved(return_row()), **document))

    assert _left() == left | {"waiting": 1}


@pytest.mark.parametrize(
    ("first", "due"),
    [
        (State.DUE, 1),
        (State.REFUSED, 0),
        (State.POSTED, 1),
        (State.WITHDRAWN, 0),
    ],
)
def test_a_document_is_due_only_once_those_before_it_are_posted(first: State, due: int) -> None:
    pk = saved(return_row())
    saved(ledger_row(pk, state=first))
    saved(ledger_row(pk, Kind.INVENTORY_JOURNAL, after=["RA-r1"]))

    assert settled().due == due


def test_what_another_store_posted_does_not_count() -> None:
    saved(ledger_row(saved(return_row(store="uk")), store="uk", state=State.POSTED))
    saved(ledger_row(saved(return_row()), Kind.INVENTORY_JOURNAL, after=["RA-r1"]))

    assert settled().due == 0


@pytest.mark.parametrize(("state", "left"), [("queued", False), ("doubtful", False), ("done", True), ("refused", True)])
def test_a_batch_that_is_under_way_is_left_to_do(state: str, left: bool) -> None:
    saved(batch_row(state))

    assert settled().settled is left


def test_a_return_with_work_to_do_is_not_settled() -> None:
    saved(return_row(state="new", pending=True))

    assert _left() == {"settled": False}


def test_a_return_whose_task_was_lost_waits_for_a_person() -> None:
    pk = saved(return_row(pending=True))
    saved(ledger_row(pk, state=State.SENDING))
    assert not settled().settled
    saved(exception_row(Code.TASK_LOST, return_pk=pk))

    assert _left() == {"waiting": 1, "open_exceptions": 1}


def test_a_memo_behind_one_of_its_order_that_was_given_up_waits_for_a_person() -> None:
    saved(ledger_row(saved(return_row()), Kind.CREDIT_MEMO, state=State.DOUBTFUL, tired=True))
    saved(ledger_row(saved(return_row("r2")), Kind.CREDIT_MEMO, return_id="r2"))

    assert _left() == {"waiting": 2}


def test_what_waits_for_a_person_or_a_receipt_is_counted_and_settled() -> None:
    saved(return_row())
    saved(exception_row())
    saved(exception_row(cause="another", closed_at=NOW))

    assert _left() == {"waiting": 1, "open_exceptions": 1}


def test_stats_count_documents_exceptions_and_returns() -> None:
    pk = saved(return_row())
    saved(ledger_row(pk, state=State.POSTED))
    saved(ledger_row(saved(return_row("r2", state="done")), return_id="r2", state=State.POSTED))
    saved(ledger_row(pk, Kind.CREDIT_MEMO))
    saved(exception_row())
    saved(exception_row(closed_at=NOW))
    saved(exception_row(Code.OVER_RECEIPT, closed_at=NOW))

    found = stats(NOW, days=7)

    assert {(each.name, each.state): each.count for each in found.documents} == {
        ("return_authorisation", "posted"): 2,
        ("credit_memo", "due"): 1,
    }
    assert {(each.name, each.state): each.count for each in found.exceptions} == {
        ("unknown_sku", "open"): 1,
        ("unknown_sku", "closed"): 1,
        ("over_receipt", "closed"): 1,
    }
    assert {(each.name, each.state): each.count for each in found.returns} == {("es", "waiting"): 1, ("es", "done"): 1}
    assert (found.journals, found.receipt_to_journal_p50, found.receipt_to_journal_p95) == (0, None, None)


def test_stats_say_how_long_journals_took_lately() -> None:
    for number, seconds in enumerate([1, 2, 3, 4, 101]):
        name = f"r{number}"
        pk = saved(return_row(name))
        saved(receipt_row(pk, f"w{number}", taken_at=NOW))
        posted = NOW + timedelta(seconds=seconds)
        journal: dict[str, Any] = {
            "return_id": name,
            "state": State.POSTED,
            "source": f"madrid/w{number}",
            "posted_at": posted,
        }
        saved(ledger_row(pk, Kind.INVENTORY_JOURNAL, **journal))

    found = stats(NOW, days=7)
    later = stats(NOW + timedelta(days=8), days=7)

    assert (found.journals, found.receipt_to_journal_p50) == (5, 3.0)
    assert found.receipt_to_journal_p95 == pytest.approx(81.6)
    assert later.journals == 0


def test_windows_and_batches_come_newest_first_and_in_pages() -> None:
    saved(batch_row("done"))
    for hour in (1, 2):
        saved(WindowRow(store="es", kind=Kind.CREDIT_MEMO, opens_at=NOON + timedelta(hours=hour)))

    first = list_windows(limit=2)
    rest = list_windows(before=first.next, limit=2)

    hours = [(window.opens_at - NOON) // timedelta(hours=1) for window in (*first.rows, *rest.rows)]
    assert (hours, rest.next) == ([2, 1, 0], None)
    assert [(batch.window_id, batch.state) for batch in list_batches().rows] == [(rest.rows[0].id, "done")]
