"""The lists of a period's end, out of the ledger: read without locks, in pages of returns."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TextIO

from sqlalchemy import func, select, text, tuple_
from sqlalchemy.orm import Session

from app import spreadsheet
from app.db.codec import load
from app.db.engine import transaction
from app.db.entries import entry_of, rows_of_returns
from app.db.tables.exceptions import DecisionRow, ExceptionRow
from app.db.tables.ledger import LedgerRow
from app.db.tables.mirrors import OrderRow
from app.db.tables.returns import ReturnRow
from app.domain.documents import State
from app.domain.model import Order, Return
from app.domain.money import Money, totals
from app.domain.period_end import (
    Account,
    DatedEntry,
    Obstacle,
    OneSided,
    Reason,
    credited_not_received,
    received_not_credited,
    worth,
)
from app.domain.policy import Kind
from app.domain.saying import Said
from app.services.outside import Outside

COLUMNS = ("store", "return", "order", "SKU", "units", "amount", "currency", "since", "reason", "detail")
_RANGE = 20_000
_PAGE = 500

# Returns whose journals and memos hold different units of a line: only they are looked at closely. Asked in ranges, so
# that PostgreSQL need not sort all documents of all years at once, and whoever asks may say between two that it lives.
_UNEVEN = text(
    """
    select return_pk from (
        select
            ledger.return_pk,
            sum(case when ledger.kind = 'credit_memo' then -(line ->> 'qty')::int
                     when line ->> 'rec_type' = 'RT' then (line ->> 'qty')::int else 0 end) as units
        from ledger cross join jsonb_array_elements(ledger.document -> 'lines') line
        where ledger.return_pk between :first and :last
            and ledger.state = 'posted' and ledger.kind in ('inventory_journal', 'credit_memo')
            and (cast(:at as text) is null or ledger.document_date <= :at)
            and (cast(:store as text) is null or ledger.store = :store)
        group by ledger.return_pk, line ->> 'ra_line_seq'
    ) each
    where sign(units) = :sign
    group by return_pk
    order by return_pk
    """
)


@dataclass(frozen=True, slots=True)
class PeriodEndLine:
    """Units that are on one side of the books only. `amount`: what was paid for them; None when the order is gone."""

    store: str
    return_id: str
    ord_num: str
    sku: str
    units: int
    amount: Money | None
    since: date
    reason: Reason
    detail: Said


@dataclass(frozen=True, slots=True)
class PeriodEndSum:
    """What the lines of one currency and reason add up to; both None for lines whose amount is not known."""

    currency: str | None
    reason: Reason
    units: int
    amount: Money | None


class PeriodEndList(StrEnum):
    """The two lists: which side of the books holds more units."""

    RECEIVED_NOT_CREDITED = "received_not_credited"
    CREDITED_NOT_RECEIVED = "credited_not_received"


_Rule = Callable[[Account, date | None], list[OneSided]]
_RULES: dict[PeriodEndList, tuple[_Rule, int]] = {
    PeriodEndList.RECEIVED_NOT_CREDITED: (received_not_credited, 1),
    PeriodEndList.CREDITED_NOT_RECEIVED: (credited_not_received, -1),
}


def list_received_not_credited(outside: Outside, store: str | None, at: date | None) -> list[PeriodEndLine]:
    """Units that BlueCherry received by the bridge's journals, and that no memo credits."""
    return lines_of(PeriodEndList.RECEIVED_NOT_CREDITED, outside, store, at)


def list_credited_not_received(outside: Outside, store: str | None, at: date | None) -> list[PeriodEndLine]:
    """Units that the bridge's memos credit, and that no journal received."""
    return lines_of(PeriodEndList.CREDITED_NOT_RECEIVED, outside, store, at)


def lines_of(
    which: PeriodEndList,
    outside: Outside,
    store: str | None,
    at: date | None,
    going_on: Callable[[], None] = lambda: None,
) -> list[PeriodEndLine]:
    """A list by store, day, return and SKU, of one moment; years of returns take minutes.

    `going_on` is called every few seconds; what it raises ends the reading.
    """
    rule, sign = _RULES[which]
    result: list[PeriodEndLine] = []
    with transaction() as session:
        # One snapshot for all pages: the list is of one moment.
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        for pks in _uneven(session, sign, store, at):
            going_on()
            result += _page(session, rule, sign, pks, outside, at)
    result.sort(key=lambda line: (line.store, line.since, line.return_id, line.sku))
    return result


def sums_of(lines: Iterable[PeriodEndLine]) -> list[PeriodEndSum]:
    """Units and money by currency and reason, and the units whose amount is not known, last."""
    units: Counter[tuple[str, Reason]] = Counter()
    amounts: dict[tuple[str, Reason], Money] = {}
    unknown: Counter[Reason] = Counter()
    for line in lines:
        if line.amount is None:
            unknown[line.reason] += line.units
            continue
        key = (line.amount.currency, line.reason)
        units[key] += line.units
        amounts[key] = amounts[key] + line.amount if key in amounts else line.amount
    return [
        *(PeriodEndSum(*key, units[key], amounts[key]) for key in sorted(amounts)),
        *(PeriodEndSum(None, reason, unknown[reason], None) for reason in sorted(unknown)),
    ]


def accrual_of(sums: Sequence[PeriodEndSum]) -> dict[str, Money]:
    """By currency, what memos are still to credit of what was received: the accrual for returns."""
    return totals(each.amount for each in sums if each.reason.memo_follows and each.amount is not None)


