"""Rows of BlueCherry's list that cannot be read: set aside in front of finance, so that the rest of the list is read.

While one stands open the books are not known to agree: what it may be of is neither missing nor agreed
(`Unread.may_be_of`). It closes once the list is read again from where it stands, and it is not among what cannot be
read any more; where it stands is kept in a mark.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from app.bluecherry.documents import KINDS, DocumentRow
from app.bluecherry.gateway import Page, UnreadableRow
from app.db.among import among
from app.db.marks import set_mark
from app.db.tables.exceptions import ExceptionRow
from app.db.tables.ledger import LedgerRow
from app.db.tables.upkeep import Mark
from app.domain.blockers import Code
from app.domain.reconciliation import Booked, Difference, Unread, unread, unread_cause
from app.services.books.differences import open_difference
from app.services.history import Notes
from app.services.outside import Outside


def unread_rows(page: Page[DocumentRow], reached: datetime, now: datetime) -> list[Unread]:
    """The rows of a page that cannot be read. `reached`: no row of the page was posted earlier."""
    found, readable, last = [], iter(page.rows), reached
    unreadable = {row.place: row for row in page.unreadable}
    for place in range(1, len(page.rows) + len(unreadable) + 1):
        if place in unreadable:
            posted_at = unreadable[place].legible.get("posted_at")
            if isinstance(posted_at, datetime) and posted_at <= now:
                last = max(last, posted_at)
            found.append(_unread(unreadable[place], last))
        else:
            last = max(last, next(readable).posted_at)
    return found


def _unread(row: UnreadableRow, since: datetime) -> Unread:
    type_ = row.code("type")
    kind = KINDS.get(type_ or "")
    return Unread(
        kind=kind,
        of_another_kind=type_ is not None and kind is None,
        number=row.code("number") or None,
        key=row.code("aux_ref_num"),
        return_id=row.code("ref_num2"),
        place=row.place,
        since=since,
        state=row.state,
        problems=row.problems,
    )


def as_far_as_read(page: Page[DocumentRow]) -> Iterator[DocumentRow]:
    """Of rows that cannot be read whole, those that can all the same be told: what, of what, under which key, when."""
    for row in page.unreadable:
        type_, number, key, status = (row.code(name) for name in ("type", "number", "aux_ref_num", "status"))
        posted_at = row.legible.get("posted_at")
        if type_ and number and key and status is not None and isinstance(posted_at, datetime):
            refs = (row.code("ord_num") or None, row.code("ra_num") or None, row.code("ref_num2") or None)
            yield DocumentRow(type_, number, *refs, key, status, 0, None, posted_at)


def set_aside(
    session: Session, connection: str, rows: Sequence[Unread], booked: Sequence[Booked], outside: Outside
) -> list[Difference]:
    """Put rows in front of finance, each with the document of the ledger that it is of, if that can be told."""
    found = []
    for row in rows:
        differs = unread(connection, row, next((each for each in booked if _is(row, each)), None))
        open_difference(session, differs, outside)
        set_mark(session, _mark(differs.cause), row.since.isoformat(), outside.now())
        found.append(differs)
    return found


def _is(row: Unread, booked: Booked) -> bool:
    same_kind = not row.of_another_kind and row.kind in (None, booked.kind)
    return same_kind and (row.key == booked.key or (row.kind is not None and row.number == booked.number))


def named_by(connection: str, rows: Sequence[Unread]) -> ColumnElement[bool]:
    """The condition on a document of the ledger that one of the rows names its key or its number."""
    keys, numbers = {row.key for row in rows if row.key}, {row.number for row in rows if row.number}
    named = or_(among(LedgerRow.key, keys), among(LedgerRow.number, numbers))
    return (LedgerRow.connection == connection) & LedgerRow.shadow.is_(False) & named


def close_read(session: Session, connection: str, since: datetime, unread_now: Collection[str], now: datetime) -> None:
    """Close what a reading from a time on, to the end, read again and could read. `unread_now`: causes that it left."""
    beginning = unread_cause(connection)
    statement = select(ExceptionRow).where(
        ExceptionRow.code == Code.BOOKS_DIFFER,
        ExceptionRow.closed_at.is_(None),
        ExceptionRow.cause.startswith(beginning, autoescape=True),
    )
    stood = select(Mark).where(Mark.name.startswith(_mark(beginning), autoescape=True))
    covered = {mark.name for mark in session.scalars(stood) if datetime.fromisoformat(mark.value) >= since}
    covered -= {_mark(cause) for cause in unread_now}
    notes = Notes()
    for each in session.scalars(statement.with_for_update()):
        if _mark(each.cause) in covered:
            each.closed_at, each.closed_by = now, "the row can be read again"
            notes.add(each.return_pk, "exception closed", each.document_key, code=each.code)
    session.execute(delete(Mark).where(among(Mark.name, covered)))
    notes.write(session)


def _mark(cause: str) -> str:
    return f"stands {cause}"
