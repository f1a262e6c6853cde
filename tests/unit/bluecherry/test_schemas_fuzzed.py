"""Whatever BlueCherry answers is read into something that can be kept, or refused as unreadable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.bluecherry import schemas
from tests.support.any_json import fuzzed, mutated, values
from tests.unit.bluecherry.test_schemas import an_order
from tests.unit.reveni.test_schemas_fuzzed import kept, read_kept

ITEM = {"sku": "0001", "upc": "084", "division": "010", "style": "S1", "size_name": "M", "active_ok": "Y"}
RA = {
    "ra_num": "0700000001",
    "ra_status": "A",
    "ord_num": "000100",
    "aux_ref_num": "RA-r1",
    "ref_num2": "r1",
    "lines": [{"line_seq": 1, "ord_line_seq": 1, "sku": "0001", "qty": 2, "qty_rcv": 1}],
}
JOURNAL = {
    "journal_num": "0800000001",
    "ord_num": "000100",
    "ra_num": "0700000001",
    "ref_num2": "r1",
    "aux_ref_num": "IJ-r1-1",
    "lines": [{"ra_line_seq": 1, "sku": "0001", "rec_type": "RT", "location": "MAD01", "lot": None, "qty": 2}],
}
MEMO = {
    "memo_num": "0900000001",
    "ord_num": "000100",
    "ra_num": "0700000001",
    "ref_num2": "r1",
    "aux_ref_num": "CM-r1-1",
    "currency": "EUR",
    "lines": [{"ord_line_seq": 1, "qty": 2, "disc_amt": "1.00", "net_amt": "18.00", "tax_amt": "3.78"}],
    "freight_amt": "0.00",
    "freight_tax_amt": "0.00",
    "fee_amt": "0.00",
    "total_amt": "21.78",
}
RESULT = {"type": "credit_memo", "aux_ref_num": "CM-r1-1", "status": "rejected", "number": None}
BATCH = {
    "batch_num": "B1",
    "batch_ref": "B-1",
    "status": "done",
    "results": [RESULT | {"error": {"code": "LOCKED", "message": "it is"}}, RESULT | {"status": "posted"}],
}
STOCK = {"qoh": 3, "ots": 2, "movements": {"RT": 3, "SA": -1}}
ROW = {
    "type": "credit_memo",
    "number": "0900000001",
    "ord_num": "000100",
    "aux_ref_num": "CM-r1-1",
    "status": "A",
    "qty": 2,
    "total_amt": "21.78",
    "posted_at": "2026-03-01T10:00:00Z",
}
PERIOD = {"period": "2026-03", "from": "2026-03-01", "to": "2026-03-31", "open": True}

Read = Callable[[object], object]
CALLS: list[tuple[Read, object]] = [
    (schemas.read_item, ITEM),
    (schemas.read_order, an_order()),
    (schemas.read_ra, RA),
    (schemas.read_journal, JOURNAL),
    (schemas.read_memo, MEMO),
    (schemas.read_batch, BATCH),
    (schemas.read_stock, STOCK),
    (schemas.read_row, ROW),
    (schemas.read_period, PERIOD),
]


@pytest.mark.parametrize(("read", "valid"), CALLS, ids=lambda each: getattr(each, "__name__", ""))
@fuzzed(100)
@given(data=st.data())
def test_an_answer_with_something_wrong(read: Read, valid: object, data: st.DataObject) -> None:
    read_kept(read, data.draw(mutated(valid)))


@fuzzed(100)
@given(values)
def test_any_value(document: Any) -> None:
    for read, _ in CALLS:
        read_kept(read, document)


@pytest.mark.parametrize(("read", "valid"), CALLS, ids=lambda each: getattr(each, "__name__", ""))
def test_the_patterns_are_valid(read: Read, valid: object) -> None:
    kept(read(valid))
