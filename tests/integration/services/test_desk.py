from __future__ import annotations

from decimal import Decimal

import pytest

from app.domain.blockers import Code
from app.domain.money import Money
from app.services.desk import Cursor, Wanted, causes, loads
from tests.support.rows import NOON, exception_row, return_row, saved

pytestmark = pytest.mark.usefixtures("books")


def _held(cause: str, amount: str | None, *, code: Code = Code.UNKNOWN_SKU, **changes: object) -> int:
    money = {"amount": None if amount is None else Decimal(amount)}
    return saved(exception_row(code, cause, **(money | changes)))


def test_what_holds_up_most_money_comes_first() -> None:
    _held("little", "10")
    _held("much", "300")
    _held("none", None)
    _held("yen", "5000", currency="JPY")

    assert [each.cause for each in causes(Wanted()).causes] == ["much", "yen", "little", "none"]


def test_pages_follow_one_another_without_gap_or_repeat() -> None:
    for number in range(7):
        _held(f"c{number}", str(10 * (number // 2)))
    seen: list[str] = []
    cursor = None
    while True:
        page = causes(Wanted(), cursor, limit=2)
        seen += [each.cause for each in page.causes]
        if page.next is None:
            break
        cursor = Cursor.read(str(page.next))
    assert sorted(seen) == [f"c{number}" for number in range(7)]
    assert len(seen) == 7


def test_a_cause_adds_up_by_currency_over_its_returns_and_stores() -> None:
    for number, (store, currency) in enumerate([("es", "EUR"), ("es", "EUR"), ("uk", "GBP")]):
        _held("c", "10", store=store, currency=currency, return_pk=saved(return_row(f"r{number}")))
    _held("c", "10", return_pk=saved(return_row("closed")), closed_at=NOON)

    (cause,) = causes(Wanted()).causes

    assert (cause.count, cause.units, cause.stores) == (3, 6, ("es", "uk"))
    assert cause.money == {"EUR": Money.of("20.00", "EUR"), "GBP": Money.of("10.00", "GBP")}


def test_only_what_is_wanted() -> None:
    _held("sku", "1")
    _held("receipt", "1", code=Code.OVER_RECEIPT, store="uk")

    assert [each.cause for each in causes(Wanted(team="logistics")).causes] == ["receipt"]
    assert [each.cause for each in causes(Wanted(code="unknown_sku")).causes] == ["sku"]
    assert [each.cause for each in causes(Wanted(store="uk")).causes] == ["receipt"]


def test_each_team_knows_its_load_whichever_is_looked_at() -> None:
    _held("a", "1.50")
    _held("b", "2")
    _held("c", None, code=Code.OVER_RECEIPT, currency=None)

    found = loads(Wanted(team="finance"))

    assert (found["merchandising"].count, found["merchandising"].money) == (2, {"EUR": Money.of("3.50", "EUR")})
    assert (found["logistics"].count, found["logistics"].money) == (1, {})


@pytest.mark.parametrize("text", [None, "", "x", "1", "1~x", "~"])
def test_a_cursor_that_is_none_begins_at_the_beginning(text: str | None) -> None:
    assert Cursor.read(text) is None
