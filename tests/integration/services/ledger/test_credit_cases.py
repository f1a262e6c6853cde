"""Credits that other systems got wrong, from the goods' arrival to the memo that BlueCherry accepted.

BlueCherry's sandbox refuses what exceeds a line's units or amounts and what does not add up, so that a memo which
stands is one that it agreed to; the sums are written here, not reckoned.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from app.domain.money import decimals_of
from tests.support.scene import Scene, item
from tests.unit.sandbox.world import Body, order_line, sale

_REFUND = {"method": "original_payment", "status": "paid", "refunded_at": "2026-01-02T10:00:00Z"}


def line(
    seq: int,
    sku: str,
    units: int,
    net: str,
    tax: str,
    disc: str = "0",
    *,
    rate: str = "0.20",
    code: str = "V20",
    currency: str = "EUR",
) -> Body:
    """A line of an order: the amounts of all its units, as the ERP spread discounts over them."""
    digits = decimals_of(currency)
    gross = Decimal(net) + Decimal(disc)
    return order_line(
        seq,
        sku,
        units,
        unit_price=f"{gross / units:.{digits + 2}f}",
        gross_amt=f"{gross:.{digits}f}",
        disc_amt=f"{Decimal(disc):.{digits}f}",
        net_amt=f"{Decimal(net):.{digits}f}",
        tax_amt=f"{Decimal(tax):.{digits}f}",
        tax_code=code,
        tax_rate=rate,
    )


def sold(scene: Scene, *lines: Body, currency: str = "EUR", freight: str = "0", **changes: Any) -> None:
    """The shop's order 7001 was sold so."""
    digits = decimals_of(currency)
    plain: Body = {
        "ref_num1": "7001",
        "currency": currency,
        "freight_amt": f"{Decimal(freight):.{digits}f}",
        "freight_tax_amt": f"{0:.{digits}f}",
    }
    scene.seed(orders=[sale("000700", lines=list(lines), **plain, **changes)])


def back(scene: Scene, return_id: str, *goods: Body, currency: str = "EUR", **changes: Any) -> None:
    """Goods of that order come back with a return, are accepted, and credited."""
    scene.ask(return_id, *goods, order={"external_id": "7001", "number": "#7001"}, currency=currency, **changes)
    for each in goods:
        units = {str(each["sku"]): int(str(each["quantity"]))}
        scene.arrive(f"w-{return_id}-{each['sku']}", units, return_id=return_id)
    scene.accept(return_id)
    scene.work()


def totals(scene: Scene) -> list[str]:
    """The totals of the bridge's memos, in the order of their numbers."""
    return [memo["total_amt"] for memo in sorted(scene.memos().values(), key=lambda each: each["memo_num"])]


def refusals(scene: Scene) -> list[str]:
    """What BlueCherry refused."""
    return [each["code"] for each in scene.books()["refusals"]]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([10], ["179.25"]),
        ([3, 4, 3], ["53.77", "71.71", "53.77"]),
        ([1, 9], ["17.93", "161.32"]),
    ],
)
def test_woocommerce_64668_ten_with_a_coupon_give_back_what_was_paid(
    scene: Scene, steps: Sequence[int], expected: Sequence[str]
) -> None:
    sold(scene, line(1, "0001", 10, "149.37", "29.88", "49.79"))

    for n, units in enumerate(steps):
        back(scene, f"r{n}", item("0001", units, price="17.925"))

    assert totals(scene) == expected
    assert sum(map(Decimal, expected)) == Decimal("179.25")
    assert refusals(scene) == []


def test_sonata_177_two_of_three_with_a_discount_on_the_order_give_180(scene: Scene) -> None:
    sold(scene, line(1, "0001", 3, "270.00", "0.00", "30.00", rate="0", code="Z"))

    back(scene, "r1", item("0001", 2, price="90.00"))

    assert totals(scene) == ["180.00"]


def test_erpnext_54628_a_discounted_line_is_credited_at_its_net_price(scene: Scene) -> None:
    sold(scene, line(1, "0001", 1, "60.00", "12.00", "40.00"))

    back(scene, "r1", item("0001", 1, price="120.00"))

    (memo,) = scene.memos().values()
    (credited,) = memo["lines"]
    assert (credited["gross_amt"], credited["disc_amt"], credited["net_amt"]) == ("100.00", "40.00", "60.00")
    assert memo["total_amt"] == "72.00"
    assert refusals(scene) == []


def test_mollie_456_two_equal_partial_refunds_are_both_made_and_a_third_is_not(scene: Scene) -> None:
    sold(scene, line(1, "0001", 2, "50.00", "0.00", rate="0", code="Z"))

    back(scene, "r1", item("0001", price="25.00"))
    back(scene, "r2", item("0001", price="25.00"))
    back(scene, "r3", item("0001", price="25.00"))

    assert totals(scene) == ["25.00", "25.00"]
    assert (scene.codes()[0], refusals(scene)) == ("over_return", [])


def test_magento_33237_goods_of_a_zero_value_order_come_back_like_others(scene: Scene) -> None:
    sold(scene, line(1, "0001", 2, "0", "0"))

    back(scene, "r1", item("0001", price="0"))
    back(scene, "r2", item("0001", price="0"))

    assert scene.stock() == {"MAD01": 2}
    assert (totals(scene), scene.exceptions(), refusals(scene)) == ([], [], [])


