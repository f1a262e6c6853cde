"""The desk's lists: open exceptions grouped by cause, those that hold up most money first, and each team's load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Self

from sqlalchemy import ColumnElement, Select, case, func, literal, select, tuple_
from sqlalchemy.orm import Session

from app.db.engine import transaction
from app.db.models import ExceptionRow
from app.domain.blockers import REMEDIES, Code
from app.domain.money import Money, currencies_without_decimals

CAUSES_PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which open exceptions are meant; None is all."""

    team: str | None = None
    code: str | None = None
    store: str | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page of causes begins: behind the cause with this rank, and this first exception."""

    rank: Decimal
    first_id: int

    @classmethod
    def read(cls, text: str | None) -> Self | None:
        """The cursor of an address; None, which is the first page, for what is none."""
        rank, _, first_id = (text or "").partition("~")
        try:
            return cls(Decimal(rank), int(first_id))
        except (InvalidOperation, ValueError):
            return None

    def __str__(self) -> str:
        return f"{self.rank}~{self.first_id}"


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing to mend: open exceptions of one code and cause. `money` has one amount per currency."""

    code: str
    cause: str
    team: str
    count: int
    units: int
    money: Mapping[str, Money]
    stores: tuple[str, ...]
    oldest: datetime
    message: str
    first_id: int

    @property
    def urgent(self) -> bool:
        """Whether a customer waits for it."""
        return REMEDIES[Code(self.code)].urgent


@dataclass(frozen=True, slots=True)
class CausePage:
    """Some causes, and where the next page begins."""

    causes: tuple[Cause, ...]
    next: Cursor | None


@dataclass(frozen=True, slots=True)
class Load:
    """What a team has before it. `money` has one amount per currency."""

    count: int
    units: int
    money: Mapping[str, Money]


def causes(wanted: Wanted, after: Cursor | None = None, limit: int = CAUSES_PER_PAGE) -> CausePage:
    """Causes of open exceptions, those that hold up most money first.

    Amounts of several currencies are ranked at face value, and of one without decimals at a hundredth: there are no
    rates here, and 5,000 JPY are not more than 100 EUR.
    """
    row = ExceptionRow
    face_value = case((row.currency.in_(sorted(currencies_without_decimals())), row.amount / 100), else_=row.amount)
    whole = (
        _filtered(
            select(
                row.code,
                row.cause,
                row.team,
                func.count().label("number"),
                func.sum(row.units).label("units"),
                func.min(row.opened_at).label("oldest"),
                func.min(row.id).label("first_id"),
                func.round(func.coalesce(func.sum(face_value), 0), 4).label("rank"),
            ),
            wanted,
        )
        .group_by(row.code, row.cause, row.team)
        .subquery()
    )
    query = select(whole).order_by(whole.c.rank.desc(), whole.c.first_id.desc()).limit(limit + 1)
    if after is not None:
        query = query.where(
            tuple_(whole.c.rank, whole.c.first_id) < tuple_(literal(after.rank), literal(after.first_id))
        )
    with transaction() as session:
        found = session.execute(query).all()
        page = _causes(session, found[:limit], wanted)
    last = found[limit - 1] if len(found) > limit else None
    return CausePage(tuple(page), Cursor(last.rank, last.first_id) if last is not None else None)


def loads(wanted: Wanted) -> dict[str, Load]:
    """What each team has before it, whatever team is wanted."""
    row = ExceptionRow
    query = _filtered(
        select(row.team, row.currency, func.count(), func.sum(row.units), func.sum(row.amount)),
        Wanted(None, wanted.code, wanted.store),
    ).group_by(row.team, row.currency)
    found: dict[str, Load] = {}
    with transaction() as session:
        for team, currency, number, units, amount in session.execute(query):
            before = found.get(team, Load(0, 0, {}))
            money = {**before.money}
            if amount is not None and currency is not None:
                money[currency] = Money.rounded(amount, currency)
            found[team] = Load(before.count + number, before.units + int(units), money)
    return found


def _causes(session: Session, rows: Sequence[Any], wanted: Wanted) -> list[Cause]:
    """What is shown of ranked causes, asked for these alone: there may be thousands that no page shows."""
    row = ExceptionRow
    about = tuple_(row.code, row.cause).in_([(each.code, each.cause) for each in rows])
    parts = select(row.code, row.cause, row.currency, func.sum(row.amount), func.array_agg(row.store.distinct()))
    money: dict[tuple[str, str], dict[str, Money]] = {}
    stores: dict[tuple[str, str], set[str]] = {}
    for code, cause, currency, amount, names in session.execute(
        _filtered(parts, wanted).where(about).group_by(row.code, row.cause, row.currency)
    ):
        stores.setdefault((code, cause), set()).update(name for name in names if name is not None)
        if currency is not None and amount is not None:
            money.setdefault((code, cause), {})[currency] = Money.rounded(amount, currency)
    first = session.execute(select(row.id, row.message).where(row.id.in_([each.first_id for each in rows])))
    messages = {each.id: each.message for each in first}
    return [
        Cause(
            code=each.code,
            cause=each.cause,
            team=each.team,
            count=each.number,
            units=int(each.units),
            money=money.get((each.code, each.cause), {}),
            stores=tuple(sorted(stores.get((each.code, each.cause), ()))),
            oldest=each.oldest,
            message=messages[each.first_id],
            first_id=each.first_id,
        )
        for each in rows
    ]


def _filtered(query: Select[Any], wanted: Wanted) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = [ExceptionRow.closed_at.is_(None)]
    for column, value in (
        (ExceptionRow.team, wanted.team),
        (ExceptionRow.code, wanted.code),
        (ExceptionRow.store, wanted.store),
    ):
        if value is not None:
            conditions.append(column == value)
    return query.where(*conditions)
