"""The mirror of the item master: what BlueCherry said of a SKU, and when."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.bluecherry.gateway import Page
from app.calls import Doubtful
from app.db.codec import dump
from app.db.engine import transaction
from app.db.marks import set_mark
from app.db.tables.mirrors import ItemRow, OrderRow
from app.db.tables.upkeep import Mark
from app.domain.model import Item
from app.services.facts.unreadable import close_named, close_others, set_aside
from app.services.lists import Trail, ask_for_page, drop, keep, take_up
from app.services.outside import Outside

UNREAD_ITEMS = "unread items:"
"""What begins the name of a mark: from when on rows of a feed stand that could not be read, empty for all."""
_ROUND = timedelta(days=1)
"""How often a feed is read again from there."""
_ROWS = 1000
"""Rows per statement."""


def save_items(
    session: Session, connection: str, division: str, items: Sequence[Item], asked: Iterable[str], seen_at: datetime
) -> None:
    """Remember items; a SKU that was asked for and did not come is remembered as unknown."""
    found = {item.sku: item for item in items}
    close_named(session, _list(connection, division), found, seen_at)
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


def unanswered(asked: Collection[str], answer: Page[Item]) -> set[str]:
    """The SKUs that an answer says nothing of, for a row of it cannot be read: neither known nor unknown."""
    names = {row.code("sku") for row in answer.unreadable}
    absent = set(asked) - {item.sku for item in answer.rows}
    return absent if names - set(asked) else absent & names


def unread_items(answer: Page[Item]) -> Doubtful:
    """What is wrong with the rows of an answer that cannot be read, as the end of the call."""
    rows = (f"item {row.code('sku') or '?'}: {'; '.join(row.problems)}" for row in answer.unreadable)
    return Doubtful("BlueCherry POST items_lookup", "cannot be read: " + ", ".join(rows))


@dataclass(frozen=True, slots=True)
class _Reading:
    """How far the feed of what changed since a time (None: all) is read.

    `again`: from where rows stand that could not be read; `unread`: the causes of those that it could not read.
    """

    since: datetime | None
    began: datetime
    cursor: str | None = None
    again: bool = False
    unread: tuple[str, ...] = ()
    trail: Trail = field(default_factory=Trail)


def _refresh(connection: str, division: str, outside: Outside) -> int:
    name = f"items:{connection}:{division}"
    with transaction() as session:
        mark = session.get(Mark, name)
        reading = take_up(session, name, _Reading, outside.now())
        reading = reading or _new_reading(session, mark, connection, division, outside)
    count = 0
    while True:
        ask = partial(outside.bluecherry[connection].items_changed, division, reading.since)
        page = ask_for_page(name, reading.cursor, ask, reading.trail)
        reading = replace(reading, cursor=page.next)
        count += len(page.rows)
        with transaction() as session:
            save_items(session, connection, division, page.rows, (), outside.now())
            causes = set_aside(session, _list(connection, division), page.unreadable, "sku")
            reading = replace(reading, unread=tuple(sorted({*reading.unread, *causes})))
            if page.next is None:
                _end(session, reading, connection, division, outside)
                set_mark(session, name, reading.began.isoformat(), outside.now())
                drop(session, name)
                return count
            keep(session, name, reading, outside.now())


def _new_reading(session: Session, mark: Mark | None, connection: str, division: str, outside: Outside) -> _Reading:
    """From where the last one ended; once a day from where rows stand that could not be read."""
    now = outside.now()
    stand = session.get(Mark, f"{UNREAD_ITEMS}{connection}:{division}")
    if stand is not None and now - stand.at >= _ROUND:
        set_mark(session, stand.name, stand.value, now)
        return _Reading(datetime.fromisoformat(stand.value) if stand.value else None, now, again=True)
    return _Reading(datetime.fromisoformat(mark.value) if mark else None, now)


def _end(session: Session, reading: _Reading, connection: str, division: str, outside: Outside) -> None:
    """A reading that could not read everything leaves a mark of where it began; one that went back there clears up."""
    name = f"{UNREAD_ITEMS}{connection}:{division}"
    stand = session.get(Mark, name)
    if reading.again:
        close_others(session, _list(connection, division), reading.unread, outside.now())
        if stand is not None and not reading.unread:
            session.delete(stand)
    elif reading.unread and stand is None:
        set_mark(session, name, reading.since.isoformat() if reading.since else "", outside.now())


def _list(connection: str, division: str) -> str:
    return f"items {connection}/{division}"
