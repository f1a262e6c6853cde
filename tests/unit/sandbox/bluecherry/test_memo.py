from __future__ import annotations

import pytest

from app.sandbox.json import Json
from tests.unit.sandbox.world import Desk, memo, memo_line, order_line, refused, sale, seed


def test_answers_with_the_shape_of_the_contract(desk: Desk) -> None:
    number = desk.credit()
    kept = desk.erp.books.memos.get(number)
    assert kept is not None
    assert kept.as_json() == {"memo_num": number, "alloc_status": "allocated", **memo()}


@pytest.mark.parametrize("name", [key for key in memo() if key != "ra_num"])
def test_needs_every_field_but_the_ra(desk: Desk, name: str) -> None:
    body = memo()
    del body[name]
    with refused("BAD_REQUEST", name):
        desk.erp.create("credit_memo", body)


@pytest.mark.parametrize("name", list(memo_line()))
def test_needs_every_field_of_a_line(desk: Desk, name: str) -> None:
    with refused("BAD_REQUEST", f"lines[0].{name}"):
        desk.credit({**memo_line(), name: None})


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("ORDER_NOT_FOUND", {"ord_num": "nope"}),
        ("RA_NOT_FOUND", {"ra_num": "nope"}),
        ("ORDER_NOT_INVOICED", {"ord_num": "000200"}),
        ("BAD_REQUEST", {"currency": "USD"}),
        ("PERIOD_CLOSED", {"memo_date": "2024-04-30"}),
        ("PERIOD_CLOSED", {"memo_date": "2024-06-01"}),
        ("SKU_NOT_ON_ORDER", {"lines": [memo_line(sku="0002")]}),
        ("SKU_NOT_ON_ORDER", {"lines": [memo_line(ord_line_seq=9)]}),
        ("QTY_EXCEEDS_SHIPPED", {"lines": [memo_line(qty=4)]}),
        ("QTY_EXCEEDS_SHIPPED", {"lines": [memo_line(qty=2), memo_line(qty=2)]}),
        ("TOTAL_MISMATCH", {"lines": [memo_line(gross_amt="10.01")]}),
        ("TOTAL_MISMATCH", {"total_amt": "10.88"}),
        ("TOTAL_MISMATCH", {"fee_amt": "1.00"}),
        ("ALREADY_CREDITED", {"freight_amt": "4.01", "total_amt": "14.90"}),
        ("ALREADY_CREDITED", {"freight_tax_amt": "0.85", "total_amt": "11.74"}),
        ("BAD_REQUEST", {"total_amt": "10.9"}),
        ("BAD_REQUEST", {"total_amt": 10.89}),
        ("BAD_REQUEST", {"fee_amt": "-1.00"}),
        ("BAD_REQUEST", {"lines": [memo_line(qty=0)]}),
    ],
)
def test_refuses_what_breaks_a_rule(desk: Desk, code: str, changes: dict[str, Json]) -> None:
    with refused(code):
        desk.erp.create("credit_memo", {**memo(), **changes})
    assert len(desk.erp.books.memos) == 0


@pytest.mark.parametrize(
    "amounts",
    [
        {"gross_amt": "30.01", "net_amt": "27.01"},
        {"gross_amt": "30.00", "disc_amt": "3.01", "net_amt": "26.99"},
        {"tax_amt": "5.68"},
    ],
)
def test_credits_no_component_above_the_line(desk: Desk, amounts: dict[str, Json]) -> None:
    """One unit is within quantity; each component is weighed by itself."""
    line = {**memo_line(), "gross_amt": "30.00", "disc_amt": "3.00", "net_amt": "27.00", "tax_amt": "5.67", **amounts}
    with refused("ALREADY_CREDITED"):
        desk.credit(line)


def test_credits_within_quantity_and_amount_over_several_memos(desk: Desk) -> None:
    desk.credit(memo_line(2), total_amt="21.78")
    with refused("ALREADY_CREDITED"):
        desk.credit(memo_line(2), total_amt="21.78")
    with refused("ALREADY_CREDITED"):
        desk.credit(memo_line(tax_amt="1.90"), total_amt="10.90")
    desk.credit()
    with refused("ALREADY_CREDITED"):
        desk.credit()


def test_two_equal_memos_are_both_right_while_quantity_is_left(desk: Desk) -> None:
    assert desk.credit() != desk.credit()


def test_credits_freight_and_fee(desk: Desk) -> None:
    desk.credit(freight_amt="4.00", freight_tax_amt="0.84", fee_amt="5.73", total_amt="10.00")
    with refused("ALREADY_CREDITED", "freight_amt"):
        desk.credit(freight_amt="0.01", total_amt="10.90")


def test_a_total_below_zero_cannot_be_written(desk: Desk) -> None:
    with refused("TOTAL_MISMATCH"):
        desk.credit(fee_amt="10.90", total_amt="0.01")
    desk.credit(fee_amt="10.89", total_amt="0.00")


def test_counts_in_the_decimals_of_the_currency() -> None:
    yen = {
        "unit_price": "1000",
        "gross_amt": "1000",
        "disc_amt": "0",
        "net_amt": "1000",
        "tax_amt": "100",
    }
    order = sale(
        "000300", currency="JPY", freight_amt="0", freight_tax_amt="0", lines=[order_line(1, "0001", 1, **yen)]
    )
    desk = Desk(empty=True)
    desk.erp.seed(seed(orders=[order]))
    nothing: dict[str, Json] = {"ord_num": "000300", "currency": "JPY", "freight_amt": "0", "freight_tax_amt": "0"}
    with refused("BAD_REQUEST", "fee_amt"):
        desk.credit({**memo_line(), **yen}, total_amt="1100", fee_amt="0.00", **nothing)
    desk.credit({**memo_line(), **yen}, total_amt="1100", fee_amt="0", **nothing)


def test_a_memo_by_hand_counts_and_needs_no_references(desk: Desk) -> None:
    number = desk.erp.memo_by_hand(memo(memo_line(3), total_amt="32.67", ref_num2=None, aux_ref_num=None)).number
    kept = desk.erp.books.memos.get(number)
    assert kept is not None
    assert kept.as_json()["aux_ref_num"] is None
    with refused("ALREADY_CREDITED"):
        desk.credit()


def test_a_memo_by_hand_may_lie_in_a_closed_period(desk: Desk) -> None:
    desk.erp.memo_by_hand(memo(memo_date="2024-04-02"))
    assert len(desk.erp.books.memos) == 1


def test_zero_value_lines_are_credited_like_others() -> None:
    nothing = {"gross_amt": "0.00", "disc_amt": "0.00", "net_amt": "0.00", "tax_amt": "0.00"}
    desk = Desk(empty=True)
    desk.erp.seed(seed(orders=[sale(lines=[order_line(1, "0001", 1, **nothing)])]))
    desk.credit({**memo_line(), **nothing}, total_amt="0.00")
    with refused("ALREADY_CREDITED"):
        desk.credit({**memo_line(), **nothing}, total_amt="0.00")
