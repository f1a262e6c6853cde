from __future__ import annotations

import pytest
from sqlalchemy import select

from app.db.engine import transaction
from app.db.tables.exceptions import ExceptionRow
from app.db.tables.returns import InboxEvent, ReceiptRow, ReturnRow
from app.domain.blockers import Code
from app.domain.saying import say
from app.services.exceptions.dead_letters import close_exceptions, open_exception
from tests.support.rows import NOON, inbox_row, receipt_row, return_row, saved

pytestmark = pytest.mark.usefixtures("books")


def _open(about: ReturnRow | ReceiptRow | InboxEvent, times: int = 1) -> ExceptionRow:
    for _ in range(times):
        with transaction() as session:
            open_exception(session, Code.TASK_LOST, "why", say("It is lost."), about, units=3)
    with transaction() as session:
        return session.scalars(select(ExceptionRow)).one()


def test_of_a_return() -> None:
    row = return_row("r1")
    saved(row)
    exception = _open(row, times=2)

    assert (exception.return_pk, exception.return_id, exception.store, exception.team, exception.units) == (
        row.pk,
        "r1",
        "es",
        "integration",
        3,
    )


def test_of_a_receipt() -> None:
    row = receipt_row(None, "w1", n=None)
    saved(row)
    exception = _open(row, times=2)
    assert (exception.receipt_pk, exception.receipt_id, exception.return_pk) == (row.pk, "w1", None)

    with transaction() as session:
        close_exceptions(session, NOON, "found", receipt_pk=row.pk)
    with transaction() as session:
        assert session.get_one(ExceptionRow, exception.id).closed_by == "found"


def test_of_an_event() -> None:
    row = inbox_row()
    saved(row)
    exception = _open(row, times=2)
    assert (exception.inbox_id, exception.store) == (row.id, "es")

    with transaction() as session:
        close_exceptions(session, NOON, "read", inbox_id=row.id)
        open_exception(session, Code.TASK_LOST, "why", say("It is lost again."), row)
    with transaction() as session:
        found = session.scalars(select(ExceptionRow).order_by(ExceptionRow.id)).all()
    assert [each.closed_by for each in found] == ["read", None]


def test_a_warehouses_event_is_of_no_store() -> None:
    row = inbox_row()
    row.channel, row.name = "warehouse", "madrid"
    saved(row)

    assert _open(row).store is None
