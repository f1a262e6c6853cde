from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.bluecherry import schemas
from app.bluecherry.documents import Batch, BatchResult, DocumentRow, JournalLine, Stock
from app.db.codec import dump, load
from app.domain.model import CreditedLine, Item, Order
from app.domain.money import Money
from app.domain.periods import Period
from app.wire import Unreadable


def an_order(**changes: object) -> dict[str, Any]:
    return {
        "ord_num": "000501",
        "ref_num1": "5001",
        "ref_num2": None,
        "aux_ref_num": None,
        "orig_ord_num": None,
        "division": "010",
        "customer": "WEB",
        "store": "ES",
        "ord_type": "S",
        "ord_date": "2026-02-01",
        "ord_status": "I",
        "currency": "EUR",
        "freight_amt": "4.95",
        "freight_tax_amt": "1.04",
        "ship_to": {"name": "Ana"},
        "lines": [a_line()],
    } | changes


def a_line(**changes: object) -> dict[str, Any]:
    return {
        "line_seq": 1,
        "sku": "00123",
        "upc": None,
        "qty_ord": 3,
        "qty_inv": 2,
        "unit_price": "19.7521",
        "gross_amt": "39.50",
        "disc_amt": "3.95",
        "net_amt": "35.55",
        "tax_code": "ES21",
        "tax_rate": "0.21",
        "tax_amt": "7.47",
    } | changes


def euros(text: str) -> Money:
    return Money.of(text, "EUR")


def test_an_order() -> None:
    order = schemas.read_order(an_order(extra=1))
    (line,) = order.lines

    assert (order.ord_num, order.ref_num1, order.ref_num2, order.ord_type, order.ord_status) == (
        "000501",
        "5001",
        None,
        "S",
        "I",
    )
    assert (order.freight, order.freight_tax) == (euros("4.95"), euros("1.04"))
    assert (line.qty_ord, line.qty_inv, line.unit_price, line.tax_rate) == (
        3,
        2,
        Decimal("19.7521"),
        Decimal("0.21"),
    )
    assert (line.gross, line.disc, line.net, line.tax) == (
        euros("39.50"),
        euros("3.95"),
        euros("35.55"),
        euros("7.47"),
    )
    assert line.paid == euros("43.02")


@pytest.mark.parametrize("changes", [{"tax_code": None}, {"tax_code": ""}], ids=str)
def test_a_line_without_a_tax_code_is_the_same_after_it_was_kept(changes: dict[str, object]) -> None:
    order = schemas.read_order(an_order(lines=[a_line(**changes)], store=None))

    assert (order.lines[0].tax_code, order.store) == ("", "")
    assert load(Order, dump(order)).lines[0].tax_code == ""


def test_an_order_in_a_currency_without_decimals() -> None:
    amounts = {"unit_price": "1000", "gross_amt": "1000", "disc_amt": "0", "net_amt": "1000", "tax_amt": "100"}
    order = schemas.read_order(
        an_order(currency="JPY", freight_amt="0", freight_tax_amt="0", lines=[a_line(**amounts)])
    )

    assert order.lines[0].net == Money.of("1000", "JPY")


def test_an_amount_that_its_currency_cannot_have() -> None:
    with pytest.raises(Unreadable, match="net_amt has more decimals than EUR has"):
        schemas.read_order(an_order(lines=[a_line(net_amt="35.555")]))


def test_an_item() -> None:
    item = schemas.read_item(
        {"sku": "00123", "upc": None, "division": "010", "style": "0042", "size_bucket": "07", "active_ok": "N"}
    )

    assert item == Item("00123", None, "010", active=False, style="0042", size_bucket="07")


def test_a_return_authorisation() -> None:
    lines = [{"line_seq": 1, "ord_line_seq": 2, "sku": "00123", "qty": 3, "qty_rcv": 1, "reason_code": "SZ"}]
    ra = schemas.read_ra({"ra_num": "RA7", "ra_status": "P", "aux_ref_num": "RA-r1", "ref_num2": "r1", "lines": lines})

    assert (ra.ra_num, ra.status, ra.aux_ref_num, ra.ref_num2, ra.lines) == ("RA7", "P", "RA-r1", "r1", ((2, 3, 1),))


def test_a_journal_with_a_transfer() -> None:
    lines = [
        {"sku": "00123", "rec_type": "SA", "location": "MADQ", "lot": None, "qty": -1},
        {"sku": "00123", "rec_type": "SA", "location": "MAD01", "qty": 1},
    ]
    journal = schemas.read_journal({"journal_num": "J1", "ord_num": "000501", "aux_ref_num": "IJ-r1-2", "lines": lines})

    assert journal.lines == (JournalLine("00123", "SA", "MADQ", -1), JournalLine("00123", "SA", "MAD01", 1))
    assert (journal.ra_num, journal.aux_ref_num) == (None, "IJ-r1-2")


