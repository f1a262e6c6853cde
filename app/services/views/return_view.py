"""Returns as people read them: what is known, what was received, which documents there are, what stands in the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.codec import load
from app.db.engine import transaction
from app.db.entries import rows_of_returns
from app.db.tables.exceptions import ExceptionRow
from app.db.tables.history import History
from app.db.tables.ledger import LedgerRow
from app.db.tables.returns import ReturnRow
from app.domain.model import Receipt, Return
from app.services.exceptions.exception_queue import ExceptionView, view_of
from app.services.page import LARGEST_PAGE, Page, page_of
from app.services.views.document_view import DocumentView, document_of
from app.services.views.origins import DecisionView, EventView, Told, decisions_of, events_of, receipts_of, told


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a return's history. `key`: the document it is about."""

    at: datetime
    what: str
    key: str | None
    detail: dict[str, object]


@dataclass(frozen=True, slots=True)
class ReturnView:
    """Everything about one return but personal data."""

    known: Return
    state: str
    phase: str
    pending: bool
    wake_at: datetime | None
    ord_num: str | None
    shadow: bool
    told: tuple[Told, ...]
    events: tuple[EventView, ...]
    receipts: tuple[Receipt, ...]
    decisions: tuple[DecisionView, ...]
    documents: tuple[DocumentView, ...]
    exceptions: tuple[ExceptionView, ...]
    timeline: tuple[Happening, ...]


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """A return in a list."""

    number: int
    store: str
    id: str
    state: str
    status: str
    order_ref: str
    ord_num: str | None
    shadow: bool
    updated: datetime


class NoSuchReturn(LookupError):
    """The bridge knows no return of this id in this store, or in any: no event about it was taken in."""


def get_return(store: str, return_id: str) -> ReturnView:
    """One return. Raises NoSuchReturn."""
    with transaction() as session:
        row = session.scalar(select(ReturnRow).where(ReturnRow.store == store, ReturnRow.id == return_id))
        if row is None:
            raise NoSuchReturn(f"the bridge knows no return {return_id} of store {store}")
        exceptions = select(ExceptionRow).where(ExceptionRow.return_pk == row.pk).order_by(ExceptionRow.id)
        return ReturnView(
            known=load(Return, row.data),
            state=row.state,
            phase=row.phase,
            pending=row.pending,
            wake_at=row.wake_at,
            ord_num=row.ord_num,
            shadow=row.shadow,
            told=told(session, row.pk),
            events=events_of(session, row.pk),
            receipts=receipts_of(session, row.pk),
            decisions=decisions_of(session, row.pk),
            documents=tuple(document_of(each) for each in rows_of_returns(session, [row.pk]).get(row.pk, [])),
            exceptions=tuple(view_of(each) for each in session.scalars(exceptions)),
            timeline=_timeline(session, row.pk),
        )


def stores_of(return_id: str) -> list[str]:
    """The stores that have a return of this id, by name. Raises NoSuchReturn when none has."""
    with transaction() as session:
        found = session.scalars(select(ReturnRow.store).where(ReturnRow.id == return_id).order_by(ReturnRow.store))
        stores = list(found)
    if not stores:
        raise NoSuchReturn(f"the bridge knows no return {return_id} of any store")
    return stores


def list_returns(
    *,
    store: str | None = None,
    state: str | None = None,
    document: str | None = None,
    before: int | None = None,
    limit: int = LARGEST_PAGE,
) -> Page[ReturnLine]:
    """Returns, the newest first, those behind the cursor `before`.

    `document`: those that a document of this BlueCherry number was made for, an exchange order for one.
    """
    query = select(ReturnRow).order_by(ReturnRow.pk.desc()).limit(limit + 1)
    if store is not None:
        query = query.where(ReturnRow.store == store)
    if state is not None:
        query = query.where(ReturnRow.state == state)
    if document is not None:
        query = query.where(ReturnRow.pk.in_(select(LedgerRow.return_pk).where(LedgerRow.number == document)))
    if before is not None:
        query = query.where(ReturnRow.pk < before)
    with transaction() as session:
        return page_of(session.scalars(query).all(), limit, lambda row: row.pk, line_of)


def line_of(row: ReturnRow) -> ReturnLine:
    """The return of a row, for a list."""
    return ReturnLine(
        number=row.pk,
        store=row.store,
        id=row.id,
        state=row.state,
        status=row.status,
        order_ref=row.order_ref,
        ord_num=row.ord_num,
        shadow=row.shadow,
        updated=row.updated,
    )


def _timeline(session: Session, return_pk: int) -> tuple[Happening, ...]:
    rows = session.scalars(select(History).where(History.return_pk == return_pk).order_by(History.id))
    return tuple(Happening(row.at, row.what, row.key, row.detail) for row in rows)
