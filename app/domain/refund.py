"""Reveni's refund and the credit memos: what was paid out and what the books say, to the minor unit.

The comparison stands beside the books. It holds no document up; a difference is for finance to see.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.domain.blockers import Blocker, Code, Side
from app.domain.credit import Released, credit_target, units_owed
from app.domain.documents import Document, Entry, State
from app.domain.dossier import Dossier, item_status, phase
from app.domain.exchange import is_even, judged_units
from app.domain.mismatch import Gap, ItemCredit, reason
from app.domain.model import MemoOnOrder, ReturnItem
from app.domain.money import Money, total
from app.domain.policy import ItemStatus, Kind, Phase, StoreRules
from app.domain.receiving import Arrivals
from app.domain.saying import say

_NOT_COMPARED = frozenset({Phase.UNKNOWN, Phase.INCOMPLETE, Phase.CANCELLED})


@dataclass(frozen=True, slots=True)
class _Standing:
    """What is credited for a return. `before_fees` is the memos' sum with the fees that they bear added again."""

    before_fees: Money
    freight: Money
    items: tuple[ItemCredit, ...]
    names: tuple[str, ...]


def refund_mismatch(
    dossier: Dossier,
    rules: StoreRules,
    standing: Document | None,
    arrived: Arrivals,
    memos: Sequence[Document],
    released: Released,
) -> list[Blocker]:
    """One blocker when Reveni refunded something else than is credited, give or take fees and bonuses in full.

    Compared once Reveni has refunded and every unit that is to be credited is. Units that never came, and those that
    were refunded at once and rejected, have codes of their own; a return with such is not compared.
    """
    ret = dossier.ret
    refund = ret.refund
    if refund is None or refund.refunded_at is None or phase(dossier, rules) in _NOT_COMPARED:
        return []
    if standing is None or standing.ord_num not in dossier.orders:
        return []
    credited = _credited(dossier, rules, standing, arrived, memos, released)
    if credited is None or not _exchanged(dossier, credited):
        return []
    paid = Money.rounded(ret.amount if refund.amount is None else refund.amount, ret.currency)
    if ret.currency != credited.before_fees.currency:
        text = say(
            "Reveni refunded %(paid)s %(currency)s; the order is in %(other)s.",
            paid=paid,
            currency=ret.currency,
            other=credited.before_fees.currency,
        )
        return [Blocker(Code.REFUND_MISMATCH, ret.id, text, amount=paid)]
    fees, bonus = Money.rounded(ret.fees, ret.currency), Money.rounded(ret.bonus, ret.currency)
    bases = list(_bases(dossier, credited))
    expected = [_floor(base - fee + extra) for base in bases for fee, extra in _settlements(fees, bonus)]
    if paid in expected:
        return []
    gap = Gap(
        paid=paid,
        expected=tuple(expected),
        items=credited.items,
        freight=credited.freight,
        sold_freight=_freight_sold(dossier, standing),
        fees=fees,
        bonus=bonus,
        left_out=tuple(_left_out(dossier, credited)),
    )
    return [_blocker(ret.id, gap, credited)]


def _blocker(return_id: str, gap: Gap, credited: _Standing) -> Blocker:
    currency, due = gap.paid.currency, gap.expected[0]
    difference = gap.paid - due if due < gap.paid else due - gap.paid
    told = {"amount": difference, "currency": currency, "why": reason(gap)}
    if due < gap.paid:
        off = say("%(amount)s %(currency)s too much was refunded: %(why)s.", **told)
    else:
        off = say("%(amount)s %(currency)s too little was refunded: %(why)s.", **told)
    message = say(
        "Reveni refunded %(paid)s %(currency)s. Credited are %(credited)s %(currency)s%(memos)s; "
        "less fees of %(fees)s and with a bonus of %(bonus)s that makes %(due)s %(currency)s. %(off)s",
        paid=gap.paid,
        currency=currency,
        credited=credited.before_fees,
        memos=say(" on %(names)s", names=", ".join(credited.names)) if credited.names else "",
        fees=gap.fees,
        bonus=gap.bonus,
        due=due,
        off=off,
    )
    side = Side.OVER if due < gap.paid else Side.UNDER
    return Blocker(Code.REFUND_MISMATCH, return_id, message, amount=difference, side=side)


