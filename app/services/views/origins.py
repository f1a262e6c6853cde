"""Where documents come from: what Reveni told, the events, the receipts and the decisions of a return."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.tables.exceptions import DecisionRow
from app.db.tables.returns import InboxEvent, ReceiptRow, ReturnVersion
from app.domain.model import Receipt
from app.services.facts.dossiers import receipt_of


@dataclass(frozen=True, slots=True)
class Told:
    """A version of a return: what Reveni told at `updated`, and `at` when the bridge wrote it down."""

    version: int
    status: str
    updated: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class EventView:
    """An event in the inbox. `channel`: `reveni` or `warehouse`, `name` the store or site, `external_id` its own id."""

    id: int
    channel: str
    name: str
    external_id: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class DecisionView:
    """What a person decided about an exception, and why."""

    at: datetime
    by: str
    action: str
    code: str
    cause: str
    note: str | None


def told(session: Session, return_pk: int) -> tuple[Told, ...]:
    """Every version of a return, the oldest first."""
    statement = select(ReturnVersion).where(ReturnVersion.return_pk == return_pk).order_by(ReturnVersion.id)
    return tuple(Told(row.version, row.status, row.updated, row.at) for row in session.scalars(statement))


def events_of(session: Session, return_pk: int) -> tuple[EventView, ...]:
    """The events that were about a return, in the order in which they came."""
    statement = select(InboxEvent).where(InboxEvent.return_pk == return_pk).order_by(InboxEvent.id)
    return tuple(
        EventView(row.id, row.channel, row.name, row.external_id, row.received_at) for row in session.scalars(statement)
    )


def receipts_of(session: Session, return_pk: int) -> tuple[Receipt, ...]:
    """The receipts and regrades of a return, in the order in which they were taken in."""
    rows = session.scalars(select(ReceiptRow).where(ReceiptRow.return_pk == return_pk).order_by(ReceiptRow.n))
    return tuple(receipt_of(row) for row in rows)


def decisions_of(session: Session, return_pk: int) -> tuple[DecisionView, ...]:
    """What people decided about a return."""
    statement = select(DecisionRow).where(DecisionRow.return_pk == return_pk).order_by(DecisionRow.id)
    return tuple(
        DecisionView(row.at, row.by, row.action, row.code, row.cause, row.note) for row in session.scalars(statement)
    )
