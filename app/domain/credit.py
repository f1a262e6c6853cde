"""Credit memos: which units are credited by which memos, once they are received and accepted.

The rules give units; `memo_amounts` says what they are worth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.domain.blockers import Blocker, Code
from app.domain.documents import Document, Entry, Line, State, document_key
from app.domain.dossier import Dossier, phase, value
from app.domain.exchange import is_even, unclear
from app.domain.memo_amounts import credited_so_far, own_memos, price_memo
from app.domain.model import MemoOnOrder, ReturnItem
from app.domain.money import Money
from app.domain.policy import Kind, Phase, StoreRules
from app.domain.receiving import Arrivals, accepted_units, rejected_units
from app.domain.saying import Said, say

_Target = tuple[str, int]
"""The order line that is credited: order number and line."""


@dataclass(frozen=True, slots=True)
class Released:
    """Items whose units a person in finance has credited though the rules hold them back: those that never came,
    those that were refunded at once and rejected on arrival."""

    never_came: frozenset[str] = frozenset()
    rejected: frozenset[str] = frozenset()


@dataclass(slots=True)
class Credits:
    """Memos that are due, and what stands in the way of more."""

    documents: list[Document] = field(default_factory=list)
    blockers: list[Blocker] = field(default_factory=list)


def credit_memos(
    dossier: Dossier,
    rules: StoreRules,
    standing: Document | None,
    arrived: Arrivals,
    journals: Sequence[Document],
    released: Released,
) -> Credits:
    """The memos of a return: one per step of acceptance, over the units that no memo holds yet.

    Units that somebody credited by hand count, and are no longer due; units without a value are listed beside others,
    never alone.
    """
    entries = dossier.live(Kind.CREDIT_MEMO)
    result = Credits([entry.document for entry in entries if entry.fixed])
    if standing is None or phase(dossier, rules) in (Phase.UNKNOWN, Phase.INCOMPLETE):
        return result
    if dossier.left_order(standing):
        return result
    work = _Crediting(dossier, rules, standing, journals)
    left = work.due(arrived, released)
    for document in result.documents:
        for line in document.lines:
            left[line.ra_line_seq or 0] -= line.qty
    _credited_then_rejected(result, dossier, rules, standing, left)
    work.cap(result, left)
    for entry in entries:
        if not entry.fixed:
            _keep(result, work, entry, left)
    n = max((entry.document.n for entry in entries), default=0)
    for ord_num, lines in sorted(work.lines(left).items()):
        if work.add(result, n + 1, ord_num, lines):
            n += 1
        else:
            work.exhausted(result, ord_num, lines)
    return result


def units_owed(
    dossier: Dossier, rules: StoreRules, standing: Document, arrived: Arrivals, released: Released
) -> Counter[int]:
    """Units to credit per line of the return authorisation, those that are credited already among them."""
    return _Crediting(dossier, rules, standing, ()).due(arrived, released)


def credit_target(dossier: Dossier, standing: Document, ra_line_seq: int) -> _Target | None:
    """The order line that units of a line of the return authorisation are credited from, if that is known."""
    line = next(line for line in standing.lines if line.seq == ra_line_seq)
    seq = line.ord_line_seq or 0
    order = dossier.orders.get(standing.ord_num)
    if order is None or not order.has_line(seq):
        return None
    target = dossier.chain.get(seq) if order.ord_type == "E" and not order.line(seq).paid else (order.ord_num, seq)
    return target if target is not None and dossier.orders[target[0]].has_line(target[1]) else None


def _credited_then_rejected(
    result: Credits, dossier: Dossier, rules: StoreRules, standing: Document, left: Counter[int]
) -> None:
    items = {item.item_id: item for item in dossier.ret.items}
    for line in standing.lines:
        units = -left[line.seq]
        item = items.get(line.item_id or "")
        if units > 0 and item is not None and unclear(item, rules):
            left[line.seq] = 0
        elif units > 0:
            amount = value([(item, units)], dossier.ret.currency) if item else None
            message = say("%(units)s × %(sku)s were credited and are no longer accepted.", units=units, sku=line.sku)
            result.blockers.append(
                Blocker(Code.RETURN_CHANGED, f"{dossier.ret.id}:credited:{line.sku}", message, units, amount)
            )
            left[line.seq] = 0


def _keep(result: Credits, work: _Crediting, entry: Entry, left: Counter[int]) -> None:
    """An unsent memo keeps those of its units that are still due, unless it would be over nothing."""
    document, lines = entry.document, []
    for line in document.lines:
        units = min(line.qty, left[line.ra_line_seq or 0])
        if units > 0 and work.target(line.ra_line_seq or 0) == (document.ord_num, line.ord_line_seq):
            lines.append(replace(line, qty=units))
    if lines and work.add(result, document.n, document.ord_num, lines):
        for line in lines:
            left[line.ra_line_seq or 0] -= line.qty


class _Crediting:
    """The order lines behind the lines of one return authorisation, and how much of them can be credited."""

    def __init__(self, dossier: Dossier, rules: StoreRules, standing: Document, journals: Sequence[Document]) -> None:
        self._dossier = dossier
        self._rules = rules
        self._standing = standing
        self._entries = list(dossier.entries)
        self._journals = journals
        self._items = {item.item_id: item for item in dossier.ret.items}
        self._ra = {line.seq: line for line in standing.lines}

    def due(self, arrived: Arrivals, released: Released) -> Counter[int]:
        """Units to credit per line of the return authorisation, whatever is credited already.

        Never more of an item than Reveni has it with now, should it have changed after its goods came.
        """
        due: Counter[int] = Counter()
        here: Counter[int] = Counter()
        accepted: Counter[str] = Counter()
        for part in arrived.landed:
            here[part.line.seq] += part.units
            item = self._creditable(part.item_id)
            if item is not None:
                creditable = accepted_units(part, item, self._rules)
                if part.item_id in released.rejected:
                    creditable += rejected_units(part, item, self._rules)
                units = min(creditable, item.quantity - accepted[part.item_id])
                accepted[part.item_id] += units
                due[part.line.seq] += units
        for line in self._standing.lines:
            if line.item_id in released.never_came and self._creditable(line.item_id or ""):
                due[line.seq] += line.qty - here[line.seq]
        return due

    def _creditable(self, item_id: str) -> ReturnItem | None:
        item = self._items.get(item_id)
        if item is None or is_even(item, self._dossier.ret.currency):
            return None
        return item

    def target(self, ra_line_seq: int) -> _Target | None:
        """The order line that units are credited from; None when goods of a zero-value order lead to none."""
        return credit_target(self._dossier, self._standing, ra_line_seq)

    def cap(self, result: Credits, left: Counter[int]) -> None:
        """Take out of `left` what cannot be credited: goods without an origin, and what is credited already."""
        own: Counter[_Target] = Counter()
        for document in result.documents:
            for line in document.lines:
                own[document.ord_num, line.ord_line_seq or 0] += line.qty
        for seq in sorted(left):
            if left[seq] <= 0:
                continue
            target = self.target(seq)
            if target is None:
                self._astray(result, seq, left[seq])
                left[seq] = 0
                continue
            can = self._capacity(target, own)
            if left[seq] > can:
                beyond = left[seq] - can
                message = say(
                    "%(units)s × %(sku)s of order %(order)s are credited already.",
                    units=beyond,
                    sku=self._ra[seq].sku,
                    order=target[0],
                )
                self._block(result, Code.ALREADY_CREDITED, f"{target[0]}:{target[1]}", message, seq, beyond)
                left[seq] = can
            own[target] += left[seq]

    def _astray(self, result: Credits, seq: int, units: int) -> None:
        """Tell of units that lead to no order line: theirs was deleted, or what they were exchanged for is unknown."""
        line, ord_num = self._ra[seq], self._standing.ord_num
        if self._dossier.orders[ord_num].has_line(line.ord_line_seq or 0):
            code, cause = Code.EXCHANGE_CHAIN, ord_num
            message = say(
                "%(units)s × %(sku)s came by an exchange of zero value whose origin is not known.",
                units=units,
                sku=line.sku,
            )
        else:
            code, cause = Code.SKU_NOT_ON_ORDER, f"{ord_num}:{line.sku}"
            message = say(
                "Order %(order)s has lost line %(line)s, which %(units)s × %(sku)s are returned on.",
                order=ord_num,
                line=line.ord_line_seq,
                units=units,
                sku=line.sku,
            )
        self._block(result, code, cause, message, seq, units)

    def _capacity(self, target: _Target, own: Mapping[_Target, int]) -> int:
        dossier = self._dossier
        line = dossier.orders[target[0]].line(target[1])
        credited, here = 0, 0
        numbers = {e.number for e in dossier.entries if e.document.kind is Kind.RETURN_AUTHORISATION and e.number}
        for memo in dossier.memos.get(target[0], ()):
            units = sum(part.qty for part in memo.lines if part.ord_line_seq == target[1])
            credited += units
            if memo.ref_num2 == dossier.ret.id or (memo.ra_num is not None and memo.ra_num in numbers):
                here += units
        free = line.qty_inv - credited - dossier.reserved.get(target, 0) - own.get(target, 0)
        announced = sum(each.qty for each in self._ra.values() if self.target(each.seq) == target)
        return max(0, min(free, announced - here - own.get(target, 0)))

    def _block(self, result: Credits, code: Code, cause: str, message: Said, seq: int, units: int) -> None:
        item = self._items.get(self._ra[seq].item_id or "")
        amount = value([(item, units)], self._dossier.ret.currency) if item else None
        result.blockers.append(Blocker(code, cause, message, units, amount))

    def lines(self, left: Mapping[int, int]) -> dict[str, list[Line]]:
        """Memo lines over the units that are left, by the order that they are credited from."""
        found: dict[str, list[Line]] = {}
        for seq, units in sorted(left.items()):
            target = self.target(seq)
            if units > 0 and target is not None:
                ord_num, line_seq = target
                sku = self._dossier.orders[ord_num].line(line_seq).sku
                item_id = self._ra[seq].item_id
                line = Line(0, sku, units, ord_line_seq=line_seq, ra_line_seq=seq, item_id=item_id)
                found.setdefault(ord_num, []).append(line)
        return found

    def add(self, result: Credits, n: int, ord_num: str, lines: Sequence[Line]) -> bool:
        """Make a memo due, unless it would be over nothing once those before it are made."""
        order = self._dossier.orders[ord_num]
        document = self._memo(n, ord_num, lines)
        nothing = Money.zero(order.currency)
        amounts = price_memo(document, order, self._memos(ord_num), nothing, self._rules.policy)
        if not amounts.total or not any(order.line(line.ord_line_seq or 0).paid for line in lines):
            return False
        result.documents.append(document)
        self._entries.append(Entry(document, State.SENDING, True, amounts=amounts))
        return True

    def exhausted(self, result: Credits, ord_num: str, lines: Sequence[Line]) -> None:
        """Tell finance of units with a value for which nothing is left: somebody credited more for fewer units."""
        order = self._dossier.orders[ord_num]
        so_far = credited_so_far(self._memos(ord_num), order.currency)
        for line in lines:
            sold, before = order.line(line.ord_line_seq or 0), so_far.get(line.ord_line_seq or 0)
            if before is None:
                continue
            share = sold.net.after(before.units, sold.qty_inv) + sold.tax.after(before.units, sold.qty_inv)
            if share < before.net + before.tax:
                message = say(
                    "What was paid for %(units)s × %(sku)s of order %(order)s is credited already.",
                    units=line.qty,
                    sku=line.sku,
                    order=ord_num,
                )
                cause = f"{ord_num}:{sold.line_seq}"
                self._block(result, Code.ALREADY_CREDITED, cause, message, line.ra_line_seq or 0, line.qty)

    def _memos(self, ord_num: str) -> list[MemoOnOrder]:
        return [*self._dossier.memos.get(ord_num, ()), *own_memos(self._entries, ord_num)]

    def _memo(self, n: int, ord_num: str, lines: Sequence[Line]) -> Document:
        # It follows the journals of the units that it credits.
        key = document_key(Kind.CREDIT_MEMO, self._dossier.ret.id, n)
        credited = {line.ra_line_seq for line in lines}
        journals = [
            document.key
            for document in self._journals
            if any(line.rec_type == "RT" and line.ra_line_seq in credited for line in document.lines)
        ]
        numbered = tuple(replace(line, seq=seq) for seq, line in enumerate(lines, start=1))
        after = (self._standing.key, *journals)
        return Document(key, Kind.CREDIT_MEMO, n, ord_num, numbered, after, source=self._standing.key)