def test_a_memo_made_by_hand() -> None:
    memo = schemas.read_memo(
        {
            "memo_num": "CM9",
            "currency": "EUR",
            "lines": [{"ord_line_seq": 1, "qty": 1, "net_amt": "17.78", "tax_amt": "3.73", "disc_amt": "1.97"}],
            "total_amt": "21.51",
        }
    )

    assert memo.lines == (CreditedLine(1, 1, euros("17.78"), euros("1.97"), euros("3.73")),)
    assert (memo.total, memo.freight, memo.fee, memo.aux_ref_num) == (euros("21.51"), euros("0"), euros("0"), None)


def test_a_batch() -> None:
    batch = schemas.read_batch(
        {
            "batch_num": "B1",
            "batch_ref": "W-1",
            "status": "done",
            "results": [
                {"type": "credit_memo", "aux_ref_num": "CM-1-1", "status": "posted", "number": "CM1", "error": None},
                {
                    "type": "credit_memo",
                    "aux_ref_num": "CM-2-1",
                    "status": "rejected",
                    "number": None,
                    "error": {"code": "PERIOD_CLOSED", "message": "closed", "field": "memo_date"},
                },
            ],
        }
    )

    assert batch == Batch(
        "B1",
        "W-1",
        "done",
        (
            BatchResult("credit_memo", "CM-1-1", posted=True, number="CM1"),
            BatchResult("credit_memo", "CM-2-1", posted=False, error_code="PERIOD_CLOSED", error="closed"),
        ),
    )
    assert batch.done
    assert not schemas.read_batch({"batch_num": "B1", "status": "queued"}).done


@pytest.mark.parametrize(
    "error",
    [
        "LOCKED",
        {"code": "LOCKED", "message": "", "field": None},
        {"error": {"code": "LOCKED", "message": ""}},
    ],
)
def test_a_rejected_document_tells_why_in_any_form(error: object) -> None:
    result = {"type": "credit_memo", "aux_ref_num": "CM-r1-1", "status": "rejected", "number": "", "error": error}
    batch = schemas.read_batch({"batch_num": "B1", "status": "done", "results": [result]})

    assert (batch.results[0].error_code, batch.results[0].number) == ("LOCKED", None)


def test_stock_rows_and_periods() -> None:
    assert schemas.read_stock({"qoh": -1, "ots": 2, "movements": {"RT": 3}}) == Stock(-1, 2, {"RT": 3})
    assert schemas.read_row(
        {"type": "credit_memo", "number": "CM1", "qty": 1, "total_amt": "21.51", "posted_at": "2026-03-01T10:00:00Z"}
    ) == DocumentRow(
        "credit_memo",
        "CM1",
        None,
        None,
        None,
        None,
        None,
        1,
        Decimal("21.51"),
        datetime(2026, 3, 1, 10, tzinfo=UTC),
    )
    assert schemas.read_period({"period": "2026-03", "from": "2026-03-01", "to": "2026-03-31", "open": True}) == Period(
        "2026-03", date(2026, 3, 1), date(2026, 3, 31), open=True
    )


def test_a_document_of_less_than_nothing_holds_up_no_list() -> None:
    """Somebody took a memo back by hand."""
    row = schemas.read_row(
        {"type": "credit_memo", "number": "CM2", "total_amt": "-21.51", "posted_at": "2026-03-01T10:00:00Z"}
    )
    assert row.total_amt == Decimal("-21.51")


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T10:00:00.5Z",
        "2026-03-01T10:00:00.500000000Z",
        "2026-03-01t10:00:00.500z",
        "2026-03-01T10:00:00.5-00:00",
        "2026-03-01t12:00:00.5+02:00",
    ],
)
def test_a_time_in_every_form_of_rfc_3339(text: str) -> None:
    row = schemas.read_row({"type": "credit_memo", "number": "CM1", "posted_at": text})

    assert row.posted_at == datetime(2026, 3, 1, 10, 0, 0, 500000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("read", "document", "problem"),
    [
        (schemas.read_order, an_order(lines=None), "lines is null"),
        (schemas.read_order, an_order(lines=[a_line(qty_inv=-1)]), "lines.0.qty_inv is below 0"),
        (schemas.read_order, an_order(lines=[a_line(net_amt="-1.00")]), "lines.0.net_amt is below zero"),
        (schemas.read_item, {"sku": "1", "division": "010", "active_ok": "y"}, "active_ok is neither Y nor N"),
        (schemas.read_batch, {"batch_num": "1", "status": "lost"}, "status is no status of a batch"),
        (schemas.read_stock, {"qoh": "1", "ots": 1}, "qoh is not a whole number"),
        (schemas.read_row, {"type": "x", "number": "1", "posted_at": "today"}, "posted_at is not a time"),
        (schemas.read_period, {"period": "1", "from": "x", "to": "2026-03-31", "open": True}, "from is not a date"),
    ],
)
def test_what_does_not_fit_is_named(read: Callable[[object], object], document: object, problem: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(document)

    assert caught.value.problems == (problem,)
