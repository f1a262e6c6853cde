"""Shadow: what would have been posted for returns that were first stored while their store was in shadow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.db.codec import load
from app.db.engine import transaction
from app.db.tables.ledger import LedgerRow
from app.db.tables.returns import ReturnRow
from app.domain.documents import Amounts, Document, State
from app.domain.money import Money, total
from app.domain.policy import Kind


@dataclass(frozen=True, slots=True)
class ShadowDocument:
    """A document that would have been posted. Amounts are None for kinds that have none.

    `tax` holds the freight's tax too: total = net + tax + freight − fee. `date`: the day in the store's time zone that
    it would bear. `at`: when it would have been posted.
    """

    store: str
    key: str
    kind: Kind
    return_id: str
    ord_num: str
    locations: tuple[str, ...]
    units: int
    net: Money | None
    tax: Money | None
    freight: Money | None
    fee: Money | None
    total: Money | None
    date: str | None
    at: datetime
    mapping_version: str

    @property
    def currency(self) -> str | None:
        """The currency of the amounts."""
        return self.total.currency if self.total is not None else None


def list_documents(
    *, store: str | None = None, since: datetime | None = None, kind: Kind | None = None
) -> list[ShadowDocument]:
    """What would have been posted since a time, in the order in which it would have been."""
    query = (
        select(LedgerRow, ReturnRow.id)
        .join(ReturnRow, ReturnRow.pk == LedgerRow.return_pk)
        .where(LedgerRow.shadow, LedgerRow.state == State.POSTED)
        .order_by(LedgerRow.posted_at, LedgerRow.id)
    )
    if store is not None:
        query = query.where(LedgerRow.store == store)
    if since is not None:
        query = query.where(LedgerRow.posted_at >= since)
    if kind is not None:
        query = query.where(LedgerRow.kind == kind)
    with transaction() as session:
        return [_view(row, return_id) for row, return_id in session.execute(query)]


def _view(row: LedgerRow, return_id: str) -> ShadowDocument:
    document = load(Document, row.document)
    amounts = load(Amounts, row.amounts) if row.amounts else None
    places = [document.location, *(line.location for line in document.lines)]
    currency = row.currency or ""
    return ShadowDocument(
        store=row.store,
        key=row.key,
        kind=Kind(row.kind),
        return_id=return_id,
        ord_num=row.ord_num,
        locations=tuple(dict.fromkeys(place for place in places if place)),
        units=row.units,
        net=total([line.net for line in amounts.lines], currency) if amounts else None,
        tax=total([line.tax for line in amounts.lines], currency) + amounts.freight_tax if amounts else None,
        freight=amounts.freight if amounts else None,
        fee=amounts.fee if amounts else None,
        total=amounts.total if amounts else None,
        date=row.document_date,
        at=row.posted_at or row.created_at,
        mapping_version=row.mapping_version,
    )
