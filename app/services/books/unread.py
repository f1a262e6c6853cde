"""Rows of BlueCherry's list that cannot be read: set aside in front of finance, so that the rest of the list is read.

While one stands open the books are not known to agree: what it may be of is neither missing nor agreed
(`Unread.may_be_of`). It closes once the list is read again from where it stands, and it is not among what cannot be
read any more; where it stands is kept in a mark.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from app.bluecherry.documents import KINDS, DocumentRow
from app.bluecherry.gateway import Page, UnreadableRow
from app.db.among import among
from app.db.codec import dump
from app.db.marks import set_mark
from app.db.tables.exceptions import ExceptionRow
from app.db.tables.ledger import LedgerRow
from app.db.tables.returns import ReturnRow
from app.db.tables.upkeep import Mark
from app.domain.reconciliation import Booked, Difference, Unread, is_key, unread, unread_beside, unread_cause
from app.services.books.differences import open_difference
from app.services.exceptions.unread_rows import about_unread, kept_row, mark_of
from app.services.facts.unreadable import ONE_BY_ONE, READABLE
from app.services.history import Notes
from app.services.outside import Outside


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row that was set aside, and what is told of it. `stands`: open, for no person ended it before."""

    row: Unread
    differs: Difference
    stands: bool


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
    type_, key = row.code("type"), row.code("aux_ref_num")
    kind = KINDS.get(type_ or "")
    return Unread(
        kind=kind,
        of_another_kind=type_ is not None and kind is None,
        number=row.code("number") or None,
        # What is no key of the bridge's is anybody's words, and none of them.
        key=key if key is None or is_key(key) else "",
        return_id=row.code("ref_num2"),
        place=row.place,
        since=since.astimezone(UTC),
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
) -> list[SetAside]:
    """Put rows in front of finance, each with the document of the ledger that it is of, if that can be told.

    Where there are very many, it is the list that has changed, and those of a day become one.
    """
    named: dict[str | None, list[Booked]] = defaultdict(list)
    for each in booked:
        named[each.key].append(each)
        named[each.number].append(each)
    standing = set(session.scalars(select(ExceptionRow.cause).where(*about_unread(connection))))
    beside: dict[date, list[Unread]] = defaultdict(list)
    found: dict[str, SetAside] = {}
    # In a document that people made, the reference to a return may be any words, a customer's name among them.
    wanted = {row.return_id for row in rows if row.return_id}
    known = set(session.scalars(select(ReturnRow.id).where(among(ReturnRow.id, wanted))))
    for row in [each if each.return_id in known else replace(each, return_id=None) for each in rows]:
        differs = unread(connection, row)
        if differs.cause in found:
            continue
        if differs.cause not in standing and len(standing) >= ONE_BY_ONE:
            beside[row.since.date()].append(row)
            continue
        of = next((each for name in (row.key, row.number) if name for each in named[name] if _is(row, each)), None)
        found[differs.cause] = _tell(session, row, unread(connection, row, of), outside)
        if found[differs.cause].stands:
            standing.add(differs.cause)
    days = [_tell(session, *unread_beside(connection, of_a_day, ONE_BY_ONE), outside) for of_a_day in beside.values()]
    return [*found.values(), *days]


def _tell(session: Session, row: Unread, differs: Difference, outside: Outside) -> SetAside:
    stands, mark = open_difference(session, differs, outside), session.get(Mark, mark_of(differs.cause))
    before = kept_row(mark) if mark is not None else None
    if before is not None and before.since > row.since:
        # What was posted then or later may have been read from there: the later time is the one that is known.
        row = replace(row, since=before.since)
    set_mark(session, mark_of(differs.cause), json.dumps(dump(row)), outside.now())
    return SetAside(row, differs, stands)


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
    statement = select(ExceptionRow).where(*about_unread(connection))
    stood = select(Mark).where(Mark.name.startswith(mark_of(unread_cause(connection)), autoescape=True))
    covered = {mark.name for mark in session.scalars(stood) if (row := kept_row(mark)) and row.since >= since}
    covered -= {mark_of(cause) for cause in unread_now}
    notes = Notes()
    for each in session.scalars(statement.with_for_update()):
        if mark_of(each.cause) in covered:
            each.closed_at, each.closed_by = now, READABLE
            notes.add(each.return_pk, "exception closed", each.document_key, code=each.code)
    session.execute(delete(Mark).where(among(Mark.name, covered)))
    notes.write(session)