def test_magento_24149_the_echo_of_our_own_credit_makes_nothing(scene: Scene) -> None:
    sold(scene, line(1, "0001", 1, "50.00", "10.00"))
    back(scene, "r1", item("0001", price="60.00"))
    before = scene.states()

    scene.change("r1", refund={**_REFUND, "amount": "60.00"})
    scene.tell("r1")
    scene.work()

    assert scene.states() == before
    assert (totals(scene), scene.exceptions()) == (["60.00"], [])


def test_solidus_43_the_last_unit_takes_the_remainder(scene: Scene) -> None:
    sold(scene, line(1, "0001", 3, "10.00", "0.00", rate="0", code="Z"))

    for n in range(3):
        back(scene, f"r{n}", item("0001", price="3.3333"))

    assert totals(scene) == ["3.33", "3.34", "3.33"]


@pytest.mark.parametrize(
    ("currency", "net", "tax", "expected"),
    [
        ("JPY", "1000", "100", ["366", "368", "366"]),
        ("EUR", "10.00", "2.00", ["4.00", "4.00", "4.00"]),
        ("KWD", "1.000", "0.050", ["0.350", "0.350", "0.350"]),
        ("KWD", "0.004", "0.000", ["0.001", "0.002", "0.001"]),
    ],
)
def test_a_currency_keeps_its_decimals(scene: Scene, currency: str, net: str, tax: str, expected: list[str]) -> None:
    sold(scene, line(1, "0001", 3, net, tax, currency=currency), currency=currency)

    for n in range(3):
        back(scene, f"r{n}", item("0001", price=str(Decimal(net) / 3)), currency=currency)

    assert totals(scene) == expected
    assert {memo["currency"] for memo in scene.memos().values()} == {currency}
    assert refusals(scene) == []


def test_several_tax_rates_and_a_line_without_tax_stand_on_one_memo(scene: Scene) -> None:
    sold(
        scene,
        line(1, "0001", 3, "30.00", "6.30", rate="0.21", code="V21"),
        line(2, "0002", 1, "9.99", "1.00", rate="0.10", code="V10"),
        line(3, "0004", 2, "5.01", "0.00", rate="0", code="V0"),
    )

    back(scene, "r1", item("0001", 2, price="12.10"), item("0002", price="10.99"), item("0004", price="2.505"))

    (memo,) = scene.memos().values()
    taxes = {row["sku"]: (row["tax_code"], row["net_amt"], row["tax_amt"]) for row in memo["lines"]}
    assert taxes == {
        "0001": ("V21", "20.00", "4.20"),
        "0002": ("V10", "9.99", "1.00"),
        "0004": ("V0", "2.51", "0.00"),
    }
    assert memo["total_amt"] == "37.70"


def test_a_discount_on_the_order_that_the_erp_spread_over_lines_comes_back_with_them(scene: Scene) -> None:
    # 100.00 in all, 10.00 off, spread by value and rounded: 3.33 and 6.67.
    sold(
        scene,
        line(1, "0001", 1, "30.00", "6.00", "3.33"),
        line(2, "0002", 1, "60.00", "12.00", "6.67"),
    )

    back(scene, "r1", item("0001", price="36.00"))
    back(scene, "r2", item("0002", price="72.00"))

    assert totals(scene) == ["36.00", "72.00"]
    assert sorted(memo["lines"][0]["disc_amt"] for memo in scene.memos().values()) == ["3.33", "6.67"]


def test_a_free_line_is_listed_beside_the_others(scene: Scene) -> None:
    sold(scene, line(1, "0001", 1, "10.00", "2.00"), line(2, "0002", 1, "0", "0", "20.00"))

    back(scene, "r1", item("0001", price="12.00"), item("0002", price="0"))

    (memo,) = scene.memos().values()
    assert {row["sku"]: (row["disc_amt"], row["net_amt"]) for row in memo["lines"]} == {
        "0001": ("0.00", "10.00"),
        "0002": ("20.00", "0.00"),
    }
    assert memo["total_amt"] == "12.00"


@pytest.mark.parametrize(("policy", "expected"), [("never", ["12.00", "6.00"]), ("all_back", ["12.00", "10.50"])])
def test_freight_comes_once_and_only_by_policy(scene: Scene, policy: str, expected: list[str]) -> None:
    scene.configure({"stores": {"es": {"policy": {"freight": policy}}}})
    sold(scene, line(1, "0001", 1, "10.00", "2.00"), line(2, "0002", 1, "5.00", "1.00"), freight="4.50")

    back(scene, "r1", item("0001", price="12.00"))
    back(scene, "r2", item("0002", price="6.00"))

    assert totals(scene) == expected
    assert refusals(scene) == []


def test_what_somebody_credited_by_hand_counts(scene: Scene) -> None:
    sold(scene, line(1, "0001", 3, "10.00", "0.00", rate="0", code="Z"))
    by_hand = {
        "ord_num": "000700",
        "ra_num": None,
        "ref_num2": None,
        "aux_ref_num": None,
        "memo_date": "2026-01-02",
        "currency": "EUR",
        "lines": [line(1, "0001", 1, "3.33", "0.00") | {"ord_line_seq": 1, "qty": 1}],
        "freight_amt": "0.00",
        "freight_tax_amt": "0.00",
        "fee_amt": "0.00",
        "total_amt": "3.33",
    }
    scene.seed(credit_memos=[by_hand])

    back(scene, "r1", item("0001", 2, price="3.3333"))

    assert totals(scene) == ["6.67"]
    assert refusals(scene) == []
