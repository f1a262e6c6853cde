from __future__ import annotations

import pytest

from app.sandbox.json import Json
from tests.unit.sandbox.world import Desk, exchange, order_line, ra_line, refused


def test_is_an_open_order_in_the_shape_of_the_contract(desk: Desk) -> None:
    number = desk.exchange()
    body = exchange()
    assert desk.erp.books.order(number).as_json() == {
        "ord_num": number,
        "ord_status": "O",
        **body,
        "lines": [order_line(1, "0004", 1, qty_inv=0)],
    }


def test_opens_its_units_and_cancelling_takes_them_back(desk: Desk) -> None:
    number = desk.exchange(order_line(1, "0004", 2))
    assert desk.movements("0004") == {"OP": 2}
    assert desk.erp.change_order(number, "cancel").status == "X"
    assert desk.erp.change_order(number, "cancel").status == "X"
    assert desk.movements("0004") == {}
    with refused("BAD_REQUEST"):
        desk.erp.change_order(number, "invoice")


def test_once_invoiced_it_is_shipped(desk: Desk) -> None:
    number = desk.exchange(order_line(1, "0004", 2))
    order = desk.erp.change_order(number, "invoice")
    assert (order.status, order.lines[1].qty_inv) == ("I", 2)
    assert desk.movements("0004") == {"IN": 2}
    desk.erp.change_order(number, "invoice")
    assert desk.movements("0004") == {"IN": 2}
    with refused("ORDER_SHIPPED"):
        desk.erp.change_order(number, "cancel")


def test_its_goods_can_be_returned_once_invoiced(desk: Desk) -> None:
    number = desk.exchange()
    with refused("QTY_EXCEEDS_SHIPPED"):
        desk.authorise(ra_line(sku="0004"), ord_num=number)
    desk.erp.change_order(number, "invoice")
    assert desk.status(desk.authorise(ra_line(sku="0004"), ord_num=number)) == "A"


@pytest.mark.parametrize("name", [key for key in exchange() if key != "ra_num"])
def test_needs_every_field_but_the_ra(desk: Desk, name: str) -> None:
    with refused("BAD_REQUEST", name):
        desk.exchange(**{name: None})


@pytest.mark.parametrize("name", [key for key in order_line(1, "0004", 1) if key not in ("upc", "qty_inv")])
def test_needs_every_field_of_a_line_but_the_upc(desk: Desk, name: str) -> None:
    with refused("BAD_REQUEST", f"lines[0].{name}"):
        desk.exchange({**order_line(1, "0004", 1), name: None})


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("BAD_REQUEST", {"ord_type": "S"}),
        ("BAD_REQUEST", {"aux_ref_num": "x" * 41}),
        ("ORDER_NOT_FOUND", {"orig_ord_num": "nope"}),
        ("RA_NOT_FOUND", {"ra_num": "nope"}),
        ("ITEM_NOT_FOUND", {"lines": [order_line(1, "nope", 1)]}),
        ("ITEM_INACTIVE", {"lines": [order_line(1, "0003", 1)]}),
        ("TOTAL_MISMATCH", {"lines": [order_line(1, "0004", 1, disc_amt="0.00")]}),
        ("BAD_REQUEST", {"lines": [order_line(1, "0004", 0)]}),
        ("BAD_REQUEST", {"lines": [order_line(1, "0004", 1), order_line(1, "0004", 1)]}),
    ],
)
def test_refuses_what_breaks_a_rule(desk: Desk, code: str, changes: dict[str, Json]) -> None:
    with refused(code):
        desk.exchange(**changes)
    assert desk.movements("0004") == {}


def test_an_inactive_item_is_refused_even_where_it_may_come_back() -> None:
    with refused("ITEM_INACTIVE"):
        Desk(inactive_returnable=True).exchange(order_line(1, "0003", 1))


def test_a_sale_cannot_be_cancelled_once_invoiced(desk: Desk) -> None:
    with refused("ORDER_SHIPPED"):
        desk.erp.change_order("000100", "cancel")
    with refused("ORDER_NOT_FOUND"):
        desk.erp.change_order("nope", "cancel")
