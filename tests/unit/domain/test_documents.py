"""Documents: their keys, and the states of the ledger."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.documents import Document, Line, State, document_key, undo_key
from app.domain.policy import Kind
from tests.unit.domain.build import entry

NUMBERED = (Kind.RETURN_AUTHORISATION, Kind.INVENTORY_JOURNAL, Kind.CREDIT_MEMO, Kind.EXCHANGE_ORDER)


@pytest.mark.parametrize(
    ("kind", "n", "key"),
    [
        (Kind.RETURN_AUTHORISATION, 1, "RA-abc"),
        (Kind.RETURN_AUTHORISATION, 2, "RA-abc-2"),
        (Kind.EXCHANGE_ORDER, 1, "EX-abc"),
        (Kind.EXCHANGE_ORDER, 3, "EX-abc-3"),
        (Kind.INVENTORY_JOURNAL, 1, "IJ-abc-1"),
        (Kind.CREDIT_MEMO, 2, "CM-abc-2"),
    ],
)
def test_a_key_is_made_from_the_return_alone(kind: Kind, n: int, key: str) -> None:
    assert document_key(kind, "abc", n) == key


@given(
    st.sampled_from(NUMBERED),
    st.text("0123456789abcdef-", min_size=1, max_size=80),
    st.tuples(*[st.integers(1, 999)] * 2),
)
def test_a_key_fits_its_field_and_is_another_for_another_number(
    kind: Kind, return_id: str, numbers: tuple[int, int]
) -> None:
    first, second = (document_key(kind, return_id, n) for n in numbers)

    assert len(first) <= 40
    assert (first == second) == (numbers[0] == numbers[1])


def test_long_return_ids_have_keys_of_their_own() -> None:
    assert document_key(Kind.CREDIT_MEMO, "a" * 60, 1) != document_key(Kind.CREDIT_MEMO, "a" * 59 + "b", 1)


def test_what_ends_a_document_has_a_key_that_says_so() -> None:
    assert undo_key("RA-abc", Kind.RA_CANCEL) == "RA-abc/cancel"
    assert undo_key("RA-abc", Kind.RA_CLOSE) == "RA-abc/close"
    assert undo_key("EX-abc", Kind.ORDER_CANCEL) == "EX-abc/cancel"


def test_a_transfer_counts_what_it_moves() -> None:
    lines = (Line(1, "X", -3), Line(2, "X", 2), Line(3, "X", 1))

    assert Document("IJ-abc-2", Kind.INVENTORY_JOURNAL, 2, "SO1", lines).units == 3


@pytest.mark.parametrize(
    ("state", "live", "fixed"),
    [
        (State.DUE, True, False),
        (State.SENDING, True, True),
        (State.DOUBTFUL, True, True),
        (State.POSTED, True, True),
        (State.REFUSED, True, False),
        (State.WITHDRAWN, False, False),
    ],
)
def test_lines_are_fixed_once_a_document_may_have_been_made(state: State, live: bool, fixed: bool) -> None:
    row = entry(Document("RA-abc", Kind.RETURN_AUTHORISATION, 1, "SO1"), state)

    assert (row.live, row.fixed) == (live, fixed)
