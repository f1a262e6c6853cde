"""Exchanges: even and uneven, at once or after acceptance, alone or beside a refund; and how they fail."""

from __future__ import annotations

from app.demo.brand import FED
from app.demo.scenes.kind import Kind
from app.demo.tale import Stage, Tale


def _new_order_id(tale: Tale) -> None:
    # Where Reveni made the shop's order, the return names it; a half of the shops do not tell.
    if tale.stage.rng.random() < 0.5:
        tale.exchange_id = f"{tale.store.name.upper()}-X{tale.stage.rng.randrange(10**6):06d}"


def even_exchange(stage: Stage) -> None:
    """Another size at the same price: an order of zero value, and no memo."""
    order = stage.order(1)
    tale = stage.tale(order, [stage.swap(order.lines[0])])
    _new_order_id(tale)
    tale.begin()
    tale.arrive()
    tale.accept()
    tale.authorised("R")
    tale.exchanged("O")


def uneven_exchange(stage: Stage) -> None:
    """Another article at its own price: the old units are credited, the order is at the new price."""
    order = stage.order(1)
    [wanted] = stage.world.pick(stage.store)
    [line] = order.lines
    # One cent apart is uneven too; the same price by chance would not be.
    price = wanted.price + (wanted.price * line.qty == line.paid)
    tale = stage.tale(order, [stage.swap(line, wanted, price)])
    _new_order_id(tale)
    tale.begin()
    tale.arrive()
    tale.accept()
    tale.authorised("R")
    tale.exchanged("O")
    tale.credited()


def mixed(stage: Stage) -> None:
    """One item is refunded, the other exchanged."""
    order = stage.order(2)
    kept, swapped = stage.goods(order.lines[0]), stage.swap(order.lines[1])
    tale = stage.tale(order, [kept, swapped])
    tale.begin()
    tale.arrive()
    tale.accept()
    tale.authorised("R")
    tale.exchanged("O")
    tale.credited([(kept, kept.qty)])


def exchange_under_way(stage: Stage) -> None:
    """Confirmed at once when instant; else it waits for acceptance, which does not come today."""
    order = stage.order(1)
    tale = stage.tale(order, [stage.swap(order.lines[0])])
    tale.begin()
    tale.authorised("A")
    if tale.instant:
        tale.exchanged("O")


def exchange_cancelled(stage: Stage) -> None:
    """Cancelled before it was accepted: no order was ever due."""
    order = stage.order(1)
    tale = stage.tale(order, [stage.swap(order.lines[0])], instant=False)
    tale.begin()
    tale.until("RA")
    tale.put("cancelled")
    tale.authorised("X")


def instant_exchange_rejected(stage: Stage) -> None:
    """The order was made at once, the goods are rejected: it is cancelled, for it has not left the house."""
    order = stage.order(1)
    tale = stage.tale(order, [stage.swap(order.lines[0])], instant=True)
    tale.begin()
    tale.until("EX")
    tale.arrive(grade="rejected")
    tale.reject()
    tale.authorised("R")
    tale.exchanged("X")
    tale.may_raise("refunded_rejected")


def instant_exchange_shipped(stage: Stage) -> None:
    """The same, but the new goods had left already."""
    order = stage.order(1)
    tale = stage.tale(order, [stage.swap(order.lines[0])], instant=True)
    tale.begin()
    tale.until("EX")
    tale.ship_exchange()
    tale.arrive(grade="rejected")
    tale.reject()
    tale.authorised("R")
    tale.exchanged("I")
    tale.raises("exchange_shipped")
    tale.may_raise("refunded_rejected")


def exchange_for_unknown(stage: Stage) -> None:
    """What the customer wants is in no item master: the order fails, the goods come in all the same."""
    order = stage.order(1)
    goods = stage.swap(order.lines[0])
    goods.wants = f"999{stage.rng.randrange(10**8):08d}"
    _failing(stage.tale(order, [goods]), "unknown_sku")


def exchange_for_inactive(stage: Stage) -> None:
    """What the customer wants is no longer sold."""
    order = stage.order(1)
    goods = stage.swap(order.lines[0])
    [gone] = stage.world.pick(stage.store, active=False)
    goods.wants = gone.sku
    _failing(stage.tale(order, [goods]), "inactive_sku")


def _failing(tale: Tale, code: str) -> None:
    tale.begin()
    tale.arrive()
    tale.accept()
    tale.authorised("R")
    tale.raises(code, "exchange_failed")


SCENES = (
    Kind(even_exchange, 7, FED),
    Kind(uneven_exchange, 4, FED),
    Kind(mixed, 4, FED),
    Kind(exchange_under_way, 3, FED),
    Kind(exchange_cancelled, 1, FED),
    Kind(instant_exchange_rejected, 2, FED),
    Kind(instant_exchange_shipped, 1, FED),
    Kind(exchange_for_unknown, 1, FED),
    Kind(exchange_for_inactive, 1, FED),
)
