from __future__ import annotations

import pytest

from app.sandbox.json import Json
from tests.unit.sandbox.world import Desk, journal_line, ra, ra_line, refused


def test_answers_with_the_shape_of_the_contract(desk: Desk) -> None:
    number = desk.authorise(ra_line(qty=2), tracking_num="1Z9")
    assert desk.erp.books.ra(number).as_json() == {
        "ra_num": number,
        "ra_status": "A",
        "ord_num": "000100",
        "division": "010",
        "customer": "000042",
        "location": "MAD01",
        "ref_num2": "r1",
        "aux_ref_num": "RA-r1",
        "tracking_num": "1Z9",
        "reason_code": "SZ",
        "lines": [{"line_seq": 1, "ord_line_seq": 1, "sku": "0001", "qty": 2, "reason_code": "SZ", "qty_rcv": 0}],
    }


def test_is_not_idempotent(desk: Desk) -> None:
    assert desk.authorise() != desk.authorise()


@pytest.mark.parametrize("name", [key for key in ra() if key != "tracking_num"])
def test_needs_every_field_but_the_tracking_number(desk: Desk, name: str) -> None:
    with refused("BAD_REQUEST", name):
        desk.authorise(**{name: None})


@pytest.mark.parametrize("name", list(ra_line()))
def test_needs_every_field_of_a_line(desk: Desk, name: str) -> None:
    with refused("BAD_REQUEST", f"lines[0].{name}"):
        desk.authorise({**ra_line(), name: None})


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("ORDER_NOT_FOUND", {"ord_num": "nope"}),
        ("LOCATION_UNKNOWN", {"location": "nope"}),
        ("REASON_UNKNOWN", {"reason_code": "nope"}),
        ("REASON_UNKNOWN", {"lines": [ra_line(reason_code="nope")]}),
        ("ITEM_NOT_FOUND", {"lines": [ra_line(sku="nope")]}),
        ("SKU_NOT_ON_ORDER", {"lines": [ra_line(sku="0004")]}),
        ("SKU_NOT_ON_ORDER", {"lines": [ra_line(ord_line_seq=2)]}),
        ("SKU_NOT_ON_ORDER", {"lines": [ra_line(ord_line_seq=9)]}),
        ("ITEM_INACTIVE", {"lines": [ra_line(ord_line_seq=3, sku="0003")]}),
        ("QTY_EXCEEDS_SHIPPED", {"lines": [ra_line(qty=4)]}),
        ("QTY_EXCEEDS_SHIPPED", {"lines": [ra_line(qty=2), ra_line(line_seq=2, qty=2)]}),
        ("QTY_EXCEEDS_SHIPPED", {"ord_num": "000200"}),
        ("BAD_REQUEST", {"lines": [ra_line(qty=0)]}),
        ("BAD_REQUEST", {"lines": [ra_line(), ra_line()]}),
        ("BAD_REQUEST", {"lines": []}),
        ("BAD_REQUEST", {"aux_ref_num": "x" * 41}),
    ],
)
def test_refuses_what_breaks_a_rule(desk: Desk, code: str, changes: dict[str, Json]) -> None:
    with refused(code):
        desk.authorise(**changes)
    assert len(desk.erp.books.ras) == 0


def test_takes_inactive_items_back_where_the_installation_does() -> None:
    desk = Desk(inactive_returnable=True)
    assert desk.status(desk.authorise(ra_line(ord_line_seq=3, sku="0003"))) == "A"


def test_holds_the_units_of_live_ones_whole(desk: Desk) -> None:
    first = desk.authorise(ra_line(qty=2))
    with refused("QTY_EXCEEDS_SHIPPED"):
        desk.authorise(ra_line(qty=2))
    desk.receive(first)
    with refused("QTY_EXCEEDS_SHIPPED"):
        desk.authorise(ra_line(qty=2))
    desk.receive(first)
    with refused("QTY_EXCEEDS_SHIPPED"):
        desk.authorise(ra_line(qty=2))
    desk.authorise(ra_line(qty=1))


def test_a_closed_one_holds_what_it_received(desk: Desk) -> None:
    first = desk.authorise(ra_line(qty=3))
    desk.receive(first)
    desk.erp.change_ra(first, "close")
    with refused("QTY_EXCEEDS_SHIPPED"):
        desk.authorise(ra_line(qty=3))
    desk.authorise(ra_line(qty=2))


def test_a_cancelled_one_holds_nothing(desk: Desk) -> None:
    desk.erp.change_ra(desk.authorise(ra_line(qty=3)), "cancel")
    desk.authorise(ra_line(qty=3))


def test_goes_from_authorised_over_partly_to_received(desk: Desk) -> None:
    number = desk.authorise(ra_line(qty=2), ra_line(line_seq=2, ord_line_seq=2, sku="0002"))
    seen = [desk.status(number)]
    for line in (
        journal_line(),
        journal_line(),
        journal_line("0002", ra_line_seq=2),
    ):
        desk.receive(number, line)
        seen.append(desk.status(number))
    assert seen == ["A", "P", "P", "R"]


def test_cancels_once_and_again(desk: Desk) -> None:
    number = desk.authorise()
    assert desk.erp.change_ra(number, "cancel").status == "X"
    assert desk.erp.change_ra(number, "cancel").status == "X"
    with refused("RA_CANCELLED"):
        desk.erp.change_ra(number, "close")


def test_closes_once_and_again(desk: Desk) -> None:
    number = desk.authorise(ra_line(qty=2))
    desk.receive(number)
    assert desk.erp.change_ra(number, "close").status == "C"
    assert desk.erp.change_ra(number, "close").status == "C"
    with refused("RA_RECEIVED"):
        desk.erp.change_ra(number, "cancel")


@pytest.mark.parametrize("units", [1, 2])
def test_is_not_cancelled_once_goods_came(desk: Desk, units: int) -> None:
    number = desk.authorise(ra_line(qty=2))
    desk.receive(number, journal_line(qty=units))
    with refused("RA_RECEIVED"):
        desk.erp.change_ra(number, "cancel")


@pytest.mark.parametrize("change", ["cancel", "close"])
def test_must_exist_to_be_changed(desk: Desk, change: str) -> None:
    with refused("RA_NOT_FOUND"):
        desk.erp.change_ra("nope", change)
