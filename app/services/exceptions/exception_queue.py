"""The exception queue as people read it: one by one, or grouped by what is to be mended."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import Session

from app.db.among import among
from app.db.engine import transaction
from app.db.tables.exceptions import ExceptionRow
from app.domain.blockers import REMEDIES, Code
from app.domain.money import Money
from app.domain.saying import unpack
from app.services.page import LARGEST_PAGE, Page, page_of


@dataclass(frozen=True, slots=True)
class Filter:
    """Which exceptions are meant; None is all. `open`: True the open ones, False the closed ones."""

    open: bool | None = None
    code: str | None = None
    cause: str | None = None
    team: str | None = None
    store: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """What is asked of the rows of exceptions."""
        row = ExceptionRow
        named = ((row.code, self.code), (row.cause, self.cause), (row.team, self.team), (row.store, self.store))
        found = [column == value for column, value in named if value is not None]
        if self.open is not None:
            found.append(row.closed_at.is_(None) if self.open else row.closed_at.is_not(None))
        return found


@dataclass(frozen=True, slots=True)
class ExceptionView:
    """One exception. `units` and `amount` are what it holds up; `side`, whether a refund was too much or too little."""

    id: int
    code: str
    cause: str
    team: str
    store: str | None
    return_id: str | None
    receipt_id: str | None
    document_key: str | None
    units: int
    amount: Decimal | None
    currency: str | None
    side: str | None
    message: str
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str | None

    @property
    def return_ids(self) -> list[str]:
        """The returns that it holds up."""
        return [self.return_id] if self.return_id is not None else []

    @property
    def way_out(self) -> str:
        """What mends it, in a sentence that names a command."""
        return REMEDIES[Code(self.code)].way_out

    @property
    def money(self) -> Money | None:
        """What it holds up in money; None when that is not known."""
        if self.amount is None or self.currency is None:
            return None
        return Money.rounded(self.amount, self.currency)


@dataclass(slots=True)
class Group:
    """Open exceptions with the same cause: one thing to mend. `money` has one amount per currency.

    `unknown`: of how many of them nobody knows the amount, beside that sum.
    """

    code: str
    cause: str
    team: str
    count: int
    units: int
    oldest: datetime
    message: str
    """Of the oldest."""
    first_id: int
    last_id: int
    money: dict[str, Money] = field(default_factory=dict)
    unknown: int = 0

    @property
    def way_out(self) -> str:
        """What mends it, in a sentence that names a command."""
        return REMEDIES[Code(self.code)].way_out

    @property
    def urgent(self) -> bool:
        """Whether a customer waits for it."""
        return REMEDIES[Code(self.code)].urgent


class NoSuchException(LookupError):
    """There is no exception of this number. `bridge exceptions list --all` shows those that there are."""


def list_exceptions(wanted: Filter, after: int = 0, limit: int = LARGEST_PAGE) -> Page[ExceptionView]:
    """Exceptions in the order in which they were opened, those behind the cursor `after`."""
    query = select(ExceptionRow).where(*wanted.conditions(), ExceptionRow.id > after)
    with transaction() as session:
        rows = session.scalars(query.order_by(ExceptionRow.id).limit(limit + 1)).all()
        return page_of(rows, limit, lambda row: row.id, view_of)


def get_exception(number: int) -> ExceptionView:
    """One exception. Raises NoSuchException."""
    with transaction() as session:
        row = session.get(ExceptionRow, number)
        if row is None:
            raise NoSuchException(f"there is no exception {number}")
        return view_of(row)


def ids_of_cause(code: str, cause: str) -> list[int]:
    """The open exceptions of one cause."""
    query = select(ExceptionRow.id).where(*Filter(open=True, code=code, cause=cause).conditions())
    with transaction() as session:
        return list(session.scalars(query.order_by(ExceptionRow.id)))


def teams_of(numbers: Sequence[int]) -> frozenset[str]:
    """The teams whose exceptions these are."""
    with transaction() as session:
        return frozenset(session.scalars(select(ExceptionRow.team).where(among(ExceptionRow.id, numbers)).distinct()))


def grouped(wanted: Filter) -> list[Group]:
    """Exceptions by cause, the oldest first."""
    with transaction() as session:
        return groups(session, wanted)


def groups(session: Session, wanted: Filter, causes: Collection[tuple[str, str]] | None = None) -> list[Group]:
    """Exceptions by cause, the oldest first. `causes`: only these (code and cause)."""
    row = ExceptionRow
    query = select(
        row.code,
        row.cause,
        row.team,
        row.currency,
        func.count().label("number"),
        func.sum(row.units).label("units"),
        func.sum(row.amount).label("amount"),
        func.count().filter(row.amount.is_(None)).label("unknown"),
        func.min(row.opened_at).label("oldest"),
        func.min(row.id).label("first_id"),
        func.max(row.id).label("last_id"),
    ).where(*wanted.conditions())
    if causes is not None:
        query = query.where(tuple_(row.code, row.cause).in_(sorted(causes)))
    found: dict[tuple[str, str], Group] = {}
    parts = session.execute(query.group_by(row.code, row.cause, row.team, row.currency).order_by("first_id")).all()
    first_ids = [part.first_id for part in parts]
    first = session.execute(select(row.id, row.message).where(row.id.in_(first_ids)))
    messages = {each.id: each.message for each in first}
    for part in parts:
        group = found.setdefault(
            (part.code, part.cause),
            Group(
                part.code,
                part.cause,
                part.team,
                0,
                0,
                part.oldest,
                messages[part.first_id],
                part.first_id,
                part.last_id,
            ),
        )
        group.count += part.number
        group.units += int(part.units)
        group.unknown += part.unknown
        group.oldest = min(group.oldest, part.oldest)
        group.last_id = max(group.last_id, part.last_id)
        if part.amount is not None and part.currency is not None:
            group.money[part.currency] = Money.rounded(part.amount, part.currency)
    return list(found.values())


def view_of(row: ExceptionRow) -> ExceptionView:
    """The exception of a row."""
    return ExceptionView(
        id=row.id,
        code=row.code,
        cause=row.cause,
        team=row.team,
        store=row.store,
        return_id=row.return_id,
        receipt_id=row.receipt_id,
        document_key=row.document_key,
        units=row.units,
        amount=row.amount,
        currency=row.currency,
        side=row.side,
        message=unpack(row.said, row.message),
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
    )
