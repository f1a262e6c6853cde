"""The desk's lists: open exceptions grouped by cause, those that hold up most money first, and each team's load."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Self

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from app.config import Alerts
from app.db.engine import transaction
from app.db.tables.desk import ApprovalRow, CommentRow
from app.db.tables.exceptions import ExceptionRow
from app.domain.blockers import REMEDIES, Code, Side, Team
from app.domain.money import Money, currencies_without_decimals
from app.domain.saying import unpack
from app.services.exceptions.exception_queue import ExceptionView, Filter, view_of
from app.services.page import LARGEST_PAGE, Page, page_of

CAUSES_PER_PAGE = 50
OVERDUE_AFTER = timedelta(days=2)
"""Where a team has no escalation path."""
LINES_PER_PAGE = 100
CLOSED_SHOWN = timedelta(days=30)
"""What was closed in so long is listed; older ones stand with their cause, and on the pages of their returns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted(Filter):
    """Which exceptions are meant; None is all. Of open ones, those that are snoozed until later than `now`, or not.

    `text` is looked for in messages, returns, documents and causes. `assigned_to`: a login, or an empty text for those
    that are nobody's. `overdue`: opened before their team's moment.
    """

    now: datetime
    open: bool | None = True
    snoozed: bool = False
    text: str | None = None
    assigned_to: str | None = None
    tag: str | None = None
    overdue: Mapping[str, datetime] | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """What is asked of the rows of exceptions."""
        row = ExceptionRow
        found = Filter.conditions(self)
        if self.open:
            later = row.snoozed_until > self.now
            found.append(later if self.snoozed else or_(row.snoozed_until.is_(None), ~later))
        elif self.open is False and self.cause is None:
            # Of one cause all; of all causes what was closed lately, for there are years of them.
            found.append(row.closed_at > self.now - CLOSED_SHOWN)
        if self.assigned_to is not None:
            found.append(row.assigned_to == self.assigned_to if self.assigned_to else row.assigned_to.is_(None))
        if self.tag is not None:
            found.append(row.tags.contains([self.tag]))
        if self.overdue is not None:
            found.append(or_(*(and_(row.team == team, row.opened_at < at) for team, at in self.overdue.items())))
        if self.text:
            columns = (row.message, row.cause, row.return_id, row.document_key, row.receipt_id)
            found.append(or_(*(column.icontains(self.text, autoescape=True) for column in columns)))
        return found


def overdue(alerts: Alerts, now: datetime) -> dict[str, datetime]:
    """For each team the moment before which what stands open is overdue: by the first step of its escalation path."""
    steps = {team.value: alerts.team(team).escalation for team in Team}
    return {team: now - (path[0].after if path else OVERDUE_AFTER) for team, path in steps.items()}


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
    """One thing to mend: open exceptions of one code and cause. `money` has one amount per currency.

    `unknown`: of how many nobody knows the amount, beside it. `asked`: about how many of them something waits for a
    second person.
    """

    code: str
    cause: str
    team: str
    count: int
    units: int
    money: Mapping[str, Money]
    unknown: int
    stores: tuple[str, ...]
    oldest: datetime
    message: str
    first_id: int
    asked: int

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
    """What a team has before it. `money` has one amount per currency; `unknown`, how many have none that is known."""

    count: int
    units: int
    money: Mapping[str, Money]
    unknown: int = 0


