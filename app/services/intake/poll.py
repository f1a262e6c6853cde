"""The poll: asks Reveni which returns changed, so that a lost webhook only costs time.

It gives way to intake that is behind: what it would find is mostly in the inbox already. Where a store's Reveni has
no list call, single returns are asked for: those on their way that were quiet for long.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from math import ceil

import structlog
from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.among import among
from app.db.engine import transaction
from app.db.marks import set_mark
from app.db.tables.returns import InboxEvent, ReturnRow
from app.db.tables.upkeep import Mark
from app.domain.model import Return
from app.domain.policy import Phase
from app.reveni.client import ReturnPage
from app.services.lists import Trail, ask_again, ask_for_page, drop, keep, take_up
from app.services.outside import Outside

_OVERLAP = timedelta(minutes=1)
"""How far each poll reaches back before the last one: Reveni's clock and its list may lag."""
_PAGES = 500
"""Pages that one poll reads at most; the next goes on from there."""

_ON_THE_WAY = (
    Phase.INCOMPLETE,
    Phase.IN_PROGRESS,
    Phase.SHIPPED,
    Phase.RECEIVED,
    Phase.FOR_REVIEW,
    Phase.PARTIALLY_ACCEPTED,
    Phase.UNKNOWN,
)
"""Phases after which something is still to come from Reveni."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Reading:
    """How far the list of what changed since a time is read; `newest`: the last change that it showed.

    The mark moves past a list that was read whole: its order is not known. A cursor is trusted to keep its place
    while returns change.
    """

    since: datetime
    began: datetime
    newest: datetime
    cursor: str | None = None
    trail: Trail = field(default_factory=Trail)


def poll(store: str, outside: Outside) -> int:
    """Put every return of a store that changed and is not known so into the inbox; the number of those.

    None while events of the store wait in the inbox for longer than the time between two polls. Raises a CallError
    when Reveni does not answer; the next poll goes on where this one stopped.
    """
    name = f"poll:{store}"
    with transaction() as session:
        if _intake_is_behind(session, store, outside):
            return 0
        reading = take_up(session, name, _Reading, outside.now()) or _new_reading(session, name, outside)
    count = 0
    for _ in range(_PAGES):
        ask = partial(outside.reveni[store].list_returns, reading.since)
        page = ask_for_page(name, reading.cursor, ask, reading.trail)
        for row in page.unreadable:
            log.error("poll.unreadable_return", store=store, why=str(row.why))
        count += _remember(store, page)
        newest = max([reading.newest, *(ret.updated.astimezone(UTC) for ret in page.returns)])
        reading = replace(reading, newest=newest, cursor=page.next)
        with transaction() as session:
            if page.next is None:
                # What changes while the list is read may stand before the page that is read: it comes the next time.
                reached = min(newest, reading.began)
                set_mark(session, name, reached.isoformat(), outside.now())
                drop(session, name)
                break
            keep(session, name, reading, outside.now())
    return count


def _new_reading(session: Session, name: str, outside: Outside) -> _Reading:
    now, mark = outside.now().astimezone(UTC), session.get(Mark, name)
    last = datetime.fromisoformat(mark.value) if mark else now - timedelta(days=1)
    return _Reading(last - _OVERLAP, now, last)


def pages_since(store: str, since: datetime, outside: Outside) -> Iterator[ReturnPage]:
    """Reveni's list of the returns of a store that changed since a time, page by page. Raises a CallError."""
    cursor, trail = None, Trail()
    while True:
        page = ask_again(cursor, partial(outside.reveni[store].list_returns, since), trail)
        yield page
        cursor = page.next
        if cursor is None:
            return


def ask_quiet_ones(outside: Outside) -> int:
    """Put returns that are on their way without news into the inbox, to be asked for; the number of those.

    For stores without the list call; as many as `quiet_per_minute` allows for the time between two polls, the longest
    quiet first. A return that is asked for counts as news, whatever the answer, so that all have their turn.
    """
    away, sweep = outside.away().revenis, outside.config.sweep
    stores = [name for name, store in outside.config.stores.items() if not store.return_list and name not in away]
    limit = ceil(sweep.quiet_per_minute * sweep.poll_every.total_seconds() / 60)
    if not stores or not limit:
        return 0
    now = outside.now()
    quiet = (
        select(ReturnRow)
        .where(
            ReturnRow.asked_at <= now - sweep.quiet_after,
            ReturnRow.store.in_(stores),
            ReturnRow.phase.in_(_ON_THE_WAY),
        )
        .order_by(ReturnRow.asked_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    with transaction() as session:
        rows = session.scalars(quiet).all()
        if not rows:
            return 0
        events = [_hint(row.store, row.id, f"quiet:{row.id}:{now.isoformat()}") for row in rows]
        session.execute(insert(InboxEvent).values(events).on_conflict_do_nothing())
        for row in rows:
            row.asked_at = now
    return len(rows)


def hint_at(store: str, return_id: str, name: str) -> None:
    """Put a return into the inbox, to be asked for. `name` makes a repeat known."""
    with transaction() as session:
        session.execute(insert(InboxEvent).values(_hint(store, return_id, name)).on_conflict_do_nothing())


def _intake_is_behind(session: Session, store: str, outside: Outside) -> bool:
    # Only events that were never tried: one that is put off, or set aside alone, must not hold up what was lost.
    waiting = exists().where(
        InboxEvent.state == "new",
        InboxEvent.tries == 0,
        InboxEvent.channel == "reveni",
        InboxEvent.name == store,
        InboxEvent.received_at <= outside.now() - outside.config.sweep.poll_every,
    )
    return bool(session.scalar(select(waiting)))


def _remember(store: str, page: ReturnPage) -> int:
    """Put what is new on a page into the inbox. What does not fit is asked for alone: then it fits, or is told of."""
    if not page.returns and not page.unreadable:
        return 0
    with transaction() as session:
        known = session.execute(
            select(ReturnRow.id, ReturnRow.updated).where(
                ReturnRow.store == store, among(ReturnRow.id, (ret.id for ret in page.returns))
            )
        )
        seen = dict(known.tuples().all())
        events = [_event(store, ret) for ret in page.returns if ret.id not in seen or seen[ret.id] < ret.updated]
        events += [_hint(store, row.id, f"poll:{row.id}:{row.state}") for row in page.unreadable if row.id]
        if not events:
            return 0
        made = insert(InboxEvent).on_conflict_do_nothing().returning(InboxEvent.id)
        return len(session.scalars(made, events).all())


def _event(store: str, ret: Return) -> dict[str, str]:
    """A hint as a webhook would be, made by the bridge; one per state of the return, however often it is polled."""
    return _hint(store, ret.id, f"poll:{ret.id}:{ret.updated.isoformat()}")


def _hint(store: str, return_id: str, name: str) -> dict[str, str]:
    body = {"id": name, "event": "return.updated", "data": {"resource": "return", "resource_id": return_id}}
    return {"channel": "reveni", "name": store, "external_id": name, "body": json.dumps(body)}
