"""Why a refund differs from what is credited: explanations are tried in turn, and the first that fits is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from app.domain.model import OrderLine, ReturnItem
from app.domain.money import Money, minor_unit
from app.domain.saying import Said, say

Explanation = tuple[Decimal, Said]
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


def reason(gap: Gap) -> Said:
    """The first explanation that makes up the whole difference, to the minor unit."""
    step = minor_unit(gap.paid.currency)
    difference = (gap.paid - gap.expected[0]).amount
    # Net, tax and refund are each rounded once.
    close = all(abs(each.item.price - each.unit_paid) < step for each in gap.items)
    if close and gap.items and abs(difference) <= step * 2 * len(gap.items):
        return say("each side rounds to the minor unit by itself")
    differences = list(dict.fromkeys((gap.paid - each).amount for each in gap.expected))
    explanations = list(_explanations(gap))
    for amount in differences:
        for explained, words in explanations:
            if explained and Money.rounded(explained, gap.paid.currency).amount == amount:
                return words
    return say("no single cause makes up the difference")


def _explanations(gap: Gap) -> Iterator[Explanation]:
    yield from _partial(gap)
    yield from _freight(gap)
    yield from _prices(gap)
    yield from _units(gap)
    yield -gap.fees.amount, say("the fees of %(fees)s were taken off twice", fees=gap.fees)
    yield gap.bonus.amount, say("the bonus of %(bonus)s was paid twice", bonus=gap.bonus)
    if gap.freight:
        price = _wrong_prices(gap) - gap.freight.amount
        yield (
            price,
            say("freight of %(freight)s is credited and was not refunded, and unit prices differ", freight=gap.freight),
        )


def _partial(gap: Gap) -> Iterator[Explanation]:
    for item, units in gap.left_out:
        if item.exchange is not None:
            why = say("it holds %(units)s × %(sku)s, which were exchanged", units=units, sku=item.sku)
        else:
            why = say("it holds %(units)s × %(sku)s, which were not accepted", units=units, sku=item.sku)
        yield item.price * units, why
    if len(gap.left_out) > 1:
        units = sum(count for _, count in gap.left_out)
        amount = sum((item.price * count for item, count in gap.left_out), Decimal(0))
        yield amount, say("it holds %(units)s units that were exchanged or not accepted", units=units)


def _freight(gap: Gap) -> Iterator[Explanation]:
    yield -gap.freight.amount, say("freight of %(freight)s is credited and was not refunded", freight=gap.freight)
    net, tax = gap.sold_freight
    if not gap.freight:
        paid = net + tax
        yield (
            paid.amount,
            say("freight of %(freight)s was refunded, which the store does not credit", freight=paid),
        )
        yield (
            net.amount,
            say("freight of %(freight)s (without tax) was refunded, which the store does not credit", freight=net),
        )


def _prices(gap: Gap) -> Iterator[Explanation]:
    """Reveni reckons with another price: without tax, before discount, or simply another."""
    groups = [gap.items] if len(gap.items) == 1 else [gap.items, *((each,) for each in gap.items)]
    for group in filter(None, groups):
        of = group[0].item.sku if len({each.item.sku for each in group}) == 1 else say("all items")
        tax = sum((each.tax.amount for each in group), Decimal(0))
        yield -tax, say("%(what)s refunded without the tax of %(tax)s", what=of, tax=tax)
        yield tax, say("%(what)s refunded with the tax of %(tax)s added once more", what=of, tax=tax)
        listed = sum((each.disc.amount * (1 + each.sold.tax_rate) for each in group), Decimal(0))
        yield listed, say("%(what)s refunded at list price, without the discount that was given", what=of)
        before = sum((each.disc.amount for each in group), Decimal(0))
        yield before, say("%(what)s refunded without taking off the discount of %(discount)s", what=of, discount=before)
        yield before - tax, say("%(what)s refunded at list price without tax", what=of)
    wrong = [each for each in gap.items if abs(each.item.price - each.unit_paid) >= minor_unit(gap.paid.currency)]
    if wrong:
        named = ", ".join(f"{each.item.sku} at {each.item.price} instead of {_short(each)}" for each in wrong)
        yield _wrong_prices(gap), say("wrong unit price: %(prices)s", prices=named)


def _short(credit: ItemCredit) -> str:
    return str(Money.rounded(credit.unit_paid, credit.net.currency))


def _wrong_prices(gap: Gap) -> Decimal:
    """What the prices that Reveni has make more than was paid for the same units."""
    return sum((each.asked - (each.net + each.tax).amount for each in gap.items), Decimal(0))


def _units(gap: Gap) -> Iterator[Explanation]:
    for each in gap.items:
        for count in range(1, each.units + 1):
            yield (
                -each.item.price * count,
                say(
                    "%(units)s × %(sku)s fewer refunded than are credited",
                    units=count,
                    sku=each.item.sku,
                ),
            )
        yield each.item.price, say("one unit of %(sku)s more refunded than is credited", sku=each.item.sku)
