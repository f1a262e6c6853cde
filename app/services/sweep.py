"""The sweep: restarts from the database alone whatever stands still."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from app.db.engine import transaction
from app.db.tables.returns import InboxEvent, ReturnRow
from app.domain.blockers import Code
from app.domain.saying import say
from app.services.books.recovery import catch_up
from app.services.exceptions.dead_letters import open_exception
from app.services.intake.receipts import find_homes
from app.services.intake.taking_in import within_reach
from app.services.ledger.strays import tell_of_strays
from app.services.outside import Away, Outside

SLICE = 50
"""Returns that one message carries."""
_LIMIT = 1000
"""Returns that one sweep sets going."""


@dataclass(frozen=True, slots=True)
class Standstill:
    """What the sweep found: slices of returns to set going, and whether events wait in the inbox."""

    slices: list[list[int]]
    events: bool


def sweep(outside: Outside, limit: int = _LIMIT) -> Standstill:
    """Find what stands still: events that nobody took, returns whose time has come, receipts without a return.

    The longest due first, `limit` returns at most. A return that is set going is not found again until it had time to
    move. Those whose BlueCherry is away stay where they are; when it is back they are set going a little at a time.
    """
    if catch_up(outside):
        tell_of_strays(outside)
    away = outside.away()
    now = outside.now()
    with transaction() as session:
        pks: list[int] = []
        for mine, allowance in _groups(away, outside):
            pks += _due(session, mine, min(allowance, limit - len(pks)), outside)
        session.execute(
            update(ReturnRow).where(ReturnRow.pk.in_(pks)).values(wake_at=now + outside.config.sweep.stalled_after)
        )
        waiting = select(InboxEvent.id).where(
            InboxEvent.state.in_(("new", "taken")),
            or_(InboxEvent.taken_until.is_(None), InboxEvent.taken_until <= now),
            *within_reach(away, outside),
        )
        events = session.scalar(waiting.limit(1)) is not None
    pks = list(dict.fromkeys([*pks, *find_homes(outside)]))
    return Standstill([pks[start : start + SLICE] for start in range(0, len(pks), SLICE)], events)


def _groups(away: Away, outside: Outside) -> Iterator[tuple[ColumnElement[bool], int]]:
    """Which returns may be set going, and how many of them: few where BlueCherry has just come back."""
    slow: list[str] = []
    for connection in outside.config.connections:
        allowance = outside.circuits.of(connection).allowance(outside.now())
        stores = [name for name, store in outside.config.stores.items() if store.connection == connection]
        if connection not in away.connections and allowance is not None:
            slow += stores
            yield ReturnRow.store.in_(stores), allowance
    yield ReturnRow.store.not_in([*slow, *away.stores]), _LIMIT


def _due(session: Session, mine: ColumnElement[bool], limit: int, outside: Outside) -> list[int]:
    due = (
        select(ReturnRow.pk)
        .where(ReturnRow.wake_at <= outside.now(), mine)
        .order_by(ReturnRow.wake_at)
        .limit(max(limit, 0))
        .with_for_update(skip_locked=True)
    )
    return list(session.scalars(due))


def set_aside(pks: list[int], task: str, why: str) -> list[int]:
    """Deal with returns whose task killed its worker again and again, or broke off.

    A single return becomes an exception and is left alone until somebody retries it; of several, none is to blame
    yet: they are given back, to be tried one by one.
    """
    if len(pks) > 1:
        return pks
    with transaction() as session:
        for row in session.scalars(select(ReturnRow).where(ReturnRow.pk.in_(pks)).with_for_update()):
            row.pending, row.wake_at = False, None
            message = say(
                "The task %(task)s was lost with this return, each time it was tried: %(why)s.", task=task, why=why
            )
            open_exception(session, Code.TASK_LOST, task, message, row)
    return []
