from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.domain.documents import State
from app.domain.policy import Kind
from app.domain.reconciliation import Booked, Found, Sort, Unread, difference, is_key, missing, unread, unread_beside

BOOKED = Booked(7, "CM-r1-1", Kind.CREDIT_MEMO, State.POSTED, "000100", "0900000001", 2, Decimal("21.78"), False)
FOUND = Found(Kind.CREDIT_MEMO, "0900000001", "CM-r1-1", "000100", "r1", 2, Decimal("21.78"), False)


def test_the_same_on_both_sides_does_not_differ() -> None:
    assert difference(BOOKED, FOUND) is None
    assert difference(replace(BOOKED, cancelled=True), replace(FOUND, cancelled=True)) is None


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (replace(FOUND, units=1), "units 2 in the ledger, 1 in BlueCherry"),
        (replace(FOUND, total=Decimal("21.79")), "total 21.78 in the ledger, 21.79 in BlueCherry"),
        (replace(FOUND, ord_num="000200"), "order 000100 in the ledger, 000200 in BlueCherry"),
        (replace(FOUND, cancelled=True), "it is standing in the ledger, cancelled in BlueCherry"),
    ],
)
def test_what_differs_is_told_with_both_sides(found: Found, told: str) -> None:
    differs = difference(BOOKED, found)

    assert differs is not None
    assert (differs.sort, differs.ledger_id) == (Sort.CHANGED, 7)
    assert told in differs.message


def test_what_one_side_does_not_say_does_not_differ() -> None:
    assert difference(replace(BOOKED, units=None), replace(FOUND, units=0)) is None, "a transfer adds up to nothing"
    assert difference(BOOKED, replace(FOUND, total=None, ord_num=None)) is None
    assert difference(replace(BOOKED, total=None), FOUND) is None


def test_an_exchange_order_has_its_own_number_in_the_place_of_the_order() -> None:
    booked = replace(BOOKED, kind=Kind.EXCHANGE_ORDER, key="EX-r1", number="0500000009")
    found = replace(FOUND, kind=Kind.EXCHANGE_ORDER, key="EX-r1", number="0500000009", ord_num="0500000009")

    assert difference(booked, found) is None


def test_a_second_number_for_one_key_is_a_double_until_it_is_cancelled() -> None:
    second = replace(FOUND, number="0900000002")
    differs = difference(BOOKED, second)

    assert differs is not None
    assert differs.sort is Sort.DOUBLED
    assert "0900000001" in differs.message
    assert "0900000002" in differs.message
    assert difference(BOOKED, replace(second, cancelled=True)) is None


@pytest.mark.parametrize("state", [State.SENDING, State.DOUBTFUL])
def test_a_call_that_is_under_way_does_not_differ(state: State) -> None:
    assert difference(replace(BOOKED, state=state, number=None), FOUND) is None


@pytest.mark.parametrize("state", [State.WITHDRAWN, State.REFUSED])
def test_what_stands_and_is_not_due_differs(state: State) -> None:
    differs = difference(replace(BOOKED, state=state, number=None), FOUND)

    assert differs is not None
    assert differs.sort is Sort.NOT_DUE
    assert state in differs.message
    assert difference(replace(BOOKED, state=state, number=None), replace(FOUND, cancelled=True)) is None


def test_a_key_that_the_ledger_does_not_know_differs() -> None:
    differs = difference(None, FOUND)

    assert differs is not None
    assert (differs.sort, differs.ledger_id, differs.return_id) == (Sort.NOT_DUE, None, "r1")


def test_one_difference_keeps_its_cause_and_two_have_two() -> None:
    first, again = (difference(BOOKED, replace(FOUND, units=units)) for units in (1, 1))
    double = difference(BOOKED, replace(FOUND, number="0900000002"))

    assert first is not None
    assert again is not None
    assert double is not None
    assert first.cause == again.cause
    assert len({first.cause, double.cause, missing(BOOKED).cause}) == 3


@pytest.mark.parametrize(
    ("reference", "ours"),
    [
        ("RA-r1", True),
        ("IJ-r1-2", True),
        ("CM-r1-1", True),
        ("EX-r1", True),
        ("RA-", False),
        ("typed in", False),
        (None, False),
    ],
)
def test_what_looks_like_a_key(reference: str | None, ours: bool) -> None:
    assert is_key(reference) is ours


UNREAD = Unread(
    kind=Kind.CREDIT_MEMO,
    of_another_kind=False,
    number="0900000001",
    key="CM-r1-1",
    return_id="r1",
    place=3,
    since=datetime(2026, 1, 5, 8, tzinfo=UTC),
    state="f" * 64,
    problems=("qty is not a whole number",),
)


@pytest.mark.parametrize(
    ("row", "may_be"),
    [
        (UNREAD, True),
        (replace(UNREAD, number="0900000002"), True),
        (replace(UNREAD, key="CM-r2-1"), True),
        (replace(UNREAD, key="CM-r2-1", number="0900000002"), False),
        (replace(UNREAD, key="", number="0900000002"), False),
        (replace(UNREAD, key=None, number="0900000002"), True),
        (replace(UNREAD, key="CM-r2-1", number=None), True),
        (replace(UNREAD, kind=None, key=None, number=None), True),
        (replace(UNREAD, kind=Kind.INVENTORY_JOURNAL), False),
        (replace(UNREAD, kind=None, of_another_kind=True), False),
    ],
)
def test_what_a_row_that_cannot_be_read_may_be_of(row: Unread, may_be: bool) -> None:
    assert row.may_be_of(BOOKED.kind, BOOKED.key, BOOKED.number) is may_be


@pytest.mark.parametrize(
    ("row", "told", "cause"),
    [
        (UNREAD, "credit memo 0900000001 with the key CM-r1-1", "unread:main:credit_memo:0900000001"),
        (replace(UNREAD, key=""), "credit memo 0900000001, row 3", "unread:main:credit_memo:0900000001"),
        (replace(UNREAD, number=None), "a document with the key CM-r1-1", "unread:main:" + 20 * "f"),
        (replace(UNREAD, number=None, key=None), "a document without a number", "unread:main:" + 20 * "f"),
    ],
)
def test_a_row_that_cannot_be_read_is_told_by_what_it_lets_read(row: Unread, told: str, cause: str) -> None:
    differs = unread("main", row, BOOKED)

    assert (differs.sort, differs.cause, differs.ledger_id) == (Sort.UNREAD, cause, 7)
    assert told in differs.message
    assert "posted at 2026-01-05 08:00:00 UTC or later (qty is not a whole number)" in differs.message


def test_rows_beside_those_that_are_told_one_by_one_are_one_of_which_nothing_is_known() -> None:
    later = replace(UNREAD, kind=None, of_another_kind=True, number="7", since=UNREAD.since + timedelta(hours=3))
    row, differs = unread_beside("main", [UNREAD, later], 200)

    assert (differs.sort, differs.cause) == (Sort.UNREAD, "unread:main:beside:2026-01-05")
    assert "than the 200 that are told one by one, those of 2026-01-05 UTC among them" in differs.message
    assert (row.may_be_of(BOOKED.kind, BOOKED.key, BOOKED.number), row.since.isoformat()) == (
        True,
        "2026-01-05T00:00:00+00:00",
    )
    assert not unread_beside("main", [later], 200)[0].may_be_of(BOOKED.kind, BOOKED.key, BOOKED.number)


def test_no_key_is_longer_than_one_may_be() -> None:
    assert is_key("CM-" + 37 * "r")
    assert not is_key("CM-" + 38 * "r")