def causes(wanted: Wanted, after: Cursor | None = None, limit: int = CAUSES_PER_PAGE) -> CausePage:
    """Causes of open exceptions, those that hold up most money first.

    Amounts of several currencies are ranked at face value, and of one without decimals at a hundredth: there are no
    rates here, and 5,000 JPY are not more than 100 EUR.
    """
    row = ExceptionRow
    face_value = case((row.currency.in_(sorted(currencies_without_decimals())), row.amount / 100), else_=row.amount)
    whole = (
        select(
            row.code,
            row.cause,
            row.team,
            func.count().label("number"),
            func.sum(row.units).label("units"),
            func.count().filter(row.amount.is_(None)).label("unknown"),
            func.min(row.opened_at).label("oldest"),
            func.min(row.id).label("first_id"),
            func.round(func.coalesce(func.sum(face_value), 0), 4).label("rank"),
        )
        .where(*wanted.conditions())
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


@dataclass(frozen=True, slots=True)
class Line:
    """One exception in the list of its cause. `asked`: something about it waits for a second person."""

    exception: ExceptionView
    assigned_to: str | None
    snoozed_until: datetime | None
    tags: tuple[str, ...]
    comments: int
    asked: bool


def lines(wanted: Wanted, after: int = 0, limit: int = LINES_PER_PAGE) -> Page[Line]:
    """Exceptions one by one, the oldest first."""
    row = ExceptionRow
    comments = select(func.count()).where(CommentRow.exception_id == row.id).scalar_subquery()
    query = select(row, comments).where(*wanted.conditions(), row.id > after).order_by(row.id).limit(limit + 1)
    with transaction() as session:
        found = session.execute(query).all()
        asked = _asked(session, [each.id for each, _ in found])
        views = [
            Line(view_of(each), each.assigned_to, each.snoozed_until, tuple(each.tags), count, each.id in asked)
            for each, count in found
        ]
    return page_of(views, limit, lambda line: line.exception.id, lambda line: line)


def _asked(session: Session, ids: Sequence[int]) -> set[int]:
    """Exceptions about which something waits for a second person, these among them; asked once for a whole page."""
    each = func.unnest(ApprovalRow.exception_ids)
    waiting = (ApprovalRow.state == "open", ApprovalRow.exception_ids.overlap(list(ids)))
    return set(session.scalars(select(each).where(*waiting)))


def every_line(wanted: Wanted) -> Iterator[Line]:
    """All exceptions that are meant, a page at a time."""
    after: int | None = 0
    while after is not None:
        page = lines(wanted, after, LARGEST_PAGE)
        yield from page.rows
        after = page.next


def ids_of(wanted: Wanted, first_ids: Sequence[int] | None = None) -> list[int]:
    """The exceptions that are meant; with `first_ids`, only those of the causes that these exceptions are of."""
    query = select(ExceptionRow.id).where(*wanted.conditions())
    if first_ids is not None:
        chosen = aliased(ExceptionRow)
        query = query.where(
            exists().where(
                chosen.id.in_(first_ids), chosen.code == ExceptionRow.code, chosen.cause == ExceptionRow.cause
            )
        )
    with transaction() as session:
        return list(session.scalars(query.order_by(ExceptionRow.id)))


def loads(wanted: Wanted) -> dict[str, Load]:
    """What each team has before it, whatever team is wanted."""
    row = ExceptionRow
    query = (
        select(
            row.team,
            row.currency,
            func.count(),
            func.sum(row.units),
            func.sum(row.amount),
            func.count().filter(row.amount.is_(None)),
        )
        .where(*replace(wanted, team=None).conditions())
        .group_by(row.team, row.currency)
    )
    found: dict[str, Load] = {}
    with transaction() as session:
        for team, currency, number, units, amount, unknown in session.execute(query):
            before = found.get(team, Load(0, 0, {}))
            money = {**before.money}
            if amount is not None and currency is not None:
                money[currency] = Money.rounded(amount, currency)
            found[team] = Load(before.count + number, before.units + int(units), money, before.unknown + unknown)
    return found


@dataclass(frozen=True, slots=True)
class RefundSums:
    """Differences of refunds in one currency: refunded too much, too little, and the one less the other.

    `net` is below zero where less was refunded than is credited.
    """

    over: Money
    under: Money

    @property
    def net(self) -> Money:
        """Too much less too little."""
        return self.over - self.under


def refund_sums(wanted: Filter) -> dict[str, RefundSums]:
    """By currency, what refunds differ by in all; refunds in another currency than the order have no side, and no sum.

    Of all that is meant, whatever other codes are among it.
    """
    row = ExceptionRow
    query = (
        select(row.currency, row.side, func.sum(row.amount))
        .where(*wanted.conditions(), row.code == Code.REFUND_MISMATCH, row.side.is_not(None), row.amount.is_not(None))
        .group_by(row.currency, row.side)
    )
    with transaction() as session:
        found = {(currency, side): amount for currency, side, amount in session.execute(query) if currency is not None}
    return {
        currency: RefundSums(*(Money.rounded(found.get((currency, side), Decimal(0)), currency) for side in Side))
        for currency in sorted({currency for currency, _ in found})
    }


def together(parts: Iterable[Load]) -> Load:
    """What several teams have before them."""
    count, units, unknown, money = 0, 0, 0, dict[str, Money]()
    for each in parts:
        count, units, unknown = count + each.count, units + each.units, unknown + each.unknown
        for currency, amount in each.money.items():
            money[currency] = money.get(currency, Money.zero(currency)) + amount
    return Load(count, units, money, unknown)


def _causes(session: Session, rows: Sequence[Any], wanted: Wanted) -> list[Cause]:
    """What is shown of ranked causes, asked for these alone: there may be thousands that no page shows."""
    row = ExceptionRow
    about = tuple_(row.code, row.cause).in_([(each.code, each.cause) for each in rows])
    parts = select(row.code, row.cause, row.currency, func.sum(row.amount), func.array_agg(row.store.distinct()))
    money: dict[tuple[str, str], dict[str, Money]] = {}
    stores: dict[tuple[str, str], set[str]] = {}
    for code, cause, currency, amount, names in session.execute(
        parts.where(*wanted.conditions(), about).group_by(row.code, row.cause, row.currency)
    ):
        stores.setdefault((code, cause), set()).update(name for name in names if name is not None)
        if currency is not None and amount is not None:
            money.setdefault((code, cause), {})[currency] = Money.rounded(amount, currency)
    each_asked = func.unnest(ApprovalRow.exception_ids)
    waiting = select(each_asked).where(ApprovalRow.state == "open")
    asked = {
        (code, cause): number
        for code, cause, number in session.execute(
            select(row.code, row.cause, func.count())
            .where(*wanted.conditions(), about, row.id.in_(waiting))
            .group_by(row.code, row.cause)
        )
    }
    first = session.execute(select(row.id, row.message, row.said).where(row.id.in_([each.first_id for each in rows])))
    messages = {each.id: unpack(each.said, each.message) for each in first}
    return [
        Cause(
            code=each.code,
            cause=each.cause,
            team=each.team,
            count=each.number,
            units=int(each.units),
            money=money.get((each.code, each.cause), {}),
            unknown=each.unknown,
            stores=tuple(sorted(stores.get((each.code, each.cause), ()))),
            oldest=each.oldest,
            message=messages[each.first_id],
            first_id=each.first_id,
            asked=asked.get((each.code, each.cause), 0),
        )
        for each in rows
    ]
