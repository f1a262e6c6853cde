from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.config import Alerts
from app.domain.alerting import Step, TeamAlerts
from app.domain.blockers import Code
from app.domain.money import Money
from app.services.exceptions.approvals import ask
from app.services.exceptions.desk import (
    Cursor,
    Load,
    Wanted,
    causes,
    every_line,
    ids_of,
    lines,
    loads,
    overdue,
    refund_sums,
    together,
)
from app.services.exceptions.desk_actions import Action
from app.services.exceptions.exception_queue import Filter, grouped
from tests.support.rows import NOON, exception_row, return_row, saved

pytestmark = pytest.mark.usefixtures("books")


def _wanted(**changes: Any) -> Wanted:
    return Wanted(now=NOON, **changes)


def _held(cause: str, amount: str | None, *, code: Code = Code.UNKNOWN_SKU, **changes: object) -> int:
    money = {"amount": None if amount is None else Decimal(amount)}
    return saved(exception_row(code, cause, **(money | changes)))


def test_a_cause_tells_about_how_many_something_waits_for_a_second_person() -> None:
    first = _held("lost", "10", receipt_id="w1")
    _held("lost", "20", receipt_id="w2")
    _held("other", "5")
    ask(Action.RESOLVE, [first], {"reason": "a gift"}, "ana")

    assert {each.cause: each.asked for each in causes(_wanted()).causes} == {"lost": 1, "other": 0}


def test_what_holds_up_most_money_comes_first() -> None:
    _held("little", "10")
    _held("much", "300")
    _held("none", None)
    _held("yen", "5000", currency="JPY")

    assert [each.cause for each in causes(_wanted()).causes] == ["much", "yen", "little", "none"]


def test_pages_follow_one_another_without_gap_or_repeat() -> None:
    for number in range(7):
        _held(f"c{number}", str(10 * (number // 2)))
    seen: list[str] = []
    cursor = None
    while True:
        page = causes(_wanted(), cursor, limit=2)
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

    (cause,) = causes(_wanted()).causes

    assert (cause.count, cause.units, cause.stores) == (3, 6, ("es", "uk"))
    assert cause.money == {"EUR": Money.of("20.00", "EUR"), "GBP": Money.of("10.00", "GBP")}


def test_of_what_is_closed_the_last_month_is_listed_and_of_one_cause_all() -> None:
    _held("lately", "1", closed_at=NOON - timedelta(days=29))
    _held("once", "1", closed_at=NOON - timedelta(days=31))

    assert [each.cause for each in causes(_wanted(open=False)).causes] == ["lately"]
    assert [each.exception.cause for each in lines(_wanted(open=False, cause="once")).rows] == ["once"]


def test_only_what_is_wanted() -> None:
    _held("sku", "1")
    _held("receipt", "1", code=Code.OVER_RECEIPT, store="uk")

    assert [each.cause for each in causes(_wanted(team="logistics")).causes] == ["receipt"]
    assert [each.cause for each in causes(_wanted(code="unknown_sku")).causes] == ["sku"]
    assert [each.cause for each in causes(_wanted(store="uk")).causes] == ["receipt"]


def test_each_team_knows_its_load_whichever_is_looked_at() -> None:
    _held("a", "1.50")
    _held("b", "2")
    _held("c", None, code=Code.OVER_RECEIPT, currency=None)

    found = loads(_wanted(team="finance"))

    assert (found["merchandising"].count, found["merchandising"].money) == (2, {"EUR": Money.of("3.50", "EUR")})
    assert (found["logistics"].count, found["logistics"].money) == (1, {})
    units = sum(each.units for each in found.values())
    assert together(found.values()) == Load(3, units, found["merchandising"].money, unknown=1)


def test_what_is_snoozed_comes_back_by_itself() -> None:
    _held("asleep", "1", snoozed_until=NOON + timedelta(hours=1))
    _held("awake", "1", snoozed_until=NOON - timedelta(hours=1))

    assert [each.cause for each in causes(_wanted()).causes] == ["awake"]
    assert [each.cause for each in causes(_wanted(snoozed=True)).causes] == ["asleep"]
    later = Wanted(now=NOON + timedelta(hours=2))
    assert {each.cause for each in causes(later).causes} == {"asleep", "awake"}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"text": "R7"}, ["mine"]),
        ({"text": "100%"}, ["percent"]),
        ({"text": "nothing"}, []),
        ({"assigned_to": "ana"}, ["mine"]),
        ({"assigned_to": ""}, ["percent", "old"]),
        ({"tag": "vip"}, ["old"]),
        ({"open": False}, ["closed"]),
        ({"overdue": {"merchandising": NOON - timedelta(days=2)}}, ["old"]),
        ({"overdue": {"finance": NOON}}, []),
    ],
    ids=str,
)
def test_a_list_can_be_narrowed(wanted: dict[str, Any], found: list[str]) -> None:
    _held("mine", "1", return_id="r7", assigned_to="ana", opened_at=NOON)
    _held("percent", "1", message="100% wool", opened_at=NOON)
    _held("old", "1", tags=["vip"], opened_at=NOON - timedelta(days=3))
    _held("closed", "1", closed_at=NOON)

    assert [line.exception.cause for line in lines(_wanted(**wanted)).rows] == found
    assert [line.exception.cause for line in every_line(_wanted(**wanted))] == found


