"""What the database itself keeps and protects, whoever writes to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Delete, Update, delete, select, text, update
from sqlalchemy.exc import IntegrityError

from app.db.codec import dump
from app.db.engine import transaction
from app.db.tables.base import Base
from app.db.tables.exceptions import DecisionRow
from app.db.tables.history import History
from app.db.tables.ledger import LedgerRow, LedgerVersion
from app.db.tables.mapping import MappingEditRow
from app.db.tables.returns import ReceiptRow, ReturnRow, ReturnVersion
from app.domain.documents import State
from tests.support.rows import NOON, a_return, ledger_row, receipt_row, return_row, saved


@pytest.fixture(autouse=True)
def books(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty bridge."""
    monkeypatch.setenv("DATABASE_URL", database)


def _all(table: type[Base]) -> list[Any]:
    with transaction() as session:
        return list(session.scalars(select(table).order_by(text("id"))))


def test_each_version_of_a_return_is_kept_without_personal_data() -> None:
    pk = saved(return_row())
    with transaction() as session:
        row = session.get_one(ReturnRow, pk)
        row.data, row.status, row.version = dump(a_return(status="received")), "received", 2
    with transaction() as session:
        row = session.get_one(ReturnRow, pk)
        row.state, row.pending, row.wake_at = "held", True, NOON + timedelta(days=1)

    versions = _all(ReturnVersion)
    assert [(each.return_pk, each.version, each.status) for each in versions] == [
        (pk, 1, "in_progress"),
        (pk, 2, "received"),
    ]
    assert [each.data["status"] for each in versions] == ["in_progress", "received"]
    assert "Jane" not in str([each.data for each in versions])


def test_each_step_of_a_document_is_kept_with_its_lines_and_amounts() -> None:
    row_id = saved(ledger_row(saved(return_row())))
    changes: list[dict[str, Any]] = [
        {"state": State.SENDING, "amounts": {"total": "1"}, "basis": {"lines": []}, "document_date": "2026-11-20"},
        {"lease_until": NOON},
        {"state": State.POSTED, "number": "RA-77"},
        {"state": State.DUE, "document": {"key": "RA-r1", "units": 1}, "amounts": None, "basis": None, "number": None},
    ]
    for values in changes:
        with transaction() as session:
            session.execute(update(LedgerRow).where(LedgerRow.id == row_id).values(values))

    kept = _all(LedgerVersion)
    assert [(each.state, each.number, each.amounts, each.basis) for each in kept] == [
        ("due", None, None, None),
        ("sending", None, {"total": "1"}, {"lines": []}),
        ("posted", "RA-77", {"total": "1"}, None),
        ("due", None, None, None),
    ]
    assert [each.document and each.document["key"] for each in kept] == ["RA-r1", None, None, "RA-r1"]


@pytest.mark.parametrize("table", [History, DecisionRow, ReturnVersion, LedgerVersion])
@pytest.mark.parametrize("change", ["update", "delete"])
def test_what_is_written_once_cannot_be_changed_nor_deleted(table: type[Base], change: str) -> None:
    pk = saved(return_row())
    saved(ledger_row(pk))
    saved(History(return_pk=pk, what="posted"))
    saved(DecisionRow(return_pk=pk, code="refused", cause="x", action="resolved", by="ann"))
    before = [vars(row).get("id") for row in _all(table)]
    statement = delete(table) if change == "delete" else update(table).values(at=NOON)

    with pytest.raises(IntegrityError, match=f"{table.__tablename__} is append-only"), transaction() as session:
        session.execute(statement)

    assert [vars(row).get("id") for row in _all(table)] == before != []


def test_a_receipt_stays_as_it_came_but_finds_its_return() -> None:
    receipt = saved(receipt_row(None, n=None))
    pk = saved(return_row())
    with transaction() as session:
        session.execute(update(ReceiptRow).values(return_pk=pk, n=1, next_look_at=NOON))

    for statement in (update(ReceiptRow).values(data={}), update(ReceiptRow).values(site="lyon"), delete(ReceiptRow)):
        with pytest.raises(IntegrityError, match="receipts is append-only"), transaction() as session:
            session.execute(statement)

    with transaction() as session:
        row = session.get_one(ReceiptRow, receipt)
        assert (row.return_pk, row.data["lines"][0]["quantity"]) == (pk, 2)


def test_a_name_in_a_warehouses_note_can_be_erased() -> None:
    saved(receipt_row(None, n=None))
    with transaction() as session:
        session.execute(text("set local bridge.erasing = 'on'"))
        session.execute(text("update receipts set data = data #- '{lines,0,note}'"))

    with transaction() as session:
        assert "Jane" not in str(session.scalars(select(ReceiptRow)).one().data)


@pytest.mark.parametrize(
    ("table", "changes", "allowed"),
    [
        (History, {"detail": {}}, True),
        (History, {"detail": {}, "what": "another"}, False),
        (DecisionRow, {"note": None}, True),
        (DecisionRow, {"by": "nobody"}, False),
        (LedgerVersion, {"error": None}, True),
        (LedgerVersion, {"number": "RA-1"}, False),
        (ReturnVersion, {"data": {}}, False),
        (MappingEditRow, {"note": None}, True),
        (MappingEditRow, {"by": "nobody"}, False),
    ],
)
def test_erasing_changes_words_and_nothing_else(table: type[Base], changes: dict[str, Any], allowed: bool) -> None:
    pk = saved(return_row())
    saved(ledger_row(pk))
    saved(History(return_pk=pk, what="posted", detail={"note": "Jane"}))
    saved(DecisionRow(return_pk=pk, code="refused", cause="x", action="resolved", by="ann", note="Jane"))
    saved(MappingEditRow(overlay={}, by="ann", note="Jane"))

    def erase(statement: Update | Delete) -> None:
        with transaction() as session:
            session.execute(text("set local bridge.erasing = 'on'"))
            session.execute(statement)

    if allowed:
        erase(update(table).values(**changes))
    else:
        with pytest.raises(IntegrityError, match="is append-only"):
            erase(update(table).values(**changes))
    with pytest.raises(IntegrityError, match="is append-only"):
        erase(delete(table))
