"""Reveni's refund against the memos: when they are compared, what counts as agreement, and the reason that is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Literal

import pytest

from app.domain.blockers import Blocker, Code
from app.domain.model import Order, Refund, ReturnItem
from app.domain.policy import Kind, Policy
from tests.unit.domain import build
from tests.unit.domain.build import item, line, ret, rules, swap
from tests.unit.domain.play import Play

_SHIRTS = build.order(
    line(1, "X", 3, net="270.00", tax="56.70", disc="30.00"),
    line(2, "Y", 1, net="50.00", tax="5.00", rate="0.10"),
    freight="4.00",
    freight_tax="0.84",
)
"""3 × X at 108.90 (121.00 before a tenth off), 1 × Y at 55.00, freight 4.84."""
_X = item("i1", "X", 2, "108.90", "accepted")
_Y = item("i2", "Y", 1, "55.00", "accepted")


def refund(game: Play, amount: str | None) -> Refund:
    """Reveni paid back so much."""
    return Refund("original", "done", None if amount is None else Decimal(amount), game.now)


@dataclass(frozen=True)
class Case:
    """Goods that came, were accepted and credited, and what Reveni refunded for them."""

    name: str
    refunded: str | None
    items: tuple[ReturnItem, ...] = (_X,)
    order: Order = _SHIRTS
    policy: Policy = field(default_factory=Policy)
    fees: str = "0"
    bonus: str = "0"
    why: str = ""
    by: str = ""

    def play(self) -> Play:
        """All of it happened."""
        currency = self.order.currency
        asked = ret(*self.items, currency=currency, fees=Decimal(self.fees), bonus=Decimal(self.bonus))
        game = Play(rules(policy=self.policy), self.order, asked)
        game.receive(*[(each.sku, each.quantity, "A") for each in self.items])
        game.change(status="accepted", refund=refund(game, self.refunded))
        game.post_all()
        return game


def mismatches(game: Play) -> list[Blocker]:
    """The blockers about the refund."""
    return [blocker for blocker in game.plan().blockers if blocker.code is Code.REFUND_MISMATCH]


_ON_MEMO, _ALL_BACK = Policy(fees="on_memo"), Policy(freight="all_back")
_WHOLE = (replace(_X, quantity=3), _Y)
_CHEAPER = item("i1", "X", 1, "108.90", "accepted", exchange=swap(price="60.50"))
_DEARER = item("i2", "Y", 1, "55.00", "accepted", exchange=swap(price="80.00"))
_EVEN = item("i1", "X", 1, "108.90", "accepted", exchange=swap(price="108.90"))
_GIFT = item("i2", "G", 1, "0", "accepted")
_WITH_GIFT = build.order(line(1, "X"), line(2, "G", 1, net="0", tax="0"))
_JPY = build.order(line(1, "X", 3, net="1000", tax="100", rate="0.10", currency="JPY"))
_KWD = build.order(line(1, "X", 1, net="1.250", tax="0.063", rate="0.05", currency="KWD"))

AGREE = [
    Case("to the cent", "217.80"),
    Case("the amount of the return where the refund names none", None),
    Case("in four decimals", "217.8000"),
    Case("less the fees, which stand beside the memo", "212.85", fees="4.95"),
    Case("less the fees, which stand on the memo", "212.85", fees="4.95", policy=_ON_MEMO),
    Case("fees that were not taken off after all", "217.80", fees="4.95"),
    Case("with a bonus for store credit", "227.80", bonus="10"),
    Case("without the bonus, which was granted beside it", "217.80", bonus="10"),
    Case("fees and bonus", "222.85", fees="4.95", bonus="10"),
    Case("fees that are more than the goods", "0", items=(_Y,), fees="60.00"),
    Case("two tax rates", "272.80", items=(_X, _Y)),
    Case("an even exchange beside it", "55.00", items=(_EVEN, _Y)),
    Case("an uneven exchange that is settled by itself", "55.00", items=(_CHEAPER, _Y)),
    Case("an uneven exchange whose difference is refunded", "103.40", items=(_CHEAPER, _Y)),
    Case("a dearer exchange beside a cheaper one, both in the refund", "23.40", items=(_CHEAPER, _DEARER)),
    Case("a dearer exchange beside a cheaper one, paid for by itself", "48.40", items=(_CHEAPER, _DEARER)),
    Case("a gift that comes back beside the rest", "121.00", items=(item(status="accepted"), _GIFT), order=_WITH_GIFT),
    Case("a gift alone", "0", items=(_GIFT,), order=_WITH_GIFT),
    Case("freight that the policy keeps", "381.70", items=_WHOLE),
    Case("a currency without decimals", "734", items=(item(units=2, price="366.6667", status="accepted"),), order=_JPY),
    Case("a currency with three", "1.313", items=(item(price="1.313", status="accepted"),), order=_KWD),
]

DIFFER = [
    Case("tax was left out", "180.00", why="X refunded without the tax of 37.80", by="37.80"),
    Case("the list price was paid", "242.00", why="X refunded at list price", by="24.20"),
    Case("one unit fewer", "108.90", why="1 × X fewer refunded than are credited", by="108.90"),
    Case("one unit more", "326.70", why="one unit of X more refunded than is credited", by="108.90"),
    Case(
        "a wrong unit price",
        "198.00",
        items=(replace(_X, price=Decimal("99")),),
        why="wrong unit price: X at 99 instead of 108.90",
        by="19.80",
    ),
    Case(
        "freight is credited and was not refunded",
        "381.70",
        items=_WHOLE,
        policy=_ALL_BACK,
        why="freight of 4.84 is credited and was not refunded",
        by="4.84",
    ),
    Case("freight was refunded and is not credited", "222.64", why="freight of 4.84 was refunded", by="4.84"),
    Case(
        "the fees were taken off twice", "207.90", fees="4.95", why="the fees of 4.95 were taken off twice", by="4.95"
    ),
    Case("the bonus was paid twice", "237.80", bonus="10", why="the bonus of 10.00 was paid twice", by="10.00"),
    Case(
        "one of two items was rejected",
        "272.80",
        items=(_X, replace(_Y, status="rejected")),
        why="it holds 1 × Y, which were not accepted",
        by="55.00",
    ),
    Case(
        "an exchanged item was refunded",
        "163.90",
        items=(_EVEN, _Y),
        why="it holds 1 × X, which were exchanged",
        by="108.90",
    ),
    Case(
        "each side rounds by itself",
        "53.78",
        items=(item(units=3, price="17.925", status="accepted"),),
        order=build.order(line(1, "X", 10, net="149.37", tax="29.88", disc="49.79", rate="0.20")),
        why="each side rounds to the minor unit by itself",
        by="0.01",
    ),
    Case("nobody can say", "200.01", why="no single cause", by="17.79"),
    Case("nothing was paid", "0", why="2 × X fewer refunded than are credited", by="217.80"),
]


@pytest.mark.parametrize("case", AGREE, ids=[case.name for case in AGREE])
def test_sums_that_agree_give_or_take_fees_and_bonus_are_no_mismatch(case: Case) -> None:
    assert mismatches(case.play()) == []


@pytest.mark.parametrize("case", DIFFER, ids=[case.name for case in DIFFER])
def test_a_difference_is_told_with_both_sums_and_the_reason(case: Case) -> None:
    game = case.play()

    (found,) = mismatches(game)

    assert case.why in found.message
    assert str(found.amount) == case.by
    assert f"Reveni refunded {case.refunded}" in found.message or case.refunded == "0"
    assert f"Credited are {game.credited()} EUR on CM-r1-1" in found.message


def test_it_holds_no_memo_up_and_ends_when_the_refund_is_put_right() -> None:
    game = Case("", "180.00").play()
    assert str(game.credited()) == "217.80"

    game.change(refund=refund(game, "217.80"))

    assert mismatches(game) == []


def test_a_refund_in_another_currency_than_the_orders_is_told() -> None:
    game = Case("", "217.80").play()

    game.change(currency="GBP")

    assert "the order is in EUR" in mismatches(game)[0].message


def waiting(units: int = 2, *, instant: bool = False, judge: Literal["reveni", "warehouse"] = "reveni") -> Play:
    """A return that is refunded with a wrong sum before anything came."""
    game = Play(rules(judge=judge), _SHIRTS, ret(replace(_X, quantity=units, status="pending"), instant=instant))
    game.change(refund=refund(game, "1.00"))
    return game


class TestWhenTheyAreCompared:
    def test_not_before_reveni_refunded(self) -> None:
        game = Case("", "1.00").play()

        game.change(refund=Refund("original", "pending", Decimal(1), None))

        assert mismatches(game) == []

    @pytest.mark.parametrize("instant", [True, False])
    def test_not_before_the_goods_came(self, instant: bool) -> None:
        game = waiting(instant=instant)
        game.change_item(status="accepted")
        game.post_all()

        assert mismatches(game) == []

    def test_not_while_some_units_are_missing(self) -> None:
        game = waiting()
        game.change_item(status="accepted")
        game.receive(("X", 1, "A"))
        game.post_all()
        assert (str(game.credited()), mismatches(game)) == ("108.90", [])

        game.receive(("X", 1, "A"))
        game.post_all()

        assert len(mismatches(game)) == 1

    def test_not_before_somebody_judged(self) -> None:
        game = waiting(instant=True)
        game.receive(("X", 2, "A"))
        game.post_all()

        assert mismatches(game) == []

    def test_not_while_a_memo_is_on_its_way(self) -> None:
        game = waiting()
        game.change_item(status="accepted")
        game.receive(("X", 2, "A"))
        while (key := game.ready("r1")[0]) != "CM-r1-1":
            game.send(key)
        assert mismatches(game) == []

        game.send("CM-r1-1", outcome="made")
        assert mismatches(game) == []

        game.look_up("r1", "CM-r1-1")
        assert len(mismatches(game)) == 1

    def test_not_while_an_exchange_that_it_pays_for_has_no_order(self) -> None:
        game = Play(rules(), _SHIRTS, ret(_CHEAPER))
        game.receive(("X", 1, "A"))
        game.change(status="accepted", refund=refund(game, "40.00"))
        while keys := [key for key in game.ready("r1") if key != "EX-r1"]:
            game.send(keys[0])
        assert mismatches(game) == []

        game.post_all()

        assert [str(each.amount) for each in mismatches(game)] == ["40.00"]

    def test_units_that_never_came_have_a_code_of_their_own(self) -> None:
        game = waiting()
        game.change_item(status="accepted")
        game.now += timedelta(days=31)

        assert [each.code for each in game.plan().blockers] == [Code.NOT_RECEIVED]

    def test_units_that_never_came_are_compared_once_finance_released_them(self) -> None:
        game = waiting()
        game.change_item(status="accepted")
        game.now += timedelta(days=31)
        game.decide(Code.NOT_RECEIVED, "r1", "release")
        game.post_all(check=False)

        assert [str(each.amount) for each in mismatches(game)] == ["216.80"]

    def test_refunded_at_once_and_rejected_has_a_code_of_its_own(self) -> None:
        game = waiting(instant=True)
        game.receive(("X", 2, "rejected"))
        game.change_item(status="rejected")
        game.post_all()

        assert [each.code for each in game.plan().blockers] == [Code.REFUNDED_REJECTED]

    def test_refunded_at_once_and_rejected_is_compared_once_finance_released_it(self) -> None:
        game = waiting(instant=True)
        game.receive(("X", 2, "rejected"))
        game.change_item(status="rejected")
        game.decide(Code.REFUNDED_REJECTED, "r1", "release")
        game.post_all()
        assert [str(each.amount) for each in mismatches(game)] == ["216.80"]

        game.change(refund=refund(game, "217.80"))

        assert mismatches(game) == []

    def test_a_partial_acceptance_by_the_warehouse_is_compared_with_what_it_accepted(self) -> None:
        game = waiting(judge="warehouse")
        game.receive(("X", 1, "A"), ("X", 1, "rejected"))
        game.change(refund=refund(game, "217.80"))
        game.post_all()

        (found,) = mismatches(game)

        assert "it holds 1 × X, which were not accepted" in found.message

    def test_several_memos_are_compared_with_their_sum(self) -> None:
        game = Play(rules(), _SHIRTS, ret(_X))
        game.receive(("X", 1, "A"))
        game.post_all()
        game.receive(("X", 1, "A"))
        game.change(refund=refund(game, "217.80"))
        game.post_all()

        assert len(game.book().of(Kind.CREDIT_MEMO)) == 2
        assert mismatches(game) == []

    def test_a_memo_by_hand_that_names_the_return_counts(self) -> None:
        game = Play(rules(), _SHIRTS, ret(_X))
        game.credit_by_hand(build.memo((1, 2, "180.00", "37.80"), return_id="r1"), uneven=True)
        game.receive(("X", 2, "A"))
        game.change(refund=refund(game, "217.80"))
        game.post_all()
        assert mismatches(game) == []

        game.change(refund=refund(game, "180.00"))

        assert "on BYHAND" in mismatches(game)[0].message

    def test_units_that_another_memo_by_hand_holds_are_for_already_credited(self) -> None:
        game = Play(rules(), _SHIRTS, ret(_X))
        game.credit_by_hand(build.memo((1, 3, "270.00", "56.70")), uneven=True)
        game.receive(("X", 2, "A"))
        game.change(refund=refund(game, "217.80"))
        game.post_all()

        assert _codes(game.plan().blockers) == [Code.ALREADY_CREDITED]

    @pytest.mark.parametrize("status", ["cancelled", "strange"])
    def test_not_for_what_was_cancelled_nor_for_what_nobody_understands(self, status: str) -> None:
        game = Case("", "1.00").play()

        assert Code.REFUND_MISMATCH not in _codes(game.change(status=status).blockers)


def _codes(blockers: Sequence[Blocker]) -> list[Code]:
    return [blocker.code for blocker in blockers]
