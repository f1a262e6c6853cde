"""Returns that are held before their authorisation: nothing may be made of them, and somebody must hear of it."""

from __future__ import annotations

from app.demo.brand import FED
from app.demo.scenes.kind import Kind
from app.demo.tale import Stage, Tale

_ALL = (*FED, "fr", "pt")


def _held(tale: Tale, code: str) -> None:
    tale.begin()
    tale.raises(code)


def unknown_sku(stage: Stage) -> None:
    """Reveni names a SKU that is in no item master."""
    tale = stage.tale(stage.order(1))
    tale.goods[0].sku = f"999{stage.rng.randrange(10**8):08d}"
    _held(tale, "unknown_sku")
    tale.may_raise("sku_not_on_order")


def inactive_sku(stage: Stage) -> None:
    """Sold once, and since taken out of the range: this BlueCherry does not take it back."""
    [gone] = stage.world.pick(stage.store, active=False)
    _held(stage.tale(stage.world.order(stage.store, [(gone, 1)])), "inactive_sku")


def sku_not_on_order(stage: Stage) -> None:
    """A proper article, but not of this order."""
    mine, other = stage.world.pick(stage.store, 2)
    tale = stage.tale(stage.world.order(stage.store, [(mine, 1)]))
    tale.goods[0].sku = other.sku
    _held(tale, "sku_not_on_order")


def more_than_sold(stage: Stage) -> None:
    """Three come back of two that were sold."""
    tale = stage.tale(stage.order(1, 2))
    tale.goods[0].qty = 3
    _held(tale, "over_return")


def returned_twice(stage: Stage) -> None:
    """A second return of what is on its way back already."""
    order = stage.order(1, 1)
    first = stage.tale(order, instant=False)
    first.begin()
    first.until("RA")
    first.authorised("A")
    _held(stage.tale(order, instant=False), "over_return")


def unknown_order(stage: Stage) -> None:
    """The shop's order is not in BlueCherry."""
    tale = stage.tale(stage.order(1))
    tale.external_id = f"{tale.store.name.upper()}-9{stage.rng.randrange(10**6):06d}"
    _held(tale, "unknown_order")


def ambiguous_order(stage: Stage) -> None:
    """Two sales orders bear the shop's order id, and both have the SKU."""
    [item] = stage.world.pick(stage.store)
    first = stage.world.order(stage.store, [(item, 1)])
    stage.world.order(stage.store, [(item, 1)], shop_id=first.shop_id)
    _held(stage.tale(first), "order_ambiguous")


def order_not_invoiced(stage: Stage) -> None:
    """BlueCherry has not shipped it yet."""
    order = stage.world.order(stage.store, [(item, 1) for item in stage.world.pick(stage.store)], invoiced=False)
    _held(stage.tale(order), "order_not_invoiced")


def unmapped_site(stage: Stage) -> None:
    """It is on its way to a place that nobody mapped."""
    tale = stage.tale(stage.order(1))
    tale.destination = "loc-atlantis"
    _held(tale, "unmapped_site")


def unmapped_reason(stage: Stage) -> None:
    """A reason that nobody mapped."""
    tale = stage.tale(stage.order(1))
    tale.goods[0].reason = "dog_ate_it"
    _held(tale, "unmapped_reason")


def unknown_status(stage: Stage) -> None:
    """Seen first in a status that nobody mapped."""
    tale = stage.tale(stage.order(1))
    tale.put("on_hold_by_agent", "return.created")
    tale.raises("unknown_status")


def unknown_status_later(stage: Stage) -> None:
    """The status that nobody mapped comes later: receipts go on, money waits."""
    tale = stage.tale(stage.order(1), instant=False)
    tale.begin()
    tale.until("RA")
    tale.judge("accepted")
    tale.put("on_hold_by_agent")
    tale.arrive()
    tale.authorised("R")
    tale.raises("unknown_status")


SCENES = (
    Kind(unknown_sku, 3, _ALL),
    Kind(inactive_sku, 2, _ALL),
    Kind(sku_not_on_order, 2, _ALL),
    Kind(more_than_sold, 2, _ALL),
    Kind(returned_twice, 1, _ALL, returns=2),
    Kind(unknown_order, 2, _ALL),
    Kind(ambiguous_order, 1, _ALL),
    Kind(order_not_invoiced, 1, _ALL),
    Kind(unmapped_site, 2, _ALL),
    Kind(unmapped_reason, 2, _ALL),
    Kind(unknown_status, 1, _ALL),
    Kind(unknown_status_later, 1, FED),
)
