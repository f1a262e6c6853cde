from __future__ import annotations

from app.domain.model import Item
from app.domain.sku_nearness import Sign, suggestions


def _item(sku: str, *, active: bool = True, **changes: str) -> Item:
    return Item(sku, changes.pop("upc", None), "010", active, **changes)


BLUE_M = _item("0012-BLU-M", style="0012", color_code="BLU", size_name="M", upc="8400000000012")
BLUE_L = _item("0012-BLU-L", style="0012", color_code="BLU", size_name="L")
RED_M = _item("0012-RED-M", style="0012", color_code="RED", size_name="M")
OTHER = _item("7777-GRN-S", style="7777", color_code="GRN", size_name="S")


def _skus(sku: str, *items: Item, on_order: frozenset[str] = frozenset()) -> list[str]:
    return [each.item.sku for each in suggestions(sku, items, on_order)]


def test_the_same_upc_comes_first_however_the_sku_is_written() -> None:
    first, *_ = suggestions("8400000000012", [BLUE_L, BLUE_M, OTHER], frozenset({BLUE_L.sku}))

    assert first.item == BLUE_M
    assert Sign.SAME_UPC in first.signs


def test_style_colour_and_size_decide_among_neighbours() -> None:
    assert _skus("12_0012/BLU/M", RED_M, BLUE_L, BLUE_M)[0] == BLUE_M.sku
    assert OTHER.sku not in _skus("0012 BLU M", OTHER, BLUE_M)


def test_what_the_order_sold_goes_before_what_is_written_alike() -> None:
    assert _skus("0012-BLU-X", BLUE_M, RED_M, on_order=frozenset({RED_M.sku}))[0] == RED_M.sku


def test_colour_and_size_alone_say_nothing() -> None:
    stranger = _item("99-ABC", style="99", color_code="BLU", size_name="M")

    assert _skus("5544332211 BLU M", stranger) == []


def test_an_inactive_item_is_no_suggestion() -> None:
    assert _skus("0012-BLU-M", _item("0012-BLU-M1", active=False)) == []


def test_the_list_is_short_and_does_not_depend_on_the_order_of_items() -> None:
    items = [_item(f"0012-BLU-{number:02}", style="0012") for number in range(30)]

    assert _skus("0012-BLU-05", *items) == _skus("0012-BLU-05", *reversed(items))
    assert len(_skus("0012-BLU-05", *items)) == 8
