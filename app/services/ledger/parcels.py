"""Parcels: what a document is sent with, read in a few statements for many ledger rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from app.db.codec import load
from app.db.tables.ledger import LedgerRow
from app.db.tables.mirrors import OrderRow
from app.db.tables.returns import ReturnRow
from app.domain.documents import Document, State
from app.domain.model import Order, Personal, Return
from app.domain.policy import Kind
from app.services.facts.catalogue import Division, items_of
from app.services.facts.orders import OrderKey
from app.services.facts.periods import today
from app.services.ledger.sending import Parcel
from app.services.outside import Outside


def parcels_of(session: Session, rows: Sequence[LedgerRow], outside: Outside) -> dict[int, Parcel]:
    """The parcels of rows, by row id: with their returns, orders and the numbers that they refer to."""
    pks = {row.return_pk for row in rows}
    returns = {row.pk: row for row in session.scalars(select(ReturnRow).where(ReturnRow.pk.in_(pks)))}
    on = {(row.connection, row.ord_num) for row in rows}
    orders = {
        (row.connection, row.ord_num): load(Order, row.data)
        for row in session.scalars(select(OrderRow).where(tuple_(OrderRow.connection, OrderRow.ord_num).in_(on)))
    }
    siblings = select(LedgerRow.return_pk, LedgerRow.key, LedgerRow.kind, LedgerRow.number, LedgerRow.state).where(
        LedgerRow.return_pk.in_(pks), LedgerRow.number.is_not(None)
    )
    numbers: dict[tuple[int, str], str] = {}
    ras: dict[int, str] = {}
    cancelled: set[tuple[int, str]] = set()
    for pk, key, kind, number, state in session.execute(siblings.order_by(LedgerRow.n)):
        numbers[pk, key] = number
        if kind == Kind.RETURN_AUTHORISATION and state == State.POSTED:
            ras[pk] = number
        elif kind == Kind.RA_CANCEL and state == State.POSTED:
            cancelled.add((pk, number))
    standing = {pk: number for pk, number in ras.items() if (pk, number) not in cancelled}
    upcs = _upcs_of_new_goods(session, rows, orders)
    parcels = {}
    for row in rows:
        document = load(Document, row.document)
        home = returns[row.return_pk]
        ra = next((numbers[row.return_pk, key] for key in document.after if (row.return_pk, key) in numbers), None)
        parcels[row.id] = Parcel(
            row_id=row.id,
            return_pk=row.return_pk,
            store=row.store,
            document=document,
            amounts=None,
            order=orders.get((row.connection, row.ord_num)),
            ret=load(Return, home.data),
            personal=load(Personal, home.personal or {}),
            ra_num=ra or standing.get(row.return_pk),
            target=numbers.get((row.return_pk, document.source or "")),
            date=today(row.store, outside),
            lease_until=outside.now(),
            upcs=upcs.get(row.id, {}),
            shadow=row.shadow,
        )
    return parcels


def _upcs_of_new_goods(
    session: Session, rows: Sequence[LedgerRow], orders: Mapping[OrderKey, Order]
) -> dict[int, dict[str, str]]:
    """By row, the UPCs of what exchange orders send out, as the mirror of the item master has them."""
    wanted: dict[int, tuple[Division, set[str]]] = {}
    for row in rows:
        order = orders.get((row.connection, row.ord_num))
        if row.kind == Kind.EXCHANGE_ORDER and order is not None:
            skus = {line.sku for line in load(Document, row.document).lines}
            wanted[row.id] = ((row.connection, order.division), skus)
    by_division: dict[Division, set[str]] = {}
    for division, skus in wanted.values():
        by_division.setdefault(division, set()).update(skus)
    items = items_of(session, by_division)
    return {
        row_id: {sku: item.upc for sku, item in items[division].items() if sku in skus and item.upc}
        for row_id, (division, skus) in wanted.items()
    }
