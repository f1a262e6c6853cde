from __future__ import annotations

import json
from decimal import Decimal

import pytest

from app.bluecherry.bodies import batch_type, body_of, price
from app.bluecherry.documents import OutgoingDocument
from tests.support.bluecherry_documents import a_journal, a_memo, an_exchange_order, an_ra


def test_a_return_authorisation() -> None:
    assert body_of(an_ra()) == {
        "ord_num": "000501",
        "division": "010",
        "customer": "WEB",
        "location": "MAD01",
        "ref_num2": "r1",
        "aux_ref_num": "RA-r1",
        "tracking_num": "T-1",
        "reason_code": "SZ",
        "lines": [{"line_seq": 1, "ord_line_seq": 2, "sku": "00123", "qty": 1, "reason_code": "SZ"}],
    }


def test_a_journal() -> None:
    assert body_of(a_journal()) == {
        "ra_num": "RA0007",
        "ord_num": "000501",
        "ref_num2": "r1",
        "aux_ref_num": "IJ-r1-1",
        "journal_date": "2026-03-01",
        "lines": [{"ra_line_seq": 1, "sku": "00123", "rec_type": "RT", "location": "MAD01", "lot": "L1", "qty": 1}],
    }


def test_an_exchange_order() -> None:
    body = body_of(an_exchange_order())

    assert (body["ord_type"], body["orig_ord_num"], body["ra_num"]) == ("E", "000501", "RA0007")
    assert body["ship_to"] == {"name": "Ana García"}
    assert body["lines"] == [
        {
            "line_seq": 1,
            "sku": "00124",
            "upc": None,
            "qty_ord": 1,
            "unit_price": "0.00",
            "gross_amt": "0.00",
            "disc_amt": "0.00",
            "net_amt": "0.00",
            "tax_code": "ES21",
            "tax_rate": "0.21",
            "tax_amt": "0.00",
        }
    ]


@pytest.mark.parametrize(
    ("currency", "amount", "sent", "unit_price", "sent_price", "nothing"),
    [
        ("EUR", "23.9", "23.90", "23.9", "23.90", "0.00"),
        ("EUR", "23.90", "23.90", "23.9050", "23.905", "0.00"),
        ("JPY", "1000", "1000", "1E+3", "1000", "0"),
        ("KWD", "1.25", "1.250", "1.25", "1.250", "0.000"),
    ],
)
def test_amounts_have_exactly_the_decimals_of_their_currency(
    currency: str, amount: str, sent: str, unit_price: str, sent_price: str, nothing: str
) -> None:
    body = body_of(a_memo(currency, amount, unit_price))

    assert body["lines"] == [
        {
            "ord_line_seq": 2,
            "sku": "00123",
            "qty": 1,
            "unit_price": sent_price,
            "gross_amt": sent,
            "disc_amt": nothing,
            "net_amt": sent,
            "tax_code": "ES21",
            "tax_amt": nothing,
        }
    ]
    assert (body["total_amt"], body["fee_amt"], body["freight_amt"], body["freight_tax_amt"]) == (
        sent,
        nothing,
        nothing,
        nothing,
    )


@pytest.mark.parametrize(
    ("document", "type"),
    [
        (an_ra(), "return_authorization"),
        (a_journal(), "inventory_journal"),
        (a_memo(), "credit_memo"),
        (an_exchange_order(), "sales_order"),
    ],
)
def test_what_a_batch_calls_them(document: OutgoingDocument, type: str) -> None:
    assert batch_type(document) == type
    assert json.loads(json.dumps(body_of(document))) == body_of(document)


def test_prices() -> None:
    assert price(Decimal("100"), "EUR") == "100.00"
    assert price(Decimal("0.333333"), "EUR") == "0.333333"
    assert price(Decimal("0"), "JPY") == "0"
