from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.db.codec import dump, load
from app.db.engine import transaction
from app.db.tables.returns import ReturnRow
from app.domain.documents import AmountLine, Amounts, Document, Line
from app.domain.model import (
    CreditedLine,
    Exchange,
    Item,
    MemoOnOrder,
    Order,
    OrderLine,
    Personal,
    RaOnOrder,
    Receipt,
    ReceiptLine,
    Refund,
    Return,
    ReturnItem,
)
from app.domain.money import Money
from app.domain.policy import Kind
from app.domain.reconciliation import Difference, Sort
from app.domain.saying import say
from tests.support.rows import return_row, saved

AT = datetime(2026, 3, 1, 10, 30, 0, 123456, tzinfo=UTC)
YEN, DINAR = Money.of("1000", "JPY"), Money.of("1.250", "KWD")
EXCHANGE = Exchange("0004", 2, Decimal("10.890"))
ITEM = ReturnItem("i1", "0001", 3, Decimal("0.0000001"), "pending", "too_small", "defect", EXCHANGE)
RETURN = Return(
    "es",
    "r1",
    "in_progress",
    "mixed",
    True,
    AT,
    AT,
    "EUR",
    Decimal("-1.20"),
    "5001",
    (ITEM, replace(ITEM, item_id="i2", exchange=None)),
    fees=Decimal("1.50"),
    refund=Refund("instant", "done", None, AT),
    location_id="007",
)
LINE = OrderLine(1, "0001", None, 3, 2, Decimal("9.9990"), DINAR, DINAR, DINAR, "V21", Decimal("0.21"), DINAR)
ORDER = Order("000100", "5001", None, None, None, "010", "0042", "ES", "S", "I", "KWD", DINAR, DINAR, (LINE, LINE))
MEMO = MemoOnOrder("9", None, "r1", "CM-r1-1", (CreditedLine(1, 2, YEN, YEN, YEN),), YEN, YEN, YEN, YEN)
DOCUMENT = Document(
    "IJ-r1-1",
    Kind.INVENTORY_JOURNAL,
    1,
    "000100",
    (Line(1, "0001", -2, ra_line_seq=1, rec_type="SA", location="MAD01", price=Decimal("1.10")),),
    ("RA-r1", "IJ-r1-0"),
    source="madrid/w1",
)
WHOLE = [
    RETURN,
    ORDER,
    MEMO,
    DOCUMENT,
    RaOnOrder("000100", "A", "RA-r1", "r1", ((1, 2, 0), (2, 1, 1))),
    Receipt("w1", "madrid", "regrade", AT, (ReceiptLine(2, "A", upc="084", from_grade="B"),), ra_num="007"),
    Item("0001", "084", "010", True, size_bucket="01"),
    Amounts((AmountLine(1, YEN, YEN, YEN),), YEN, YEN, YEN, YEN),
    Personal("Jane Doe", None, {"street": "Calle Mayor 1", "floor": 2, "geo": {"lat": "40.4"}, "names": ["Jane"]}),
]


@pytest.mark.parametrize("value", WHOLE, ids=lambda value: type(value).__name__)
def test_what_was_written_is_read_back_exactly(value: object) -> None:
    assert load(type(value), dump(value)) == value


def test_decimals_keep_their_digits() -> None:
    assert dump(ITEM)["price"] == "0.0000001"
    assert str(load(ReturnItem, dump(ITEM)).exchange) == str(EXCHANGE)


def test_personal_data_stands_apart() -> None:
    known = replace(RETURN, personal=Personal("Jane Doe", "jane@example.com"))
    order = replace(ORDER, ship_to={"street": "Calle Mayor 1"})

    assert load(Return, dump(known)).personal == Personal()
    assert load(Order, dump(order)).ship_to is None
    assert "Jane" not in str(dump(known))
    assert "Calle" not in str(dump(order))


def test_it_survives_the_database(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database)
    saved(return_row("r1", data=dump(RETURN), personal=dump(WHOLE[-1])))

    with transaction() as session:
        row = session.scalars(select(ReturnRow)).one()

    assert load(Return, row.data) == RETURN
    assert load(Personal, row.personal) == WHOLE[-1]


def test_a_sentence_keeps_what_it_was_made_of() -> None:
    said = say("Order %(order)s is not invoiced yet.", order="1")

    back = load(Difference, json.loads(json.dumps(dump(Difference(Sort.MISSING, "RA-1", "c", said, 1)))))

    assert (back.message, back.message.values) == (said, {"order": "1"})
    assert (
        load(Difference, {**dump(back), "message": "As it was written before."}).message == "As it was written before."
    )
