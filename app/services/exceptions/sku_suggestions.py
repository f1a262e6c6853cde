"""Suggestions for a SKU that BlueCherry does not know, out of the mirror of its item master and the returns' orders."""

from __future__ import annotations

from sqlalchemy import and_, or_, select, union

from app.config import Config
from app.db.codec import load
from app.db.engine import transaction
from app.db.tables.exceptions import ExceptionRow
from app.db.tables.mirrors import ItemRow, OrderRow
from app.db.tables.returns import ReturnRow
from app.domain.model import Item, Order
from app.domain.sku_nearness import Suggestion, suggestions

_SHORTEST_PREFIX = 4
_CANDIDATES = 60
_ORDERS = 20


def suggest_skus(exception_id: int, store: str, sku: str, config: Config) -> list[Suggestion]:
    """What a shop's SKU may mean, for the returns that the exception's cause holds up; the likeliest first.

    Candidates have its UPC, begin as it does, or stand on those returns' orders. For a store that is gone from the
    configuration nothing is suggested.
    """
    if store not in config.stores:
        return []
    connection = config.stores[store].connection
    with transaction() as session:
        this = select(ExceptionRow.code, ExceptionRow.cause).where(ExceptionRow.id == exception_id).subquery()
        mates = (
            select(ExceptionRow.return_pk)
            .join(this, and_(this.c.code == ExceptionRow.code, this.c.cause == ExceptionRow.cause))
            .where(ExceptionRow.closed_at.is_(None))
            .limit(_ORDERS)
        )
        on = (
            select(OrderRow.data)
            .join(ReturnRow, ReturnRow.ord_num == OrderRow.ord_num)
            .where(ReturnRow.pk.in_(mates), OrderRow.connection == connection)
        )
        orders = [load(Order, data) for data in session.scalars(on)]
        divisions = sorted({order.division for order in orders})
        sold = {line.sku: Item(line.sku, line.upc, each.division, True) for each in orders for line in each.lines}
        mine = and_(ItemRow.connection == connection, ItemRow.division.in_(divisions), ItemRow.known)
        ways = [
            select(ItemRow.division, ItemRow.sku).where(mine, or_(ItemRow.upc == sku, ItemRow.sku.in_(sorted(sold))))
        ]
        ways += [
            select(ItemRow.division, ItemRow.sku)
            .where(mine, ItemRow.sku.like(f"{_escaped(sku[:length])}%"))
            .order_by(ItemRow.sku)
            .limit(_CANDIDATES)
            for length in _prefixes(sku)
        ]
        near = union(*[each.subquery().select() for each in ways]).subquery()
        found = session.scalars(
            select(ItemRow.data)
            .join(near, and_(near.c.division == ItemRow.division, near.c.sku == ItemRow.sku))
            .where(ItemRow.connection == connection)
        )
        # What an order sold is in the item master, seen by the mirror or not; what the mirror says of it counts more.
        items = {**sold, **{item.sku: item for item in (load(Item, data) for data in found)}}
    return suggestions(sku, items.values(), frozenset(sold))


def _prefixes(sku: str) -> list[int]:
    """A long beginning finds the same style and colour, a shorter one the style, where there are few of the other."""
    lengths = {len(sku) - 1, len(sku) * 2 // 3, len(sku) // 2}
    return sorted(length for length in lengths if length >= _SHORTEST_PREFIX)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
