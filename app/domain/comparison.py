"""The comparison of two books: what the bridge would have posted in shadow, and what people entered by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from app.domain.money import Money
from app.domain.policy import Kind

COMPARED = (Kind.RETURN_AUTHORISATION, Kind.INVENTORY_JOURNAL, Kind.CREDIT_MEMO, Kind.EXCHANGE_ORDER)
"""The kinds that are compared: what cancels a document takes it out of its book, what closes one changes nothing."""


_Place = tuple[Kind, str | None]
"""A kind of document on an order."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A document that stands in one of the books.

    `return_id`: None where nobody wrote down which return it is of. `ord_num`: the order it is of; None where the book
    does not tell. `units`: as BlueCherry's feed counts them, a transfer being none. `total`: None for a kind without
    amounts.
    """

    kind: Kind
    number: str
    return_id: str | None
    ord_num: str | None
    units: int
    total: Money | None = None


class Outcome(StrEnum):
    """What a comparison found."""

    SAME = "same"
    DIFFERS = "differs"
    ONLY_BRIDGE = "only_bridge"
    ONLY_BY_HAND = "only_by_hand"


@dataclass(slots=True)
class Side:
    """The documents of one book that are compared together: their numbers, orders, units, and sums by currency."""

    numbers: list[str] = field(default_factory=list)
    orders: set[str] = field(default_factory=set)
    units: int = 0
    sums: dict[str, Money] = field(default_factory=dict)

    def add(self, document: Listed) -> None:
        """Count a document in."""
        self.numbers.append(document.number)
        self.units += document.units
        if document.ord_num is not None:
            self.orders.add(document.ord_num)
        if document.total is not None:
            add_money(self.sums, document.total)


@dataclass(slots=True)
class Compared:
    """Documents of one kind that belong together, by return or, where that is not written down, by order."""

    kind: Kind
    returns: set[str] = field(default_factory=set)
    bridge: Side = field(default_factory=Side)
    by_hand: Side = field(default_factory=Side)

    @property
    def orders(self) -> set[str]:
        """The orders that either book names."""
        return self.bridge.orders | self.by_hand.orders

    @property
    def outcome(self) -> Outcome:
        """What was found. Two books that name different orders differ, whatever the sums."""
        if not self.by_hand.numbers:
            return Outcome.ONLY_BRIDGE
        if not self.bridge.numbers:
            return Outcome.ONLY_BY_HAND
        elsewhere = self.bridge.orders and self.by_hand.orders and self.bridge.orders != self.by_hand.orders
        same = self.bridge.units == self.by_hand.units and self.bridge.sums == self.by_hand.sums
        return Outcome.SAME if same and not elsewhere else Outcome.DIFFERS


@dataclass(frozen=True, slots=True)
class Summary:
    """How many comparisons had each outcome, and what credit memos come to in each book, by currency."""

    counts: Mapping[Outcome, int]
    credited_by_bridge: Mapping[str, Money]
    credited_by_hand: Mapping[str, Money]

    @property
    def all_same(self) -> bool:
        """Whether no difference was found."""
        return not any(count for outcome, count in self.counts.items() if outcome is not Outcome.SAME)


def compare(bridge: Iterable[Listed], by_hand: Iterable[Listed]) -> list[Compared]:
    """Set the books against each other, kind by kind.

    Documents go together by their return. Where one entered by hand names no return, all documents of its kind on its
    order are compared together, since nobody can say which of several returns it is of. Every document is in exactly
    one comparison, whatever the order in which they come; splitting one in two makes no difference.
    """
    ours, theirs = list(bridge), list(by_hand)
    loose: set[_Place] = {(each.kind, each.ord_num) for each in theirs if each.return_id is None and each.ord_num}
    found: dict[tuple[Kind, str, str], Compared] = {}
    for documents, is_ours in ((ours, True), (theirs, False)):
        for document in documents:
            group = found.setdefault(_group(document, loose), Compared(document.kind))
            (group.bridge if is_ours else group.by_hand).add(document)
            if document.return_id is not None:
                group.returns.add(document.return_id)
    return [found[key] for key in sorted(found, key=lambda key: (key[1], key[2], COMPARED.index(key[0])))]


def _group(document: Listed, loose: set[_Place]) -> tuple[Kind, str, str]:
    if document.return_id is not None and (document.kind, document.ord_num) not in loose:
        return document.kind, "return", document.return_id
    if document.ord_num is not None:
        return document.kind, "order", document.ord_num
    return document.kind, "document", document.number


def summarise(compared: Sequence[Compared]) -> Summary:
    """Count outcomes and add up credit memos."""
    counts = dict.fromkeys(Outcome, 0)
    bridge: dict[str, Money] = {}
    by_hand: dict[str, Money] = {}
    for each in compared:
        counts[each.outcome] += 1
        if each.kind is Kind.CREDIT_MEMO:
            for sums, side in ((bridge, each.bridge), (by_hand, each.by_hand)):
                for money in side.sums.values():
                    add_money(sums, money)
    return Summary(counts, bridge, by_hand)


def add_money(sums: dict[str, Money], money: Money) -> None:
    """Add money to the sum of its currency."""
    sums[money.currency] = sums.get(money.currency, Money.zero(money.currency)) + money
