from __future__ import annotations

from decimal import Decimal

import pytest

from app.sandbox.bluecherry.fields import Fields
from app.sandbox.json import Json
from tests.unit.sandbox.world import refused


@pytest.mark.parametrize(
    ("currency", "text"), [("EUR", "23.90"), ("EUR", "0.00"), ("JPY", "1000"), ("JPY", "0"), ("KWD", "1.250")]
)
def test_takes_exactly_the_decimals_of_the_currency(currency: str, text: str) -> None:
    assert Fields({"net_amt": text}).amount("net_amt", currency) == Decimal(text)


@pytest.mark.parametrize(
    ("currency", "value"),
    [
        ("EUR", "23.9"),
        ("EUR", "23"),
        ("EUR", "23.900"),
        ("EUR", "-1.00"),
        ("EUR", "01.00"),
        ("EUR", "1,00"),
        ("EUR", "1e2"),
        ("EUR", " 1.00"),
        ("EUR", "١.٠٠"),
        ("EUR", "NaN"),
        ("EUR", ""),
        ("EUR", 23.9),
        ("EUR", 23),
        ("EUR", None),
        ("JPY", "1000.00"),
        ("KWD", "1.25"),
    ],
)
def test_refuses_any_other_amount(currency: str, value: Json) -> None:
    with refused("BAD_REQUEST", "net_amt"):
        Fields({"net_amt": value}).amount("net_amt", currency)


@pytest.mark.parametrize("value", ["10", "10.12345", "0.333333"])
def test_takes_a_finer_unit_price(value: str) -> None:
    assert Fields({"unit_price": value}).fine("unit_price") == Decimal(value)


@pytest.mark.parametrize("value", ["-1", "1.", ".5", 10, None])
def test_refuses_a_unit_price_that_is_no_decimal_string(value: Json) -> None:
    with refused("BAD_REQUEST", "unit_price"):
        Fields({"unit_price": value}).fine("unit_price")


@pytest.mark.parametrize("value", [1.0, True, "1", None])
def test_refuses_a_quantity_that_is_no_integer(value: Json) -> None:
    with refused("BAD_REQUEST", "qty"):
        Fields({"qty": value}).integer("qty")


@pytest.mark.parametrize("value", [7, "", None])
def test_refuses_a_code_that_is_no_string(value: Json) -> None:
    with refused("BAD_REQUEST", "sku"):
        Fields({"sku": value}).text("sku")


def test_takes_a_reference_of_forty_characters_and_no_more() -> None:
    assert Fields({"aux_ref_num": "x" * 40}).reference("aux_ref_num") == "x" * 40
    with refused("BAD_REQUEST", "aux_ref_num"):
        Fields({"aux_ref_num": "x" * 41}).reference("aux_ref_num")


@pytest.mark.parametrize("value", ["2024-5-1", "20240501", "2024-02-30", "2024-05-01T00:00:00Z", 20240501])
def test_refuses_what_is_no_date(value: Json) -> None:
    with refused("BAD_REQUEST", "memo_date"):
        Fields({"memo_date": value}).date("memo_date")


@pytest.mark.parametrize("value", ["eur", "EURO", "€"])
def test_refuses_what_is_no_currency(value: str) -> None:
    with refused("BAD_REQUEST", "currency"):
        Fields({"currency": value}).currency("currency")


def test_names_a_field_by_its_place() -> None:
    lines = Fields({"lines": [{"qty": 1}, {"qty": "1"}]}).objects("lines")
    with refused("BAD_REQUEST", "lines[1].qty"):
        lines[1].integer("qty")


@pytest.mark.parametrize("value", [{}, "x", [], None])
def test_refuses_lines_that_are_no_list(value: Json) -> None:
    with refused("BAD_REQUEST", "lines"):
        Fields({"lines": value}).objects("lines")
