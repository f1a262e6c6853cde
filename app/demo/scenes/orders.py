"""What the order brings with it: discounts that leave cents over, several returns at once, credits made by hand."""

from __future__ import annotations

from app.demo.brand import FED
from app.demo.scenes.kind import Kind
from app.demo.tale import Stage, Tale


def _whole_way(tale: Tale) -> None:
    tale.begin()
    tale.arrive(by="return_id")
    tale.accept()
    tale.authorised("R")
    tale.credited()


def ten_with_a_quarter_off(stage: Stage) -> None:
    """10 × 23.90 with 25 % off, back in three returns: 179.25 in all, in whatever order their memos are made."""
    [shirt] = stage.world.pick(stage.store, price=2390)
    order = stage.world.order(stage.store, [(shirt, 10)], percent_off=25)
    for units in (3, 4, 3):
        tale = stage.tale(order, [stage.goods(order.lines[0], units)], instant=False)
        _whole_way(tale)
        # What Reveni pays for each is rounded by itself; what BlueCherry credits adds up.
        tale.may_raise("refund_mismatch")


def two_of_three(stage: Stage) -> None:
    """3 × 100.00 with 10 % off, two come back: 180.00."""
    [coat] = stage.world.pick(stage.store, price=10000)
    order = stage.world.order(stage.store, [(coat, 3)], percent_off=10)
    _whole_way(stage.tale(order, [stage.goods(order.lines[0], 2)]))


def two_returns_of_one_order(stage: Stage) -> None:
    """Two lines of one order, each by its own return."""
    order = stage.order(2)
    for line in order.lines:
        _whole_way(stage.tale(order, [stage.goods(line)], instant=False))


def everything_back(stage: Stage) -> None:
    """The whole order with its freight: credited in full where the store's policy says so."""
    order = stage.world.order(stage.store, [(item, 1) for item in stage.world.pick(stage.store, 2)], freight=600)
    tale = stage.tale(order)
    _whole_way(tale)
    tale.may_raise("refund_mismatch")


def free_gift(stage: Stage) -> None:
    """A line that cost nothing comes back beside one that did."""
    items = stage.world.pick(stage.store, 2)
    order = stage.world.order(stage.store, [(item, 1) for item in items], free=[1])
    _whole_way(stage.tale(order, instant=False))


def gift_alone(stage: Stage) -> None:
    """Only the gift comes back: there is nothing to credit."""
    items = stage.world.pick(stage.store, 2)
    order = stage.world.order(stage.store, [(item, 1) for item in items], free=[1])
    tale = stage.tale(order, [stage.goods(order.lines[1])], instant=False)
    tale.begin()
    tale.arrive()
    tale.accept()
    tale.authorised("R")


def twin_lines(stage: Stage) -> None:
    """The same SKU on two lines at two prices: the price on the return says which."""
    [item] = stage.world.pick(stage.store)
    order = stage.world.order(stage.store, [(item, 1), (item, 1)], unit_prices=[item.price, item.price - 500])
    _whole_way(stage.tale(order, [stage.goods(order.lines[1])]))


def split_shipment(stage: Stage) -> None:
    """The shop's order is two sales orders in BlueCherry; the SKU is on one of them."""
    one, other = stage.world.pick(stage.store, 2)
    first = stage.world.order(stage.store, [(one, 2)])
    second = stage.world.order(stage.store, [(other, 1)], shop_id=first.shop_id)
    _whole_way(stage.tale(second))


def credited_in_part_by_hand(stage: Stage) -> None:
    """Somebody credited one of three units in BlueCherry before; the other two come back."""
    order = stage.order(1, 3)
    [line] = order.lines
    stage.world.credit_by_hand(order, line, 1)
    _whole_way(stage.tale(order, [stage.goods(line, 2, credited_before=1)]))


def credited_by_hand(stage: Stage) -> None:
    """Somebody credited all of it before: no memo, and finance hears of it."""
    order = stage.order(1)
    [line] = order.lines
    stage.world.credit_by_hand(order, line, line.qty)
    tale = stage.tale(order)
    tale.begin()
    tale.arrive()
    tale.accept()
    tale.authorised("R")
    tale.raises("already_credited")
    tale.may_raise("refund_mismatch")


SCENES = (
    Kind(ten_with_a_quarter_off, 2, FED, returns=3),
    Kind(two_of_three, 2, FED),
    Kind(two_returns_of_one_order, 3, FED, returns=2),
    Kind(everything_back, 2, ("uk",)),
    Kind(free_gift, 1, FED),
    Kind(gift_alone, 1, FED),
    Kind(twin_lines, 1, FED),
    Kind(split_shipment, 1, FED),
    Kind(credited_in_part_by_hand, 1, FED),
    Kind(credited_by_hand, 1, FED),
)
