"""Work on many exceptions at once: written down whole, done in slices by whichever worker is free, taken up again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.db.among import among
from app.db.engine import transaction
from app.db.tables.desk import BulkJobRow
from app.db.tables.exceptions import ExceptionRow
from app.domain.saying import Said
from app.services.exceptions.desk_actions import Action, Arguments, perform
from app.services.exceptions.remedies import NotPossible
from app.services.outside import utc_now

AT_ONCE = 20
"""So many exceptions are dealt with while somebody waits for the page; more become a job."""
SLICE = 50
_LEASE = timedelta(seconds=60)
_TRIES_TOGETHER = 2
"""How many workers may end over a slice before its exceptions go one by one."""
_TRIES_ALONE = 3
"""How many workers may end over one exception before it is set aside."""
_SLICES_PER_RUN = 40

log = structlog.get_logger(__name__)


class NoSuchJob(LookupError):
    """There is no job of this number."""


@dataclass(frozen=True, slots=True)
class JobView:
    """How far a job is. `closed`: how many of its exceptions are closed by now.

    `set_aside`: those that it left out, for their worker ended each time that it had them in hand.
    """

    id: int
    action: Action
    by: str
    total: int
    done: int
    closed: int
    set_aside: tuple[int, ...]
    error: str | None
    created_at: datetime
    finished_at: datetime | None


def start_job(action: Action, exception_ids: Sequence[int], arguments: Arguments, by: str) -> int:
    """Write a job down; its number. The clock's next tick begins it."""
    with transaction() as session:
        return add_job(session, action, exception_ids, arguments, by)


def add_job(session: Session, action: Action, exception_ids: Sequence[int], arguments: Arguments, by: str) -> int:
    """Write a job down together with what calls for it; its number.

    A small one is left for a minute to `carry_now`, by whoever wrote it down.
    """
    ids = sorted(set(exception_ids))
    lease_until = utc_now() + _LEASE if len(ids) <= AT_ONCE else None
    row = BulkJobRow(action=action, exception_ids=ids, arguments=dict(arguments), by=by, lease_until=lease_until)
    session.add(row)
    session.flush()
    return row.id


def carry_now(number: int) -> bool:
    """Do a small job that was just written down; False for a larger one, which is left to the workers.

    Raises NotPossible, with the job at its end.
    """
    with transaction() as session:
        row = session.get_one(BulkJobRow, number)
    if len(row.exception_ids) > AT_ONCE:
        return False
    error = _carry(row, row.exception_ids)
    if error is not None:
        raise NotPossible(error)
    return True


def get_job(number: int) -> JobView:
    """How far a job is. Raises NoSuchJob."""
    with transaction() as session:
        row = session.get(BulkJobRow, number)
        if row is None:
            raise NoSuchJob(f"there is no job {number}")
        mine = among(ExceptionRow.id, row.exception_ids)
        closed = select(func.count()).where(mine, ExceptionRow.closed_at.is_not(None))
        return JobView(
            id=row.id,
            action=Action(row.action),
            by=row.by,
            total=len(row.exception_ids),
            done=row.done,
            closed=session.scalar(closed) or 0,
            set_aside=tuple(row.set_aside),
            error=row.error,
            created_at=row.created_at,
            finished_at=row.finished_at,
        )


def carry_jobs() -> int:
    """Go on with jobs that nobody is at; how many exceptions were dealt with.

    A worker that dies, or whose action fails, leaves its lease, and its slice is done again, at last one by one: what
    is done already is left as it is. What none of three workers gets through alone is set aside, and the job goes on.
    """
    dealt_with = 0
    for _ in range(_SLICES_PER_RUN):
        taken = _take()
        if taken is None:
            break
        _carry(*taken)
        dealt_with += len(taken[1])
    return dealt_with


def _carry(row: BulkJobRow, ids: Sequence[int]) -> Said | None:
    """Deal with a slice of a job that is leased; why it ends here, if it does."""
    error: Said | None = None
    try:
        if ids:
            perform(Action(row.action), ids, row.arguments, row.by)
    except NotPossible as problem:
        error = problem.said
    _record(row, len(ids), error)
    return error


def _take() -> tuple[BulkJobRow, list[int]] | None:
    now = utc_now()
    statement = (
        select(BulkJobRow)
        .where(BulkJobRow.finished_at.is_(None), or_(BulkJobRow.lease_until.is_(None), BulkJobRow.lease_until < now))
        .order_by(BulkJobRow.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    with transaction() as session:
        row = session.scalars(statement).one_or_none()
        if row is None:
            return None
        if row.tries >= _TRIES_TOGETHER and row.done >= row.alone_until:
            row.alone_until, row.tries = min(row.done + SLICE, len(row.exception_ids)), 0
        elif row.tries >= _TRIES_ALONE and row.done < row.alone_until:
            row.set_aside = [*row.set_aside, row.exception_ids[row.done]]
            row.done, row.tries = row.done + 1, 0
            log.error("bulk_job.set_aside", job=row.id, exception_id=row.set_aside[-1])
        size = 1 if row.done < row.alone_until else SLICE
        row.lease_until, row.tries = now + _LEASE, row.tries + 1
        return row, list(row.exception_ids[row.done : row.done + size])


def _record(taken: BulkJobRow, dealt_with: int, error: str | None) -> None:
    """Go on behind a slice; not for a worker that comes back late, whose slice another one has done meanwhile."""
    with transaction() as session:
        row = session.get_one(BulkJobRow, taken.id, with_for_update=True)
        if row.done != taken.done:
            return
        row.done += dealt_with
        row.lease_until, row.error, row.tries = None, error, 0
        if error is not None or row.done >= len(row.exception_ids):
            row.finished_at = utc_now()
