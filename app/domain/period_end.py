"""The two lists that finance wants at a period's end: received but not credited, and credited but not received.

Both are over what stands in the books at a date: journals and memos that were posted and dated until then. Each unit
that is on one side only has a reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from app.domain.blockers import Code
from app.domain.documents import Entry, Line, State
from app.domain.dossier import item_status
from app.domain.exchange import is_even
from app.domain.model import OrderLine, Return, ReturnItem
from app.domain.money import Money
from app.domain.policy import REJECTED, ItemStatus, Kind, StoreRules
from app.domain.receiving import QUARANTINE
from app.domain.saying import Said, quoted, say


class Reason(StrEnum):
    """Why units are on one side of the books only."""

    CREDITED_LATER = "credited_later"
    WAITS_FOR_WINDOW = "waits_for_window"
    MEMO_UNDER_WAY = "memo_under_way"
    MEMO_REFUSED = "memo_refused"
    EVEN_EXCHANGE = "even_exchange"
    REJECTED = "rejected"
    NO_VALUE = "no_value"
    EXCEPTION = "exception"
    DECIDED = "decided"
    WAITS_FOR_ACCEPTANCE = "waits_for_acceptance"
    RECEIVED_LATER = "received_later"
    JOURNAL_UNDER_WAY = "journal_under_way"
    RELEASED = "released"
    NOT_EXPLAINED = "not_explained"

    @property
    def memo_follows(self) -> bool:
        """Whether units that came are still to be credited, as far as is known: what a period's end accrues."""
        return self not in _NO_MEMO


_NO_MEMO = frozenset({Reason.EVEN_EXCHANGE, Reason.REJECTED, Reason.NO_VALUE, Reason.DECIDED})


@dataclass(frozen=True, slots=True)
class DatedEntry:
    """An entry of the ledger with the date that its document bears, and the window that it waits for."""

    entry: Entry
    dated: date | None
    post_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Obstacle:
    """An open exception of a return, or one that a person ended (`by`)."""

    code: str
    released: bool = False
    by: str | None = None


@dataclass(frozen=True, slots=True)
class OneSided:
    """Units of a line of the return authorisation that are on one side only. `since`: the date of the first of them."""

    seq: int
    sku: str
    units: int
    since: date
    reason: Reason
    detail: Said


@dataclass(frozen=True, slots=True)
class Account:
    """A return as the lists look at it. `lines`: of its order, by number, as far as it is known."""

    ret: Return
    rules: StoreRules
    entries: Sequence[DatedEntry]
    obstacles: Sequence[Obstacle]
    lines: dict[int, OrderLine]


def received_not_credited(account: Account, at: date | None) -> list[OneSided]:
    """Units that journals hold and no memo does. `at` None: by all that is posted."""
    result = []
    for line in _ra_lines(account):
        received, since = _units(account, Kind.INVENTORY_JOURNAL, line.seq, at)
        credited, _ = _units(account, Kind.CREDIT_MEMO, line.seq, at)
        if received > credited and since is not None:
            parts = _Parts(line, received - credited, since)
            _explain_uncredited(account, line, parts, at)
            result += parts.found
    return result


def credited_not_received(account: Account, at: date | None) -> list[OneSided]:
    """Units that memos hold and no journal does. `at` None: by all that is posted."""
    result = []
    for line in _ra_lines(account):
        received, _ = _units(account, Kind.INVENTORY_JOURNAL, line.seq, at)
        credited, since = _units(account, Kind.CREDIT_MEMO, line.seq, at)
        if credited > received and since is not None:
            parts = _Parts(line, credited - received, since)
            _take_documents(account, Kind.INVENTORY_JOURNAL, line.seq, parts, at)
            released = next((o for o in account.obstacles if o.released and o.code == Code.NOT_RECEIVED), None)
            if released is not None:
                parts.take(parts.left, Reason.RELEASED, _decided(released))
            _take_obstacles(account, parts)
            result += parts.found
    return result


def worth(line: OrderLine, before: int, units: int) -> Money:
    """What was paid for `units` more of an order line after the first `before`, by the cumulative rule."""
    first, last = min(before, line.qty_inv), min(before + units, line.qty_inv)
    if not line.qty_inv:
        return Money.zero(line.net.currency)
    return sum_of(line, last) - sum_of(line, first)


def sum_of(line: OrderLine, units: int) -> Money:
    """What was paid for the first `units` of an order line, tax included."""
    return line.net.after(units, line.qty_inv) + line.tax.after(units, line.qty_inv)


_NO_DETAIL = quoted("")


class _Parts:
    """Units of one line that want a reason, handed out one reason after the other."""

    def __init__(self, line: Line, units: int, since: date) -> None:
        self._line = line
        self._since = since
        self.left = units
        self.found: list[OneSided] = []

    def take(self, units: int, reason: Reason, detail: Said = _NO_DETAIL) -> None:
        """Give this reason to as many of the units that have none yet."""
        units = min(units, self.left)
        if units > 0:
            self.left -= units
            self.found.append(OneSided(self._line.seq, self._line.sku, units, self._since, reason, detail))