def test_all_of_a_cause_is_meant_by_one_of_it() -> None:
    first = _held("c", "1", return_pk=saved(return_row("r1")))
    second = _held("c", "1", return_pk=saved(return_row("r2")))
    _held("other", "1")

    assert ids_of(_wanted(), [second]) == [first, second]
    assert ids_of(_wanted(), []) == []
    assert len(ids_of(_wanted())) == 3


def test_overdue_is_by_the_teams_escalation_path() -> None:
    path = TeamAlerts((), escalation=(Step(timedelta(hours=4), ("boss",)),))

    found = overdue(Alerts(teams={"cx": path}), NOON)

    assert (found["cx"], found["finance"]) == (NOON - timedelta(hours=4), NOON - timedelta(days=2))


@pytest.mark.parametrize("text", [None, "", "x", "1", "1~x", "~"])
def test_a_cursor_that_is_none_begins_at_the_beginning(text: str | None) -> None:
    assert Cursor.read(text) is None


def test_what_was_refunded_too_much_and_too_little_is_summed_apart() -> None:
    for n, (amount, currency, side) in enumerate(
        [
            ("10", "EUR", "over"),
            ("2.50", "EUR", "over"),
            ("20", "EUR", "under"),
            ("3", "GBP", "over"),
            ("9", "EUR", None),
        ]
    ):
        saved(
            exception_row(
                Code.REFUND_MISMATCH, f"r{n}", return_pk=saved(return_row(f"r{n}")), amount=Decimal(amount),
                currency=currency, side=side,
            )
        )  # fmt: skip
    saved(exception_row(return_pk=saved(return_row("other")), amount=Decimal(99)))

    sums = refund_sums(Filter(open=True))

    assert list(sums) == ["EUR", "GBP"]
    euro = sums["EUR"]
    assert (str(euro.over), str(euro.under), str(euro.net)) == ("12.50", "20.00", "-7.50")
    assert (str(sums["GBP"].over), str(sums["GBP"].under)) == ("3.00", "0.00")


def test_sums_say_of_how_many_nobody_knows_the_amount() -> None:
    for n, amount in enumerate([Decimal(10), None, None]):
        pk = saved(return_row(f"r{n}"))
        saved(exception_row(return_pk=pk, amount=amount, currency=None if amount is None else "EUR"))

    (cause,) = causes(_wanted()).causes
    load = together(loads(_wanted()).values())
    (group,) = grouped(Filter(open=True))

    for each in (cause, load, group):
        assert (each.count, {name: str(money) for name, money in each.money.items()}) == (3, {"EUR": "10.00"})
        assert each.unknown == 2