def _settlements(fees: Money, bonus: Money) -> list[tuple[Money, Money]]:
    """Fees and bonus as they may have been settled, the usual way first: in the refund, or beside it."""
    nothing = Money.zero(fees.currency)
    return [(fees, bonus), (fees, nothing), (nothing, bonus), (nothing, nothing)]


def _floor(amount: Money) -> Money:
    nothing = Money.zero(amount.currency)
    return amount if nothing <= amount else nothing


def _bases(dossier: Dossier, credited: _Standing) -> Iterator[Money]:
    """What the refund is made from before fees and bonus: the goods that were not exchanged.

    With uneven exchanges two more readings are as good: all old goods less the new ones (Reveni's help centre), and
    item by item, where the customer paid for dearer goods beside the refund.
    """
    paid_in = credited.before_fees.currency
    kept = credited.before_fees - total([each.net + each.tax for each in _swapped(credited)], paid_in)
    yield kept
    new = _new_goods(dossier)
    if new:
        yield credited.before_fees - total(list(new.values()), paid_in)
        old: dict[str, Money] = {}
        for each in _swapped(credited):
            item_id = each.item.item_id
            old[item_id] = old.get(item_id, Money.zero(paid_in)) + each.net + each.tax
        yield kept + total([_floor(old[item_id] - new[item_id]) for item_id in old if item_id in new], paid_in)


def _swapped(credited: _Standing) -> list[ItemCredit]:
    """Old goods that are credited in full, as what the customer got for them has another price."""
    return [each for each in credited.items if each.item.exchange is not None]


def _new_goods(dossier: Dossier) -> dict[str, Money]:
    """What new goods cost by item, tax included, on exchange orders that stand in BlueCherry."""
    found: dict[str, Money] = {}
    for entry in dossier.live(Kind.EXCHANGE_ORDER):
        if entry.state is not State.POSTED or entry.amounts is None or dossier.cancelled(entry.key, Kind.ORDER_CANCEL):
            continue
        for line, part in zip(entry.document.lines, entry.amounts.lines, strict=True):
            found[line.item_id or ""] = part.net + part.tax
    return found


def _exchanged(dossier: Dossier, credited: _Standing) -> bool:
    """Whether every exchange whose old goods are credited has its order: until then nobody knows what is owed."""
    return {each.item.item_id for each in _swapped(credited)} <= set(_new_goods(dossier))


def _credited(
    dossier: Dossier,
    rules: StoreRules,
    standing: Document,
    arrived: Arrivals,
    memos: Sequence[Document],
    released: Released,
) -> _Standing | None:
    """What is credited for the return; None while something of it still is to be, or has a code of its own."""
    owed = units_owed(dossier, rules, standing, arrived, released)
    due: Counter[str] = Counter()
    for line in standing.lines:
        due[line.item_id or ""] += owed[line.seq]
    for item in dossier.ret.items:
        if (
            not is_even(item, dossier.ret.currency)
            and _accepted(dossier, item, rules, arrived, released) != due[item.item_id]
        ):
            return None
    own = [entry for entry in dossier.live(Kind.CREDIT_MEMO) if entry.state is State.POSTED and entry.amounts]
    if {document.key for document in memos} != {entry.key for entry in own}:
        return None
    by_hand = _by_hand(dossier)
    if not _covered(dossier, standing, owed, own, by_hand):
        return None
    currency = dossier.orders[standing.ord_num].currency
    sums = [entry.amounts for entry in own if entry.amounts]
    whole = [each.total + each.fee for each in sums] + [memo.total + memo.fee for _, memo in by_hand]
    freight = [each.freight + each.freight_tax for each in sums]
    freight += [memo.freight + memo.freight_tax for _, memo in by_hand]
    names = (*(entry.key for entry in own), *(memo.memo_num for _, memo in by_hand))
    return _Standing(total(whole, currency), total(freight, currency), tuple(_items(dossier, own)), names)


