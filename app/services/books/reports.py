"""Reports: the lists of a period's end as somebody asked for them, made by a worker, and kept as they were.

One is made at a time, the oldest first: each reads the whole ledger, and no other work is to wait for all workers. A
worker that dies leaves its lease, and the report is begun anew.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO

from sqlalchemy import Select, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import defer, undefer

from app.db.codec import dump, load
from app.db.engine import transaction
from app.db.tables.reports import ReportRow
from app.domain.money import Money
from app.domain.saying import say
from app.services.books.period_end import (
    PeriodEndLine,
    PeriodEndList,
    PeriodEndSum,
    accrual_of,
    lines_of,
    not_in_accrual,
    sums_of,
    write_csv,
)
from app.services.outside import Outside, utc_now
from app.services.page import Page, page_of

LINES_SHOWN = 200
"""Lines that are kept to be shown; the file has all."""
GIVEN_UP = say(
    "Three workers began it and none came to its end: they died, failed, or took too long. "
    "The logs of the workers say why; ask for it again when that is mended."
)
_TRIES = 3
_LEASE = timedelta(seconds=60)
"""Renewed every few seconds, while it is made."""
_PAGE = 20


class NoSuchReport(LookupError):
    """There is no report of this number, or no file of it."""


class _Overtaken(Exception):
    """The lease ran out while this worker stood still, and another one has begun."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for. `read_at`: when the books stood as it says; `error`: why there is none."""

    id: int
    list: PeriodEndList
    store: str | None
    at: date | None
    by: str
    asked_at: datetime
    read_at: datetime | None
    finished_at: datetime | None
    error: str | None
    lines: int | None


@dataclass(frozen=True, slots=True)
class Made:
    """What a page shows: sums by currency and reason, and some lines, where money is accrued those that are first."""

    sums: tuple[PeriodEndSum, ...] = ()
    lines: tuple[PeriodEndLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A report; `made` is empty until it is."""

    asked: Asked
    made: Made

    @property
    def accrual(self) -> Mapping[str, Money] | None:
        """By currency, what is to be accrued; None for a list that nothing is accrued by."""
        return accrual_of(self.made.sums) if _accrued(self.asked.list) else None

    @property
    def not_accrued(self) -> int:
        """Units that are to be accrued beside it, of an amount that is not known."""
        return not_in_accrual(self.made.sums) if _accrued(self.asked.list) else 0


def ask(which: PeriodEndList, store: str | None, at: date | None, by: str) -> int:
    """Write down that a report is wanted; its number, or that of the same one under way. The clock begins it."""
    wanted = {"list": which, "store": store, "at": at, "asked_by": by}
    with transaction() as session:
        session.execute(insert(ReportRow).values(wanted).on_conflict_do_nothing())
        return session.scalars(_newest(which, store, at)).one().id


def get_report(number: int) -> Report:
    """A report, whether it is made or not. Raises NoSuchReport."""
    with transaction() as session:
        row = session.get(ReportRow, number)
    if row is None:
        raise NoSuchReport(f"there is no report {number}")
    return _report(row)


def newest(which: PeriodEndList, store: str | None, at: date | None) -> Report | None:
    """The report that was asked for last for this store and day."""
    with transaction() as session:
        row = session.scalars(_newest(which, store, at)).one_or_none()
    return _report(row) if row is not None else None


def list_reports(which: PeriodEndList, after: int | None = None) -> Page[Asked]:
    """What was asked for, the newest first. `after`: only those before this number."""
    statement = select(ReportRow).where(ReportRow.list == which).order_by(ReportRow.id.desc()).limit(_PAGE + 1)
    if after is not None:
        statement = statement.where(ReportRow.id < after)
    with transaction() as session:
        found = session.scalars(statement.options(defer(ReportRow.shown))).all()
    return page_of(found, _PAGE, lambda row: row.id, _asked)


def file_of(number: int) -> tuple[Asked, bytes]:
    """A report with its file, CSV compressed by gzip. Raises NoSuchReport, also for one that has no file."""
    with transaction() as session:
        row = session.get(ReportRow, number, options=[defer(ReportRow.shown), undefer(ReportRow.file)])
        if row is None or row.file is None:
            raise NoSuchReport(f"there is no file of a report {number}")
        return _asked(row), row.file


def make_next(outside: Outside) -> bool:
    """Make the oldest report that is wanted, unless somebody is making one; whether one was made."""
    taken = _take()
    if taken is None:
        return False
    try:
        _make(taken, outside)
    except _Overtaken:
        return False
    return True


def _take() -> ReportRow | None:
    now = utc_now()
    oldest = select(ReportRow).where(ReportRow.finished_at.is_(None)).order_by(ReportRow.id).limit(1)
    with transaction() as session:
        row = session.scalars(oldest.with_for_update()).one_or_none()
        if row is None or (row.lease_until is not None and row.lease_until >= now):
            return None
        if row.tries >= _TRIES:
            row.finished_at, row.error = now, GIVEN_UP
            return None
        row.tries += 1
        row.lease_until, row.read_at = now + _LEASE, now
        return row


def _make(row: ReportRow, outside: Outside) -> None:
    which = PeriodEndList(row.list)
    lines = lines_of(which, outside, row.store, row.at, lambda: _write(row, lease_until=utc_now() + _LEASE))
    file = _compressed(lines)
    # Those that a memo follows for stand first, as they are what the accrual is made of.
    first = sorted(lines, key=lambda line: not line.reason.memo_follows) if _accrued(which) else lines
    shown = dump(Made(tuple(sums_of(lines)), tuple(first[:LINES_SHOWN])))
    _write(row, lines=len(lines), shown=shown, file=file, finished_at=utc_now())


def _write(row: ReportRow, **values: object) -> None:
    """Raises _Overtaken: who begins a report counts a try, so no other maker has the number of tries of this one."""
    mine = (ReportRow.id == row.id, ReportRow.tries == row.tries, ReportRow.finished_at.is_(None))
    with transaction() as session:
        if session.scalar(update(ReportRow).where(*mine).values(values).returning(ReportRow.id)) is None:
            raise _Overtaken


def _compressed(lines: Sequence[PeriodEndLine]) -> bytes:
    file = BytesIO()
    with gzip.open(file, "wt", encoding="utf-8", newline="") as text:
        write_csv(text, lines)
    return file.getvalue()


def _accrued(which: PeriodEndList) -> bool:
    return which is PeriodEndList.RECEIVED_NOT_CREDITED


def _newest(which: PeriodEndList, store: str | None, at: date | None) -> Select[tuple[ReportRow]]:
    same = (ReportRow.store.is_not_distinct_from(store), ReportRow.at.is_not_distinct_from(at))
    return select(ReportRow).where(ReportRow.list == which, *same).order_by(ReportRow.id.desc()).limit(1)


def _report(row: ReportRow) -> Report:
    return Report(_asked(row), load(Made, row.shown) if row.shown is not None else Made())


def _asked(row: ReportRow) -> Asked:
    return Asked(
        id=row.id,
        list=PeriodEndList(row.list),
        store=row.store,
        at=row.at,
        by=row.asked_by,
        asked_at=row.asked_at,
        read_at=row.read_at,
        finished_at=row.finished_at,
        error=row.error,
        lines=row.lines,
    )