def _explain_uncredited(account: Account, line: Line, parts: _Parts, at: date | None) -> None:
    _take_documents(account, Kind.CREDIT_MEMO, line.seq, parts, at)
    item = next((each for each in account.ret.items if each.item_id == line.item_id), None)
    if item is not None and is_even(item, account.ret.currency):
        parts.take(
            parts.left, Reason.EVEN_EXCHANGE, say("for %(sku)s", sku=item.exchange.sku) if item.exchange else _NO_DETAIL
        )
    parts.take(_rejected(account, item, line.seq, at), Reason.REJECTED, say("rejected goods are not credited"))
    sold = account.lines.get(line.ord_line_seq or 0)
    if sold is not None and not sold.paid:
        parts.take(parts.left, Reason.NO_VALUE, say("nothing was paid for them on this order"))
    if item is not None and _waits(account, item):
        open_codes = sorted({each.code for each in account.obstacles if each.by is None})
        detail = say("%(status)s in Reveni", status=item.status)
        if open_codes:
            codes = ", ".join(open_codes)
            detail = say("%(status)s in Reveni; open: %(codes)s", status=item.status, codes=codes)
        parts.take(parts.left, Reason.WAITS_FOR_ACCEPTANCE, detail)
    _take_obstacles(account, parts)


def _waits(account: Account, item: ReturnItem) -> bool:
    status = item_status(item, account.rules)
    return account.rules.judge == "reveni" and status not in (ItemStatus.ACCEPTED, ItemStatus.REJECTED)


def _rejected(account: Account, item: ReturnItem | None, seq: int, at: date | None) -> int:
    """Units that are not accepted: all of a rejected item, else those that lie where a grade says so."""
    rules = account.rules
    if rules.judge == "reveni":
        rejected = item is not None and item_status(item, rules) is ItemStatus.REJECTED
        return sum(each.quantity for each in account.ret.items if rejected and each is item)
    lie: Counter[str] = Counter()
    for line in _lines(account, Kind.INVENTORY_JOURNAL, seq, at):
        lie[line.disposition or ""] += line.qty
    bad = {name for name, grade in rules.grades.items() if not grade.accepts} | {REJECTED}
    return sum(units for how, units in lie.items() if how in bad and how != QUARANTINE)


def _take_documents(account: Account, kind: Kind, seq: int, parts: _Parts, at: date | None) -> None:
    """The other side's documents that came after the date, or are on their way."""
    memo = kind is Kind.CREDIT_MEMO
    for each in account.entries:
        entry = each.entry
        units = sum(line.qty for line in entry.document.lines if _counts(line, kind, seq))
        if entry.document.kind is not kind or not units or entry.state is State.WITHDRAWN:
            continue
        if entry.state is State.POSTED:
            if at is not None and each.dated is not None and each.dated > at:
                reason = Reason.CREDITED_LATER if memo else Reason.RECEIVED_LATER
                parts.take(
                    units, reason, say("%(number)s of %(day)s", number=entry.number or entry.key, day=each.dated)
                )
        elif entry.state is State.REFUSED:
            reason = Reason.MEMO_REFUSED if memo else Reason.JOURNAL_UNDER_WAY
            parts.take(units, reason, quoted(f"{entry.key}: {entry.error_code}"))
        elif each.post_at is not None and memo:
            parts.take(units, Reason.WAITS_FOR_WINDOW, quoted(f"{entry.key}, {each.post_at:%Y-%m-%d %H:%M} UTC"))
        else:
            parts.take(
                units, Reason.MEMO_UNDER_WAY if memo else Reason.JOURNAL_UNDER_WAY, quoted(f"{entry.key} {entry.state}")
            )


def _take_obstacles(account: Account, parts: _Parts) -> None:
    open_codes = sorted({each.code for each in account.obstacles if each.by is None})
    if open_codes:
        parts.take(parts.left, Reason.EXCEPTION, quoted(", ".join(open_codes)))
    ended = sorted({_decided(each) for each in account.obstacles if each.by is not None})
    if ended:
        parts.take(parts.left, Reason.DECIDED, _joined(ended))
    parts.take(parts.left, Reason.NOT_EXPLAINED)


def _decided(obstacle: Obstacle) -> Said:
    return say("%(code)s, by %(who)s", code=obstacle.code, who=obstacle.by)


def _joined(sentences: Sequence[Said]) -> Said:
    first, *rest = sentences
    return say("%(first)s; %(rest)s", first=first, rest=_joined(rest)) if rest else first


def _ra_lines(account: Account) -> Iterable[Line]:
    """The lines of the return authorisation that stands: the last that was posted."""
    posted = [
        each.entry.document
        for each in account.entries
        if each.entry.document.kind is Kind.RETURN_AUTHORISATION and each.entry.state is State.POSTED
    ]
    return max(posted, key=lambda document: document.n).lines if posted else ()


def _units(account: Account, kind: Kind, seq: int, at: date | None) -> tuple[int, date | None]:
    dates = []
    units = 0
    for each in account.entries:
        if each.entry.document.kind is kind and _stands(each, at):
            here = sum(line.qty for line in each.entry.document.lines if _counts(line, kind, seq))
            units += here
            if here and each.dated is not None:
                dates.append(each.dated)
    return units, min(dates, default=None)


def _lines(account: Account, kind: Kind, seq: int, at: date | None) -> Iterable[Line]:
    for each in account.entries:
        if each.entry.document.kind is kind and _stands(each, at):
            yield from (line for line in each.entry.document.lines if line.ra_line_seq == seq)


def _counts(line: Line, kind: Kind, seq: int) -> bool:
    """A transfer moves what was received once; it never receives it again."""
    return line.ra_line_seq == seq and (kind is not Kind.INVENTORY_JOURNAL or line.rec_type == "RT")


def _stands(each: DatedEntry, at: date | None) -> bool:
    posted = each.entry.state is State.POSTED and each.dated is not None
    return posted and (at is None or (each.dated or at) <= at)
