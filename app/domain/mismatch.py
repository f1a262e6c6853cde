"""Why a refund differs from what is credited: explanations are tried in turn, and the first that fits is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from app.domain.model import OrderLine, ReturnItem
from app.domain.money import Money, minor_unit

Explanation = tuple[Decimal, str]
"""By how much the refund would be greater than what was to be expected, and the words for it."""


@dataclass(frozen=True, slots=True)
class ItemCredit:
    """What a memo credits for units of an item, and the order line that they were bought on."""

    item: ReturnItem
    sold: OrderLine
    units: int
    net: Money
    tax: Money
    disc: Money

    @property
    def unit_paid(self) -> Decimal:
        """What was paid for one unit, tax included, not rounded; nothing where the invoice was taken back."""
        return self.sold.paid.amount / self.sold.qty_inv if self.sold.qty_inv else Decimal(0)

    @property
    def asked(self) -> Decimal:
        """What Reveni's price makes of the units."""
        return self.item.price * self.units


@dataclass(frozen=True, slots=True)
class Gap:
    """A refund that differs. `expected`: the sums that would have been right, the usual one first.

    `freight`: on the memos, tax included; `sold_freight`: on the order, without and of tax. `left_out`: units of items
    that no memo holds.
    """

    paid: Money
    expected: tuple[Money, ...]
    items: tuple[ItemCredit, ...]
    freight: Money
    sold_freight: tuple[Money, Money]
    fees: Money
    bonus: Money
    left_out: tuple[tuple[ReturnItem, int], ...]


def reason(gap: Gap) -> str:
    """The first explanation that makes up the whole difference, to the minor unit."""
    step = minor_unit(gap.paid.currency)
    difference = (gap.paid - gap.expected[0]).amount
    # Net, tax and refund are each rounded once.
    close = all(abs(each.item.price - each.unit_paid) < step for each in gap.items)
    if close and gap.items and abs(difference) <= step * 2 * len(gap.items):
        return "each side rounds to the minor unit by itself"
    differences = list(dict.fromkeys((gap.paid - each).amount for each in gap.expected))
    explanations = list(_explanations(gap))
    for amount in differences:
        for explained, words in explanations:
            if explained and Money.rounded(explained, gap.paid.currency).amount == amount:
                return words
    return "no single cause makes up the difference"


def _explanations(gap: Gap) -> Iterator[Explanation]:
    yield from _partial(gap)
    yield from _freight(gap)
    yield from _prices(gap)
    yield from _units(gap)
    yield -gap.fees.amount, f"the fees of {gap.fees} were taken off twice"
    yield gap.bonus.amount, f"the bonus of {gap.bonus} was paid twice"
    if gap.freight:
        price = _wrong_prices(gap) - gap.freight.amount
        yield price, f"freight of {gap.freight} is credited and was not refunded, and unit prices differ"


def _partial(gap: Gap) -> Iterator[Explanation]:
    for item, units in gap.left_out:
        why = "were exchanged" if item.exchange is not None else "were not accepted"
        yield item.price * units, f"it holds {units} × {item.sku}, which {why}"
    if len(gap.left_out) > 1:
        units = sum(count for _, count in gap.left_out)
        amount = sum((item.price * count for item, count in gap.left_out), Decimal(0))
        yield amount, f"it holds {units} units that were exchanged or not accepted"


def _freight(gap: Gap) -> Iterator[Explanation]:
    yield -gap.freight.amount, f"freight of {gap.freight} is credited and was not refunded"
    net, tax = gap.sold_freight
    if not gap.freight:
        yield (net + tax).amount, f"freight of {net + tax} was refunded, which the store does not credit"
        yield net.amount, f"freight of {net} (without tax) was refunded, which the store does not credit"


def _prices(gap: Gap) -> Iterator[Explanation]:
    """Reveni reckons with another price: without tax, before discount, or simply another."""
    groups = [gap.items] if len(gap.items) == 1 else [gap.items, *((each,) for each in gap.items)]
    for group in filter(None, groups):
        of = group[0].item.sku if len({each.item.sku for each in group}) == 1 else "all items"
        tax = sum((each.tax.amount for each in group), Decimal(0))
        yield -tax, f"{of} refunded without the tax of {tax}"
        yield tax, f"{of} refunded with the tax of {tax} added once more"
        listed = sum((each.disc.amount * (1 + each.sold.tax_rate) for each in group), Decimal(0))
        yield listed, f"{of} refunded at list price, without the discount that was given"
        before = sum((each.disc.amount for each in group), Decimal(0))
        yield before, f"{of} refunded without taking off the discount of {before}"
        yield before - tax, f"{of} refunded at list price without tax"
    wrong = [each for each in gap.items if abs(each.item.price - each.unit_paid) >= minor_unit(gap.paid.currency)]
    if wrong:
        named = ", ".join(f"{each.item.sku} at {each.item.price} instead of {_short(each)}" for each in wrong)
        yield _wrong_prices(gap), f"wrong unit price: {named}"


def _short(credit: ItemCredit) -> str:
    return str(Money.rounded(credit.unit_paid, credit.net.currency))


def _wrong_prices(gap: Gap) -> Decimal:
    """What the prices that Reveni has make more than was paid for the same units."""
    return sum((each.asked - (each.net + each.tax).amount for each in gap.items), Decimal(0))


def _units(gap: Gap) -> Iterator[Explanation]:
    for each in gap.items:
        for count in range(1, each.units + 1):
            yield -each.item.price * count, f"{count} × {each.item.sku} fewer refunded than are credited"
        yield each.item.price, f"one unit of {each.item.sku} more refunded than is credited"
