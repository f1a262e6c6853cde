"""Rows as the services leave them, for tests of what reads them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from app.db.codec import dump
from app.db.engine import transaction
from app.db.tables.base import Base
from app.db.tables.exceptions import ExceptionRow
from app.db.tables.ledger import BatchRow, LedgerRow, WindowRow
from app.db.tables.returns import InboxEvent, ReceiptRow, ReturnRow
from app.domain.blockers import REMEDIES, Code
from app.domain.documents import Document, Line, State, document_key
from app.domain.model import Personal, Receipt, ReceiptLine, Return, ReturnItem
from app.domain.policy import Kind, Phase

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PERSONAL = Personal("Jane Doe", "jane.doe@example.com", {"street": "Calle Mayor 1"})


def saved(row: Base) -> int:
    """Save a row; its number."""
    with transaction() as session:
        session.add(row)
        session.flush()
        return int(getattr(row, "pk" if hasattr(row, "pk") else "id"))


def a_return(return_id: str = "r1", **changes: Any) -> Return:
    """A refund of two units of one SKU."""
    item = ReturnItem("i1", "0012-BLU-M", 2, Decimal("23.90"), "pending", "too_small")
    plain = Return(
        "es", return_id, "in_progress", "refund", False, NOON, NOON, "EUR", Decimal("47.80"), "#1001", (item,)
    )
    return replace(plain, personal=PERSONAL, **changes)


def return_row(return_id: str = "r1", *, store: str = "es", **changes: Any) -> ReturnRow:
    """The row of a return that nothing is left to do about now."""
    known = a_return(return_id, store=store)
    values: dict[str, Any] = {
        "data": dump(known),
        "personal": dump(known.personal),
        "status": known.status,
        "phase": Phase.IN_PROGRESS,
        "state": "waiting",
        "order_ref": known.order_external_id,
        "pending": False,
        "updated": known.updated,
    }
    return ReturnRow(store=store, id=return_id, **values | changes)


def ledger_row(
    return_pk: int, kind: Kind = Kind.RETURN_AUTHORISATION, *, return_id: str = "r1", **changes: Any
) -> LedgerRow:
    """The row of a document over two units."""
    key = document_key(kind, return_id, 1)
    document = Document(
        key,
        kind,
        1,
        "SO-1",
        (Line(1, "0012-BLU-M", 2, ord_line_seq=1),),
        tuple(changes.get("after", ())),
        source=changes.pop("source", None),
    )
    values: dict[str, Any] = {
        "store": "es",
        "connection": "main",
        "key": key,
        "state": State.DUE,
        "document": dump(document),
        "units": document.units,
        "mapping_version": "m1",
    }
    return LedgerRow(return_pk=return_pk, kind=kind, n=1, ord_num="SO-1", **values | changes)


def receipt_row(return_pk: int | None, receipt_id: str = "w1", **changes: Any) -> ReceiptRow:
    """The row of a receipt of two good units in Madrid."""
    receipt = Receipt(receipt_id, "madrid", "receipt", NOON, (ReceiptLine(2, "A", sku="0012-BLU-M", note="Jane Doe"),))
    values: dict[str, Any] = {"store": "es", "n": 1, "received_at": NOON, "data": dump(receipt)}
    return ReceiptRow(site="madrid", external_id=receipt_id, return_pk=return_pk, kind="receipt", **values | changes)


def exception_row(code: Code = Code.UNKNOWN_SKU, cause: str = "es:0012", **changes: Any) -> ExceptionRow:
    """The row of an open exception that holds up two units."""
    values: dict[str, Any] = {
        "store": "es",
        "units": 2,
        "amount": Decimal("47.8"),
        "currency": "EUR",
        "message": f"{cause} stands in the way",
    }
    return ExceptionRow(code=code, cause=cause, team=REMEDIES[code].team, **values | changes)


def inbox_row(external_id: str = "e1", **changes: Any) -> InboxEvent:
    """The row of an event that nobody has taken in."""
    return InboxEvent(channel="reveni", name="es", external_id=external_id, body="{}", **changes)


def batch_row(state: str) -> BatchRow:
    """A batch in a window of its own."""
    window = saved(WindowRow(store="es", kind=Kind.CREDIT_MEMO, opens_at=NOON))
    return BatchRow(window_id=window, connection="main", batch_ref=f"B-{window}", state=state, documents=3)
