"""The mirror of the item master: what BlueCherry said of a SKU, and when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.codec import dump
from app.db.engine import transaction
from app.db.marks import set_mark
from app.db.tables.mirrors import ItemRow, OrderRow
from app.db.tables.upkeep import Mark
from app.domain.model import Item
from app.services.lists import ask_for_page, drop, keep, take_up
from app.services.outside import Outside

_ROWS = 1000
"""Rows per statement."""


def save_items(
    session: Session, connection: str, division: str, items: Sequence[Item], asked: Iterable[str], seen_at: datetime
) -> None:
    """Remember items; a SKU that was asked for and did not come is remembered as unknown."""
    found = {item.sku: item for item in items}
    rows = [_values(connection, division, sku, item, seen_at) for sku, item in sorted(found.items())]
    absent = sorted(set(asked) - set(found))
    rows += [_values(connection, division, sku, None, seen_at) for sku in absent]
    for start in range(0, len(rows), _ROWS):
        statement = insert(ItemRow).values(rows[start : start + _ROWS])
        new = statement.excluded
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["connection", "division", "sku"],
                set_={
                    "upc": new.upc,
                    "known": new.known,
                    "active": new.active,
                    "data": new.data,
                    "seen_at": new.seen_at,
                },
            )
        )


def item_rows(
    connection: str, division: str, items: Sequence[Item], asked: Iterable[str], seen_at: datetime
) -> list[ItemRow]:
    """The rows that remembering items would leave, on no session."""
    found = {item.sku: item for item in items}
    return [ItemRow(**_values(connection, division, sku, found.get(sku), seen_at)) for sku in sorted({*found, *asked})]


def _values(connection: str, division: str, sku: str, item: Item | None, seen_at: datetime) -> dict[str, Any]:
    return {
        "connection": connection,
        "division": division,
        "sku": sku,
        "upc": item.upc if item else None,
        "known": item is not None,
        "active": item is not None and item.active,
        "data": dump(item) if item else {},
        "seen_at": seen_at,
    }


def refresh_items(outside: Outside) -> int:
    """Fetch what changed in the item master of each division that orders were seen of; the number of items.

    Raises a CallError when a feed breaks off; what came until then is kept, and the next time goes on from there.
    """
    with transaction() as session:
        divisions = session.execute(select(OrderRow.connection, OrderRow.data["division"].astext).distinct()).all()
    return sum(
        _refresh(connection, division, outside)
        for connection, division in divisions
        if connection in outside.config.connections
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    """How far the feed of what changed since a time (None: all) is read."""

    since: datetime | None
    began: datetime
    cursor: str | None = None


def _refresh(connection: str, division: str, outside: Outside) -> int:
    name = f"items:{connection}:{division}"
    with transaction() as session:
        mark = session.get(Mark, name)
        reading = take_up(session, name, _Reading, outside.now())
        reading = reading or _Reading(datetime.fromisoformat(mark.value) if mark else None, outside.now())
    count = 0
    while True:
        ask = partial(outside.bluecherry[connection].items_changed, division, reading.since)
        page = ask_for_page(name, reading.cursor, ask)
        reading = replace(reading, cursor=page.next)
        count += len(page.rows)
        with transaction() as session:
            save_items(session, connection, division, page.rows, (), outside.now())
            if page.next is None:
                set_mark(session, name, reading.began.isoformat(), outside.now())
                drop(session, name)
                return count
            keep(session, name, reading, outside.now())