def _accepted(
    dossier: Dossier, item: ReturnItem, rules: StoreRules, arrived: Arrivals, released: Released
) -> int | None:
    """Units of an item that are to be credited in the end; None while nobody has said, or another code says it."""
    refunded_at_once = dossier.ret.instant and item.exchange is None and item.item_id not in released.rejected
    if rules.judge == "reveni":
        status = item_status(item, rules)
        if status is ItemStatus.REJECTED:
            return (item.quantity if item.item_id in released.rejected else 0) if not refunded_at_once else None
        return item.quantity if status is ItemStatus.ACCEPTED else None
    judged, accepted = judged_units(item, rules, arrived)
    let_go = item.quantity - arrived.units(item.item_id) if item.item_id in released.never_came else 0
    if judged + let_go != item.quantity or (refunded_at_once and accepted < judged):
        return None
    return (judged if item.item_id in released.rejected else accepted) + let_go


def _by_hand(dossier: Dossier) -> list[tuple[str, MemoOnOrder]]:
    """Memos that somebody made for this return, with the order that each is on."""
    numbers = {e.number for e in dossier.live(Kind.RETURN_AUTHORISATION) if e.number}
    return [
        (ord_num, memo)
        for ord_num, memos in sorted(dossier.memos.items())
        for memo in memos
        if memo.ref_num2 == dossier.ret.id or (memo.ra_num is not None and memo.ra_num in numbers)
    ]


def _covered(
    dossier: Dossier,
    standing: Document,
    owed: Mapping[int, int],
    own: Sequence[Entry],
    by_hand: Sequence[tuple[str, MemoOnOrder]],
) -> bool:
    """Whether memos hold all units that are owed, but those without a value."""
    wanted: Counter[tuple[str, int]] = Counter()
    for seq, units in owed.items():
        target = credit_target(dossier, standing, seq)
        if units and target is None:
            return False
        if units and target is not None and dossier.orders[target[0]].line(target[1]).paid:
            wanted[target] += units
    held: Counter[tuple[str, int]] = Counter()
    for entry in own:
        for line in entry.document.lines:
            held[entry.document.ord_num, line.ord_line_seq or 0] += line.qty
    for ord_num, memo in by_hand:
        for part in memo.lines:
            held[ord_num, part.ord_line_seq] += part.qty
    return all(held[target] >= units for target, units in wanted.items())


def _items(dossier: Dossier, own: Sequence[Entry]) -> Iterator[ItemCredit]:
    """What own memos credit for each item: of an order line that several share, each has its part by units."""
    items = {item.item_id: item for item in dossier.ret.items}
    for entry in own:
        amounts = {line.seq: line for line in entry.amounts.lines} if entry.amounts else {}
        on_line: Counter[int] = Counter()
        for line in entry.document.lines:
            on_line[line.ord_line_seq or 0] += line.qty
        gone: Counter[int] = Counter()
        for line in entry.document.lines:
            seq = line.ord_line_seq or 0
            item, part, of = items.get(line.item_id or ""), amounts.get(seq), on_line[seq]
            before, after = gone[seq], gone[seq] + line.qty
            gone[seq] = after
            if item is not None and part is not None and dossier.orders[entry.document.ord_num].has_line(seq):
                net, tax, disc = (
                    whole.after(after, of) - whole.after(before, of) for whole in (part.net, part.tax, part.disc)
                )
                sold = dossier.orders[entry.document.ord_num].line(seq)
                yield ItemCredit(item, sold, line.qty, net, tax, disc)


def _left_out(dossier: Dossier, credited: _Standing) -> Iterator[tuple[ReturnItem, int]]:
    held: Counter[str] = Counter()
    for each in credited.items:
        held[each.item.item_id] += each.units
    for item in dossier.ret.items:
        if item.quantity > held[item.item_id]:
            yield item, item.quantity - held[item.item_id]


def _freight_sold(dossier: Dossier, standing: Document) -> tuple[Money, Money]:
    order = dossier.orders[standing.ord_num]
    return order.freight, order.freight_tax