def not_in_accrual(sums: Sequence[PeriodEndSum]) -> int:
    """Units that memos are still to credit and that are in no accrual, as their amount is not known."""
    return sum(each.units for each in sums if each.reason.memo_follows and each.amount is None)


def cells(line: PeriodEndLine) -> tuple[object, ...]:
    """A line by COLUMNS."""
    amount = (line.amount, line.amount.currency) if line.amount is not None else (None, None)
    return (
        *(line.store, line.return_id, line.ord_num, line.sku, line.units, *amount),
        *(line.since, line.reason, line.detail),
    )


def write_csv(file: TextIO, lines: Sequence[PeriodEndLine]) -> None:
    """Write lines with a heading. What a spreadsheet would take for a formula is marked as text."""
    spreadsheet.write_csv(file, COLUMNS, (cells(line) for line in lines))


def _uneven(session: Session, sign: int, store: str | None, at: date | None) -> Iterator[Sequence[int]]:
    """Numbers of the returns to look at, in pages; empty ones, too, so that whoever asks hears of it."""
    given = {"sign": sign, "store": store, "at": at.isoformat() if at else None}
    first, last = session.execute(select(func.min(ReturnRow.pk), func.max(ReturnRow.pk))).one()
    for start in range(first or 0, (last or -1) + 1, _RANGE):
        pks = list(session.scalars(_UNEVEN, {**given, "first": start, "last": start + _RANGE - 1}))
        yield from (pks[each : each + _PAGE] for each in range(0, len(pks) or 1, _PAGE))


def _page(
    session: Session, rule: _Rule, sign: int, pks: Sequence[int], outside: Outside, at: date | None
) -> Iterator[PeriodEndLine]:
    if not pks:
        return
    ledger = rows_of_returns(session, pks)
    returns = session.scalars(select(ReturnRow).where(ReturnRow.pk.in_(pks)).order_by(ReturnRow.pk))
    orders = _orders(session, ledger)
    obstacles = _obstacles(session, pks)
    for row in returns:
        rows = ledger.get(row.pk, [])
        if row.store not in outside.config.stores or not rows:
            continue
        order = orders.get((rows[0].connection, _ord_num(rows)))
        lines = {line.line_seq: line for line in order.lines} if order else {}
        rules = outside.store(row.store).rules
        account = Account(load(Return, row.data), rules, [_dated(each) for each in rows], obstacles[row.pk], lines)
        yield from _priced(rule(account, at), account, row, _ord_num(rows), sign, at)


def _priced(
    found: Sequence[OneSided], account: Account, row: ReturnRow, ord_num: str, sign: int, at: date | None
) -> Iterator[PeriodEndLine]:
    """With what was paid for the units: of those not credited, what the next memo would hold."""
    origin = {
        line.seq: line.ord_line_seq or 0
        for each in account.entries
        if each.entry.document.kind is Kind.RETURN_AUTHORISATION
        for line in each.entry.document.lines
    }
    credited: Counter[int] = Counter()
    for each in account.entries:
        counts = each.entry.fixed and (at is None or each.dated is None or each.dated <= at)
        if each.entry.document.kind is Kind.CREDIT_MEMO and counts:
            for line in each.entry.document.lines:
                credited[line.ord_line_seq or 0] += line.qty
    for units in found:
        seq = origin.get(units.seq, 0)
        sold = account.lines.get(seq)
        before = credited[seq] if sign > 0 else credited[seq] - units.units
        credited[seq] += sign * units.units
        amount = worth(sold, max(0, before), units.units) if sold else None
        yield PeriodEndLine(
            row.store, row.id, ord_num, units.sku, units.units, amount, units.since, units.reason, units.detail
        )


def _dated(row: LedgerRow) -> DatedEntry:
    dated = date.fromisoformat(row.document_date) if row.document_date else None
    return DatedEntry(entry_of(row), dated, row.post_at)


def _ord_num(rows: Sequence[LedgerRow]) -> str:
    """The order of the latest return authorisation: an earlier one may have been cancelled on another order."""
    made = [row for row in rows if row.kind == Kind.RETURN_AUTHORISATION and row.state != State.WITHDRAWN]
    return max(made, key=lambda row: row.n).ord_num if made else ""


def _orders(session: Session, ledger: dict[int, list[LedgerRow]]) -> dict[tuple[str, str], Order]:
    wanted = {(row.connection, row.ord_num) for rows in ledger.values() for row in rows}
    found = session.scalars(select(OrderRow).where(tuple_(OrderRow.connection, OrderRow.ord_num).in_(sorted(wanted))))
    return {(row.connection, row.ord_num): load(Order, row.data) for row in found}


def _obstacles(session: Session, pks: Sequence[int]) -> dict[int, list[Obstacle]]:
    found: dict[int, list[Obstacle]] = defaultdict(list)
    standing = select(ExceptionRow).where(ExceptionRow.return_pk.in_(pks), ExceptionRow.closed_at.is_(None))
    for exception in session.scalars(standing):
        found[exception.return_pk or 0].append(Obstacle(exception.code))
    for decision in session.scalars(select(DecisionRow).where(DecisionRow.return_pk.in_(pks))):
        found[decision.return_pk].append(Obstacle(decision.code, decision.action == "release", decision.by))
    return found
