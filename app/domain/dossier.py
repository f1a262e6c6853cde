"""The dossier: all that is known of one return when the rules look at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from app.domain.blockers import Blocker, Code, Side
from app.domain.documents import Document, Entry, State
from app.domain.model import MemoOnOrder, Order, Receipt, Return, ReturnItem
from app.domain.money import Money
from app.domain.policy import ItemStatus, Kind, Phase, StoreRules
from app.domain.saying import Said


class SkuState(StrEnum):
    """What the item master says of a SKU."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about a blocker: `resolved` ends it, `release` has its units credited all the same.

    `order` picks the sales order `value`; `quantity` corrects an item to fewer units (`value`: ``ITEM=UNITS``);
    `next_period` lets memos stand in the next open period. `amount`, `side`: what a `resolved` blocker held up when it
    was ended; None where nobody knew, or knows any more, and where a release ended it: then whatever it comes to.
    """

    code: str
    cause: str
    receipt_id: str
    action: str
    value: str | None = None
    amount: Money | None = None
    side: Side | None = None

    def ends(self, blocker: Blocker) -> bool:
        """Whether a blocker is over by it: another action mends what raised one, a larger sum wants a new word."""
        if self.action not in ("resolved", "release") or (self.code, self.cause, self.receipt_id) != blocker.identity:
            return False
        if self.amount is None or blocker.amount is None:
            return True
        if self.amount.currency != blocker.amount.currency:
            return False
        return blocker.amount <= self.amount and blocker.side == self.side


@dataclass(frozen=True, slots=True)
class Dossier:
    """One return with everything that bears on its documents.

    `order` is the order that the goods are returned on; `problem` says why there is none. `orders` holds it and the
    orders that an exchange led away from, by number; `chain` leads from a line of a zero-value order to the line that
    it was exchanged for. `catalogue` has a state for each BlueCherry SKU of the return. `taken`: units per order line
    on other live return authorisations. `memos`: memos on each order that are not this return's own; `reserved`: units
    that other returns' unsent memos hold, by order and line. `accepted_since`: when Reveni was first seen to accept.
    `inactive_returnable`: whether BlueCherry takes inactive items on return authorisations (profile).
    """

    ret: Return
    order: Order | None
    problem: Code | None = None
    problem_detail: Said | None = None
    orders: Mapping[str, Order] = field(default_factory=dict)
    chain: Mapping[int, tuple[str, int]] = field(default_factory=dict)
    catalogue: Mapping[str, SkuState] = field(default_factory=dict)
    upcs: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    receipts: tuple[Receipt, ...] = ()
    entries: tuple[Entry, ...] = ()
    taken: Mapping[int, int] = field(default_factory=dict)
    memos: Mapping[str, tuple[MemoOnOrder, ...]] = field(default_factory=dict)
    reserved: Mapping[tuple[str, int], int] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()
    accepted_since: datetime | None = None
    inactive_returnable: bool = False

    def sku(self, sku: str) -> str:
        """BlueCherry's SKU for one of the shop's: the alias that a person named, else the SKU itself."""
        return self.aliases.get(sku, sku)

    def live(self, kind: Kind) -> list[Entry]:
        """The ledger's entries of a kind that stand or may come to stand, by number."""
        found = [e for e in self.entries if e.document.kind is kind and e.live]
        return sorted(found, key=lambda entry: entry.document.n)

    def undone(self, key: str, kind: Kind) -> Entry | None:
        """The live entry that cancels or closes a document."""
        for entry in self.live(kind):
            if entry.document.source == key:
                return entry
        return None

    def cancelled(self, key: str, kind: Kind) -> bool:
        """Whether the document was cancelled in BlueCherry by the bridge."""
        entry = self.undone(key, kind)
        return entry is not None and entry.state is State.POSTED

    def left_order(self, document: Document) -> bool:
        """Whether Reveni names another order by now than the one that a document was made on."""
        return self.order is None or self.order.ord_num != document.ord_num

    def released(self, code: Code, cause: str) -> bool:
        """Whether a person in finance released a credit that the rules hold back."""
        return any(d.action == "release" and d.code == code and d.cause == cause for d in self.decisions)

    def decided(self, blocker: Blocker) -> bool:
        """Whether a person ended this blocker, as it stands now."""
        return any(decision.ends(blocker) for decision in self.decisions)


def corrected(ret: Return, decisions: Sequence[Decision]) -> Return:
    """The return with the quantities that people corrected, the last word for an item: never more than Reveni says."""
    words = [d.value.rpartition("=") for d in decisions if d.action == "quantity" and d.value]
    units = {item_id: int(number) for item_id, _, number in words}
    if not units:
        return ret
    items = [replace(item, quantity=min(item.quantity, units.get(item.item_id, item.quantity))) for item in ret.items]
    return replace(ret, items=tuple(items))


def phase(dossier: Dossier, rules: StoreRules) -> Phase:
    """What the return's status means in its store."""
    return rules.phase_of(dossier.ret.status)


def item_status(item: ReturnItem, rules: StoreRules) -> ItemStatus:
    """What the item's status means in its store."""
    return rules.item_status_of(item.status)


def value(items: list[tuple[ReturnItem, int]], currency: str) -> Money:
    """What units of items were bought for, tax included: price × units, in the return's currency."""
    amount = Money.zero(currency)
    for item, units in items:
        amount = amount + Money.rounded(item.price * units, currency)
    return amount


def everything(dossier: Dossier) -> tuple[int, Money]:
    """Units and value of the whole return: what a blocker before the return authorisation holds up."""
    items = dossier.ret.items
    return sum(i.quantity for i in items), value([(i, i.quantity) for i in items], dossier.ret.currency)
