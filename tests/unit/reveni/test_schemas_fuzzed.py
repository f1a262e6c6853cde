"""Whatever Reveni or a warehouse sends is read into something that can be kept, or refused as unreadable."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from app.db.codec import dump, load
from app.reveni.schemas import read_event, read_receipt, read_return
from app.wire import Unreadable, is_storable
from tests.support.any_json import fuzzed, mutated, values
from tests.unit.reveni.test_schemas import a_return

EVENT = {"id": "e1", "event": "return.updated", "data": {"resource": "return", "resource_id": "r1"}}
RECEIPT: dict[str, Any] = {
    "id": "w1",
    "type": "receipt",
    "received_at": "2026-03-01T10:00:00Z",
    "return_id": "r1",
    "ra_num": "0700000001",
    "tracking_number": "T-1",
    "location": "MAD01",
    "items": [{"sku": "0001", "upc": "084", "quantity": 2, "grade": "A", "from_grade": None, "note": "torn"}],
}


def kept(value: object) -> None:
    """It can be written into the database and read from there again, unchanged."""
    data = dump(value)
    json.dumps(data, allow_nan=False)
    assert is_storable(data)
    again = load(type(value), json.loads(json.dumps(data)))
    assert dump(again) == data


def read_kept(read: Any, document: object) -> None:
    """Read it, or be told that it cannot be; no message holds what the document holds."""
    try:
        value = read(document)
    except Unreadable as error:
        told = str(error)
    else:
        kept(value)
        return
    assert is_storable(told)


@fuzzed()
@given(values)
def test_any_value(document: Any) -> None:
    for read in (read_event, lambda it: read_return(it, "es"), lambda it: read_receipt(it, "madrid")):
        read_kept(read, document)


@fuzzed(300)
@given(mutated(a_return()))
def test_a_return_with_something_wrong(document: Any) -> None:
    read_kept(lambda it: read_return(it, "es"), document)


@fuzzed(200)
@given(mutated(RECEIPT))
def test_a_receipt_with_something_wrong(document: Any) -> None:
    read_kept(lambda it: read_receipt(it, "madrid"), document)


@fuzzed()
@given(mutated(EVENT))
def test_an_event_with_something_wrong(document: Any) -> None:
    try:
        event = read_event(document)
    except Unreadable:
        return
    assert all(0 < len(text) <= 200 for text in (event.id, event.event, event.return_id))


def test_the_patterns_are_valid() -> None:
    kept(read_return(a_return(), "es"))
    kept(read_receipt(RECEIPT, "madrid"))
    read_event(EVENT)


@pytest.mark.parametrize(
    "changes",
    [
        {"currency": "E R"},
        {"currency": "EURO"},
        {"amount": "1e30"},
        {"bonus": "1e-41"},
        {"updated": "9999-12-31T23:59:59Z"},
        {"id": "r" * 201},
        {"exchange_order": {"ship_to": {"weight": Decimal("1e999")}}},
    ],
    ids=str,
)
def test_values_that_no_return_has(changes: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        read_return(a_return(**changes), "es")
