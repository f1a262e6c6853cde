"""A small world for BlueCherry: one order of three lines, two locations, and a clock that tests move by hand."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest

from app.sandbox.bluecherry.erp import Erp
from app.sandbox.bluecherry.refusal import Refusal
from app.sandbox.json import Json
from app.sandbox.tape import Tape

Body = dict[str, Json]
_TAX = Decimal("1.89")
BEGIN = datetime(2024, 5, 2, 8, tzinfo=UTC)


class Clock:
    """A time that stands still until it is moved, and timers that run out when it is."""

    def __init__(self) -> None:
        self.time = BEGIN
        self._order = count()
        self._timers: list[tuple[datetime, int, Callable[[], None]]] = []

    def now(self) -> datetime:
        return self.time

    def later(self, seconds: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._timers, (self.time + timedelta(seconds=seconds), next(self._order), what))

    def move(self, seconds: float) -> None:
        end = self.time + timedelta(seconds=seconds)
        while self._timers and self._timers[0][0] <= end:
            self.time, _, what = heapq.heappop(self._timers)
            what()
        self.time = end


def order_line(line_seq: int, sku: str, qty: int, **changes: Json) -> Body:
    """A line at 10.00 with a tenth off and 21 % tax on top."""
    return {
        "line_seq": line_seq,
        "sku": sku,
        "upc": None,
        "qty_ord": qty,
        "qty_inv": qty,
        "unit_price": "10.00",
        "gross_amt": f"{10 * qty}.00",
        "disc_amt": f"{qty}.00",
        "net_amt": f"{9 * qty}.00",
        "tax_code": "V21",
        "tax_rate": "0.21",
        "tax_amt": str(_TAX * qty),
        **changes,
    }


def sale(ord_num: str = "000100", **changes: Json) -> Body:
    return {
        "ord_num": ord_num,
        "ref_num1": "5001",
        "division": "010",
        "customer": "000042",
        "store": "ES",
        "ord_type": "S",
        "ord_date": "2024-05-01",
        "ord_status": "I",
        "currency": "EUR",
        "freight_amt": "4.00",
        "freight_tax_amt": "0.84",
        "ship_to": {"city": "Madrid"},
        "lines": [order_line(1, "0001", 3), order_line(2, "0002", 1), order_line(3, "0003", 1)],
        **changes,
    }


def seed(**changes: Json) -> Body:
    return {
        "items": [
            {"division": "010", "sku": "0001", "upc": "0840001"},
            {"division": "010", "sku": "0002"},
            {"division": "010", "sku": "0003", "active_ok": "N"},
            {"division": "010", "sku": "0004"},
        ],
        "locations": ["MAD01", "MADQ"],
        "reasons": ["SZ", "DF"],
        "periods": [
            {"period": "2024-04", "from": "2024-04-01", "to": "2024-04-30", "open": False},
            {"period": "2024-05", "from": "2024-05-01", "to": "2024-05-31", "open": True},
        ],
        "orders": [
            sale(),
            sale("000200", ref_num1="5002", ord_status="O", lines=[order_line(1, "0001", 3, qty_inv=0)]),
        ],
        **changes,
    }


def ra_line(line_seq: int = 1, ord_line_seq: int = 1, sku: str = "0001", qty: int = 1, **changes: Json) -> Body:
    return {
        "line_seq": line_seq,
        "ord_line_seq": ord_line_seq,
        "sku": sku,
        "qty": qty,
        "reason_code": "SZ",
        **changes,
    }


def ra(*lines: Body, **changes: Json) -> Body:
    return {
        "ord_num": "000100",
        "division": "010",
        "customer": "000042",
        "location": "MAD01",
        "ref_num2": "r1",
        "aux_ref_num": "RA-r1",
        "tracking_num": None,
        "reason_code": "SZ",
        "lines": list(lines) or [ra_line()],
        **changes,
    }


def journal_line(sku: str = "0001", qty: int = 1, **changes: Json) -> Body:
    return {
        "ra_line_seq": 1,
        "sku": sku,
        "rec_type": "RT",
        "location": "MAD01",
        "lot": None,
        "qty": qty,
        **changes,
    }


def journal(ra_num: str | None, *lines: Body, **changes: Json) -> Body:
    return {
        "ra_num": ra_num,
        "ord_num": "000100",
        "ref_num2": "r1",
        "aux_ref_num": "IJ-r1-1",
        "journal_date": "2024-05-02",
        "lines": list(lines) or [journal_line()],
        **changes,
    }


def memo_line(qty: int = 1, **changes: Json) -> Body:
    return {
        "ord_line_seq": 1,
        "sku": "0001",
        "qty": qty,
        "unit_price": "10.00",
        "gross_amt": f"{10 * qty}.00",
        "disc_amt": f"{qty}.00",
        "net_amt": f"{9 * qty}.00",
        "tax_code": "V21",
        "tax_amt": str(_TAX * qty),
        **changes,
    }


def memo(*lines: Body, total_amt: str = "10.89", **changes: Json) -> Body:
    return {
        "ord_num": "000100",
        "ra_num": None,
        "ref_num2": "r1",
        "aux_ref_num": "CM-r1-1",
        "memo_date": "2024-05-02",
        "currency": "EUR",
        "lines": list(lines) or [memo_line()],
        "freight_amt": "0.00",
        "freight_tax_amt": "0.00",
        "fee_amt": "0.00",
        "total_amt": total_amt,
        **changes,
    }


def exchange(*lines: Body, **changes: Json) -> Body:
    body = sale()
    del body["ord_num"], body["ord_status"]
    return {
        **body,
        "ord_type": "E",
        "orig_ord_num": "000100",
        "ra_num": None,
        "ref_num2": "r1",
        "aux_ref_num": "EX-r1",
        "freight_amt": "0.00",
        "freight_tax_amt": "0.00",
        "lines": list(lines) or [order_line(1, "0004", 1)],
        **changes,
    }


class Desk:
    """An ERP that holds the world, with what tests do most."""

    def __init__(self, tape: Tape | None = None, *, inactive_returnable: bool = False, empty: bool = False) -> None:
        self.clock = Clock()
        self.erp = Erp(tape or Tape(None), self.clock.now, self.clock.later, inactive_returnable=inactive_returnable)
        if not empty:
            self.erp.seed(seed())

    def authorise(self, *lines: Body, **changes: Json) -> str:
        return self.erp.create("return_authorization", ra(*lines, **changes)).number

    def receive(self, ra_num: str | None, *lines: Body, **changes: Json) -> str:
        return self.erp.create("inventory_journal", journal(ra_num, *lines, **changes)).number

    def credit(self, *lines: Body, total_amt: str = "10.89", **changes: Json) -> str:
        return self.erp.create("credit_memo", memo(*lines, total_amt=total_amt, **changes)).number

    def exchange(self, *lines: Body, **changes: Json) -> str:
        return self.erp.create("sales_order", exchange(*lines, **changes)).number

    def status(self, ra_num: str) -> str:
        return self.erp.books.ra(ra_num).status

    def movements(self, sku: str, location: str | None = None) -> dict[str, int]:
        counted = self.erp.books.stock.of("010", sku, location)
        return {kind: units for kind, units in counted.items() if units}


@contextmanager
def refused(code: str, field: str | None = None) -> Iterator[None]:
    """BlueCherry must say no with this code (and name this field)."""
    with pytest.raises(Refusal) as caught:
        yield
    assert caught.value.code == code, caught.value
    if field is not None:
        assert caught.value.field == field, caught.value
