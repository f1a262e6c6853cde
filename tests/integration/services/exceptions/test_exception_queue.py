from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from app.domain.blockers import Code
from app.domain.money import Money
from app.services.exceptions.exception_queue import (
    Filter,
    NoSuchException,
    get_exception,
    grouped,
    ids_of_cause,
    list_exceptions,
)
from tests.support.rows import NOON, exception_row, return_row, saved

pytestmark = pytest.mark.usefixtures("books")


def test_exceptions_come_in_their_order_and_in_pages() -> None:
    numbers = [saved(exception_row(cause=f"c{number}")) for number in range(5)]

    first = list_exceptions(Filter(), limit=2)
    second = list_exceptions(Filter(), after=first.next or 0, limit=2)
    last = list_exceptions(Filter(), after=second.next or 0, limit=2)

    assert [each.id for page in (first, second, last) for each in page.rows] == numbers
    assert last.next is None


def test_a_page_that_is_just_full_has_no_next() -> None:
    saved(exception_row(cause="c1"))
    saved(exception_row(cause="c2"))

    assert list_exceptions(Filter(), limit=2).next is None


@pytest.mark.parametrize(
    ("wanted", "causes"),
    [
        (Filter(), ["sku", "closed", "uk"]),
        (Filter(open=True), ["sku", "uk"]),
        (Filter(open=False), ["closed"]),
        (Filter(code="unknown_sku"), ["sku", "closed"]),
        (Filter(team="logistics"), ["uk"]),
        (Filter(store="uk"), ["uk"]),
        (Filter(open=True, cause="sku", store="uk"), []),
    ],
)
def test_only_those_that_are_wanted(wanted: Filter, causes: list[str]) -> None:
    saved(exception_row(cause="sku"))
    saved(exception_row(cause="closed", closed_at=NOON))
    saved(exception_row(Code.OVER_RECEIPT, cause="uk", store="uk"))

    assert [each.cause for each in list_exceptions(wanted).rows] == causes


def test_one_exception_names_its_return_and_its_way_out() -> None:
    number = saved(exception_row(return_pk=saved(return_row()), return_id="r1", amount=Decimal("47.8")))

    found = get_exception(number)

    assert (found.return_ids, found.money) == (["r1"], Money.of("47.80", "EUR"))
    assert "map-sku" in found.way_out


def test_one_that_is_not_there_is_said() -> None:
    with pytest.raises(NoSuchException, match="no exception 7"):
        get_exception(7)


def test_the_same_cause_is_one_thing_to_mend() -> None:
    for number, currency in enumerate(["EUR", "EUR", "JPY"]):
        opened = NOON + timedelta(minutes=number)
        saved(
            exception_row(
                return_pk=saved(return_row(f"r{number}")),
                amount=Decimal(1000 * (number + 1)),
                currency=currency,
                opened_at=opened,
                message=f"message {number}",
            )
        )
    saved(exception_row(return_pk=saved(return_row("closed")), closed_at=NOON))
    saved(exception_row(cause="another", amount=None, currency=None))

    first, second = grouped(Filter(open=True))

    assert (first.count, first.units, first.oldest, first.message) == (3, 6, NOON, "message 0")
    assert first.money == {"EUR": Money.of("3000.00", "EUR"), "JPY": Money.of("3000", "JPY")}
    assert (second.cause, second.count, second.money) == ("another", 1, {})


def test_a_cause_knows_its_open_exceptions() -> None:
    mine = saved(exception_row(cause="c1"))
    saved(exception_row(cause="c1", closed_at=NOON))
    saved(exception_row(cause="c2"))
    saved(exception_row(Code.INACTIVE_SKU, cause="c1"))

    assert ids_of_cause("unknown_sku", "c1") == [mine]
