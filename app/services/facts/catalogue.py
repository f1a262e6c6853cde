"""The catalogue of a slice: which SKUs its returns are about, under which names, and what the mirror says of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from app.db.codec import load
from app.db.tables.mapping import SkuAlias
from app.db.tables.mirrors import ItemRow
from app.db.tables.returns import ReturnRow
from app.domain.model import Return

Division = tuple[str, str]
"""Connection and division: where a SKU is unique."""
Aliases = Mapping[str, Mapping[str, str]]
"""SKUs of the shop that mean another, by store."""


def aliases_of(session: Session, stores: Iterable[str]) -> Aliases:
    """The SKUs that people named for the stores' own."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for alias in session.scalars(select(SkuAlias).where(SkuAlias.store.in_(set(stores)))):
        found[alias.store][alias.sku] = alias.target
    return found


def wanted_skus(returns: Iterable[ReturnRow], aliases: Aliases) -> dict[int, set[str]]:
    """The SKUs that the item master is asked for, per return: those that come back and those that go out."""
    skus: dict[int, set[str]] = {}
    for row in returns:
        named = aliases.get(row.store, {})
        ret = load(Return, row.data)
        going_out = {item.exchange.sku for item in ret.items if item.exchange and item.exchange.sku}
        shop = {item.sku for item in ret.items} | going_out
        skus[row.pk] = {named.get(sku, sku) for sku in shop}
    return skus


def returned_skus(row: ReturnRow, aliases: Aliases) -> frozenset[str]:
    """BlueCherry's SKUs of what comes back with a return."""
    return meant((item.sku for item in load(Return, row.data).items), row.store, aliases)


def meant(skus: Iterable[str], store: str, aliases: Aliases) -> frozenset[str]:
    """BlueCherry's SKUs for those that a store, or a warehouse that receives for it, names."""
    named = aliases.get(store, {})
    return frozenset(named.get(sku, sku) for sku in skus)


def items_of(session: Session, wanted: Mapping[Division, Iterable[str]]) -> dict[Division, dict[str, ItemRow]]:
    """What the mirror has of SKUs, by connection and division."""
    keys = sorted({(*division, sku) for division, skus in wanted.items() for sku in skus})
    found: dict[Division, dict[str, ItemRow]] = defaultdict(dict)
    if keys:
        statement = select(ItemRow).where(tuple_(ItemRow.connection, ItemRow.division, ItemRow.sku).in_(keys))
        for item in session.scalars(statement):
            found[item.connection, item.division][item.sku] = item
    return found
