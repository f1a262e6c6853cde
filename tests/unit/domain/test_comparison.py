from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.comparison import COMPARED, Compared, Listed, Outcome, Side, compare, summarise
from app.domain.money import Money
from app.domain.policy import Kind

VALUED = (Kind.CREDIT_MEMO, Kind.EXCHANGE_ORDER)
ORDER_OF = {"a": "1", "b": "1", "c": "2", "d": "3"}
"""The order of each return; two returns share one."""


@st.composite
def documents(draw: st.DrawFn) -> Listed:
    """A document of one of four returns, on its order."""
    kind = draw(st.sampled_from(COMPARED))
    return_id = draw(st.sampled_from(sorted(ORDER_OF)))
    cents = draw(st.integers(0, 100_000))
    money = Money(Decimal(cents).scaleb(-2), draw(st.sampled_from(["EUR", "GBP"]))) if kind in VALUED else None
    number = f"n{draw(st.integers(0, 10**9))}"
    return Listed(kind, number, return_id, ORDER_OF[return_id], draw(st.integers(1, 9)), money)


BOOKS = st.lists(documents(), max_size=12)


def memo(return_id: str | None, amount: str, ord_num: str | None = "1", units: int = 1, number: str = "n") -> Listed:
    return Listed(Kind.CREDIT_MEMO, number, return_id, ord_num, units, Money.of(amount, "EUR"))


def outcomes(compared: Sequence[Compared]) -> list[Outcome]:
    return [each.outcome for each in compared]


def everything(sides: Sequence[Side]) -> tuple[Counter[str], int, Counter[str]]:
    sums: Counter[str] = Counter()
    for side in sides:
        for currency, money in side.sums.items():
            sums[currency] += int(money.amount.scaleb(2))
    return Counter(n for side in sides for n in side.numbers), sum(side.units for side in sides), +sums


def all_of(book: Sequence[Listed]) -> tuple[Counter[str], int, Counter[str]]:
    sums: Counter[str] = Counter()
    for each in book:
        if each.total is not None:
            sums[each.total.currency] += int(each.total.amount.scaleb(2))
    return Counter(each.number for each in book), sum(each.units for each in book), +sums


@given(BOOKS, BOOKS)
def test_every_document_is_in_exactly_one_comparison(bridge: list[Listed], by_hand: list[Listed]) -> None:
    found = compare(bridge, by_hand)
    assert everything([each.bridge for each in found]) == all_of(bridge)
    assert everything([each.by_hand for each in found]) == all_of(by_hand)
    assert sum(summarise(found).counts.values()) == len(found)


@given(BOOKS, st.data())
def test_a_book_is_the_same_as_itself_in_any_order_with_or_without_references(
    book: list[Listed], data: st.DataObject
) -> None:
    copied = [replace(each, return_id=each.return_id if data.draw(st.booleans()) else None) for each in book]
    found = compare(book, data.draw(st.permutations(copied)))
    assert set(outcomes(found)) <= {Outcome.SAME}
    assert summarise(found).all_same


@given(BOOKS.filter(bool), st.data())
def test_what_is_forgotten_is_found_and_nothing_else(book: list[Listed], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(book) - 1))
    gone = book[at]
    found = [each for each in compare(book, [*book[:at], *book[at + 1 :]]) if each.outcome is not Outcome.SAME]
    assert [(each.kind, each.returns) for each in found] == [(gone.kind, {gone.return_id})]
    assert found[0].bridge.units - found[0].by_hand.units == gone.units


@given(BOOKS.filter(bool), st.data())
def test_splitting_a_document_makes_no_difference(book: list[Listed], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(book) - 1))
    whole = book[at]
    part = data.draw(st.integers(0, whole.units))
    nothing = Money.zero(whole.total.currency) if whole.total else None
    parts = [replace(whole, units=part), replace(whole, units=whole.units - part, total=nothing)]
    assert summarise(compare(book, [*book[:at], *parts, *book[at + 1 :]])).all_same


@pytest.mark.parametrize(
    ("by_hand", "expected"),
    [
        ([memo("a", "10.89")], [Outcome.SAME]),
        ([memo(None, "10.89")], [Outcome.SAME]),
        ([memo("a", "10.88")], [Outcome.DIFFERS]),
        ([memo("a", "10.89", units=2)], [Outcome.DIFFERS]),
        ([memo("a", "10.89", ord_num="2")], [Outcome.DIFFERS]),
        ([], [Outcome.ONLY_BRIDGE]),
        ([memo("a", "10.89"), memo(None, "5.00", ord_num="9")], [Outcome.ONLY_BY_HAND, Outcome.SAME]),
        ([memo("a", "10.89"), memo(None, "5.00", ord_num=None)], [Outcome.ONLY_BY_HAND, Outcome.SAME]),
        ([memo("a", "10.89"), memo("a", "10.89")], [Outcome.DIFFERS]),
    ],
)
def test_one_memo_against_what_was_entered(by_hand: list[Listed], expected: list[Outcome]) -> None:
    assert outcomes(compare([memo("a", "10.89")], by_hand)) == expected


def test_without_a_reference_the_sums_of_the_order_are_compared() -> None:
    bridge = [memo("a", "10.89"), memo("b", "21.78", units=2)]
    (found,) = compare(bridge, [memo("a", "10.89"), memo(None, "21.00", units=2)])
    assert (found.returns, found.outcome) == ({"a", "b"}, Outcome.DIFFERS)
    assert [str(side.sums["EUR"]) for side in (found.bridge, found.by_hand)] == ["32.67", "31.89"]


def test_other_kinds_on_the_order_are_still_compared_by_return() -> None:
    ra = Listed(Kind.RETURN_AUTHORISATION, "ra", "a", "1", 1)
    found = compare([memo("a", "1.00"), ra], [memo(None, "1.00"), ra])
    assert {(each.kind, each.outcome) for each in found} == {
        (Kind.CREDIT_MEMO, Outcome.SAME),
        (Kind.RETURN_AUTHORISATION, Outcome.SAME),
    }


def test_the_summary_adds_up_memos_by_currency() -> None:
    exchange = Listed(Kind.EXCHANGE_ORDER, "x", "a", "1", 1, Money.of("99.00", "EUR"))
    pound = replace(memo("c", "3.00"), total=Money.of("3.00", "GBP"))
    summary = summarise(compare([memo("a", "1.00"), exchange, pound], [memo("b", "2.50")]))
    assert {name: str(money) for name, money in summary.credited_by_bridge.items()} == {"EUR": "1.00", "GBP": "3.00"}
    assert {name: str(money) for name, money in summary.credited_by_hand.items()} == {"EUR": "2.50"}
    assert summary.counts == {
        Outcome.SAME: 0,
        Outcome.DIFFERS: 0,
        Outcome.ONLY_BRIDGE: 3,
        Outcome.ONLY_BY_HAND: 1,
    }
    assert not summary.all_same
