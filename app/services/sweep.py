"""The sweep: restarts from the database alone whatever stands still."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import or_, select, update

from app.db.engine import transaction
from app.db.models import InboxEvent, ReturnRow
from app.domain.blockers import Code
from app.services.dead_letters import open_exception
from app.services.outside import Outside
from app.services.receipts import find_homes

SLICE = 50
"""Returns that one message carries."""
_LIMIT = 1000
"""Returns that one sweep sets going."""


@dataclass(frozen=True, slots=True)
class Standstill:
    """What the sweep found: slices of returns to set going, and whether events wait in the inbox."""

    slices: list[list[int]]
    events: bool


def sweep(outside: Outside) -> Standstill:
    """Find what stands still: events that nobody took, returns whose time has come, receipts without a return.

    A return that is set going is not found again until it had time to move.
    """
    now = outside.now()
    with transaction() as session:
        due = (
            select(ReturnRow.pk)
            .where(ReturnRow.wake_at <= now)
            .order_by(ReturnRow.wake_at)
            .limit(_LIMIT)
            .with_for_update(skip_locked=True)
        )
        pks = sorted(session.scalars(due))
        session.execute(
            update(ReturnRow).where(ReturnRow.pk.in_(pks)).values(wake_at=now + outside.config.sweep.stalled_after)
        )
        waiting = select(InboxEvent.id).where(
            InboxEvent.state.in_(("new", "taken")),
            or_(InboxEvent.taken_until.is_(None), InboxEvent.taken_until <= now),
        )
        events = session.scalar(waiting.limit(1)) is not None
    pks = sorted({*pks, *find_homes(outside)})
    return Standstill([pks[start : start + SLICE] for start in range(0, len(pks), SLICE)], events)


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
            message = f"The task {task} was lost with this return, each time it was tried: {why}."
            open_exception(session, Code.TASK_LOST, task, message, row)
    return []
