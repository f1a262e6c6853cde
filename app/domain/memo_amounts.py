"""The amounts of credit memos: of what was paid for an order line, the part that its units are, to the cent.

They are fixed when a memo is sent, by what is credited of its order then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.domain.documents import AmountLine, Amounts, Document, Entry
from app.domain.dossier import Dossier
from app.domain.model import CreditedLine, MemoOnOrder, Order, OrderLine
from app.domain.money import Money, total
from app.domain.policy import Kind, Policy


@dataclass(frozen=True, slots=True)
class Credited:
    """What is credited of one order line so far."""

    units: int
    net: Money
    disc: Money
    tax: Money


@dataclass(frozen=True, slots=True)
class Basis:
    """What the amounts of a memo or an exchange order were worked out from: the order, and the memos on it until then.

    Kept with the document, so that its amounts can be worked out again when the order has long changed.
    """

    lines: tuple[OrderLine, ...]
    freight: Money
    freight_tax: Money
    memos: tuple[MemoOnOrder, ...] = ()

    @classmethod
    def of(cls, order: Order, memos: Iterable[MemoOnOrder] = ()) -> Basis:
        """The basis that an order and the memos on it are."""
        return cls(order.lines, order.freight, order.freight_tax, tuple(memos))


def own_memos(entries: Iterable[Entry], ord_num: str) -> list[MemoOnOrder]:
    """The memos of a return on an order that were or may have been made, as BlueCherry would list them."""
    memos = []
    for entry in entries:
        amounts = entry.amounts
        if entry.document.kind is not Kind.CREDIT_MEMO or not entry.fixed or amounts is None:
            continue
        if entry.document.ord_num == ord_num:
            units = units_by_line(entry.document)
            lines = tuple(CreditedLine(x.seq, units[x.seq], x.net, x.disc, x.tax) for x in amounts.lines)
            money = (amounts.freight, amounts.freight_tax, amounts.fee, amounts.total)
            memos.append(MemoOnOrder(entry.number or "", None, None, entry.key, lines, *money))
    return memos


def credited_so_far(memos: Iterable[MemoOnOrder], currency: str) -> dict[int, Credited]:
    """Per order line, the sum of what memos credit of it."""
    nothing = Money.zero(currency)
    so_far: dict[int, Credited] = {}
    for memo in memos:
        for line in memo.lines:
            old = so_far.get(line.ord_line_seq, Credited(0, nothing, nothing, nothing))
            so_far[line.ord_line_seq] = Credited(
                old.units + line.qty, old.net + line.net, old.disc + line.disc, old.tax + line.tax
            )
    return so_far


def part_of_line(line: OrderLine, before: Credited, units: int) -> AmountLine:
    """What `units` more of an order line are credited with, after what was credited `before`.

    For each of net, discount and tax: total × k ÷ n, rounded half up, less what is credited already; never negative
    and never beyond the line.
    """

    def part(whole: Money, credited: Money) -> Money:
        rest = whole.after(min(before.units + units, line.qty_inv), line.qty_inv) - credited
        return rest if Money.zero(rest.currency) <= rest else Money.zero(rest.currency)

    return AmountLine(
        line.line_seq, part(line.net, before.net), part(line.disc, before.disc), part(line.tax, before.tax)
    )


def units_by_line(document: Document) -> dict[int, int]:
    """Units of a memo per order line."""
    units: Counter[int] = Counter()
    for line in document.lines:
        units[line.ord_line_seq or 0] += line.qty
    return dict(units)


def price_memo(
    document: Document, order: Order, memos: Sequence[MemoOnOrder], fees_left: Money, policy: Policy
) -> Amounts:
    """The amounts of a memo, given every memo that stands on its order.

    Freight (policy `all_back`) comes in full on the memo after which every invoiced unit with a value is credited.
    `fees_left` are fees of Reveni that no memo of the return bears yet; they never make a memo negative.
    """
    so_far = credited_so_far(memos, order.currency)
    nothing = Money.zero(order.currency)
    none = Credited(0, nothing, nothing, nothing)
    units = units_by_line(document)
    lines = tuple(part_of_line(order.line(seq), so_far.get(seq, none), count) for seq, count in sorted(units.items()))
    freight, freight_tax = nothing, nothing
    if policy.freight == "all_back" and _all_back(order, so_far, units):
        freight = _rest(order.freight, [memo.freight for memo in memos])
        freight_tax = _rest(order.freight_tax, [memo.freight_tax for memo in memos])
    gross = total([line.net + line.tax for line in lines], order.currency) + freight + freight_tax
    fee = nothing
    if policy.fees == "on_memo":
        fee = fees_left if fees_left <= gross else gross
    return Amounts(lines, freight, freight_tax, fee, gross - fee)


def memos_before(dossier: Dossier, entries: Iterable[Entry], ord_num: str) -> list[MemoOnOrder]:
    """Every memo on an order: those of others, and of the return's own `entries` those that may have been made."""
    return [*dossier.memos.get(ord_num, ()), *own_memos(entries, ord_num)]


def price_next_memo(
    document: Document, order: Order, dossier: Dossier, entries: Sequence[Entry], policy: Policy
) -> Amounts:
    """The amounts of a memo of a return that is made next, after `entries` of its own and what others credited.

    Fees that no memo of the return bears yet may come off it, unless they are in another currency than the order.
    """
    if dossier.ret.currency != order.currency:
        nothing = Money.zero(order.currency)
        return price_memo(document, order, memos_before(dossier, entries, document.ord_num), nothing, policy)
    borne = sum((entry.amounts.fee.amount for entry in entries if entry.amounts and entry.fixed), Decimal(0))
    fees_left = Money.rounded(max(Decimal(0), dossier.ret.fees - borne), order.currency)
    return price_memo(document, order, memos_before(dossier, entries, document.ord_num), fees_left, policy)


def _all_back(order: Order, so_far: Mapping[int, Credited], units: Mapping[int, int]) -> bool:
    for line in order.lines:
        credited = so_far[line.line_seq].units if line.line_seq in so_far else 0
        if line.paid and credited + units.get(line.line_seq, 0) < line.qty_inv:
            return False
    return True


def _rest(whole: Money, credited: list[Money]) -> Money:
    rest = whole - total(credited, whole.currency)
    return rest if Money.zero(whole.currency) <= rest else Money.zero(whole.currency)
