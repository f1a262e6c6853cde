"""Exchange orders: one live order for each confirmed exchange."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from app.domain.blockers import Code
from app.domain.documents import State
from app.domain.dossier import SkuState
from app.domain.due import documents_due
from app.domain.exchange import is_even, price_exchange
from app.domain.model import Exchange
from app.domain.policy import Kind
from tests.unit.domain.build import NOW, codes, dossier, item, line, of_kind, order, ret, rules, swap
from tests.unit.domain.play import Play


def play(exchange: Exchange | None = None, units: int = 1, judge: Any = "reveni", **changes: Any) -> Play:
    """One item that is exchanged, on an order of three."""
    returned = ret(item(units=units, exchange=exchange or swap(units=units)), **changes)
    return Play(rules(judge=judge), order(line(1, "X", 3, net="300.00", tax="63.00")), returned)


class TestConfirmed:
    def test_at_in_progress_when_instant_and_not_waiting_for_goods(self) -> None:
        (document,) = of_kind(play(instant=True).plan(), Kind.EXCHANGE_ORDER)

        assert (document.key, document.ord_num, document.after) == ("EX-r1", "SO1", ())

    def test_else_when_the_item_is_accepted(self) -> None:
        game = play()
        assert not of_kind(game.plan(), Kind.EXCHANGE_ORDER)

        assert of_kind(game.change_item(status="accepted"), Kind.EXCHANGE_ORDER)

    def test_not_blocked_by_the_authorisation(self) -> None:
        due = play(instant=True, location_id="loc-rome").plan()

        assert codes(due) == [Code.UNMAPPED_SITE]
        assert [document.kind for document in due.documents] == [Kind.EXCHANGE_ORDER]

    @pytest.mark.parametrize("status", ["incomplete", "cancelled", "strange", "rejected"])
    def test_not_for_a_draft_a_cancelled_a_rejected_one_or_an_unknown_status(self, status: str) -> None:
        assert not of_kind(play(instant=True, status=status).plan(), Kind.EXCHANGE_ORDER)

    def test_an_items_unknown_status_makes_none_and_takes_none_back(self) -> None:
        game = play(instant=True)
        assert not of_kind(game.change_item(status="strange"), Kind.EXCHANGE_ORDER)
        game.change_item(status="accepted")
        game.post_all()

        due = game.change_item(status="strange")

        assert codes(due) == [Code.UNKNOWN_STATUS]
        assert not of_kind(due, Kind.ORDER_CANCEL)

    def test_for_as_many_units_as_the_warehouse_accepts(self) -> None:
        game = play(units=2, judge="warehouse")

        due = game.receive(("X", 1, "A"), ("X", 1, "rejected"))

        assert [document.units for document in of_kind(due, Kind.EXCHANGE_ORDER)] == [1]

    def test_several_items_of_a_return_share_one_order(self) -> None:
        items = (item(exchange=swap()), item("i2", exchange=swap("OTHER")))
        game = Play(rules(), order(line(1, "X", 2)), ret(*items, instant=True))

        (document,) = of_kind(game.plan(), Kind.EXCHANGE_ORDER)

        assert [each.sku for each in document.lines] == ["NEW", "OTHER"]

    def test_an_item_that_is_accepted_later_has_an_order_of_its_own(self) -> None:
        items = (item(status="accepted", exchange=swap()), item("i2", exchange=swap("OTHER")))
        game = Play(rules(), order(line(1, "X", 2)), ret(*items))
        game.post_all()

        due = game.change_item("i2", status="accepted")

        assert [each.key for each in of_kind(due, Kind.EXCHANGE_ORDER)] == ["EX-r1", "EX-r1-2"]


class TestValue:
    @pytest.mark.parametrize(
        ("price", "even"), [(None, True), ("121.00", True), ("121.004", True), ("121.01", False), ("99", False)]
    )
    def test_even_when_the_new_goods_cost_what_the_old_did_or_reveni_names_no_price(
        self, price: str | None, even: bool
    ) -> None:
        assert is_even(item(exchange=swap(price=price)), "EUR") is even

    def test_even_by_the_sum_when_quantities_differ(self) -> None:
        assert is_even(item(units=2, price="10", exchange=swap(units=1, price="20")), "EUR")

    def test_an_item_that_is_refunded_is_no_exchange(self) -> None:
        assert not is_even(item(), "EUR")

    def test_even_is_an_order_of_zero_value_and_no_memo(self) -> None:
        game = play(swap(), instant=True)
        game.change_item(status="accepted")
        due = game.receive(("X", 1, "A"))
        (document,) = of_kind(due, Kind.EXCHANGE_ORDER)

        amounts = price_exchange(document, game.erp.orders["SO1"])

        assert (str(amounts.lines[0].net), str(amounts.lines[0].tax), str(amounts.total)) == ("0.00", "0.00", "0.00")
        assert not of_kind(due, Kind.CREDIT_MEMO)

    def test_uneven_is_at_the_new_price_with_the_tax_of_the_line_it_is_exchanged_for(self) -> None:
        game = play(swap(units=2, price="100.00"), units=2, instant=True)
        (document,) = of_kind(game.plan(), Kind.EXCHANGE_ORDER)

        amounts = price_exchange(document, game.erp.orders["SO1"])

        assert (str(amounts.lines[0].net), str(amounts.lines[0].tax), str(amounts.total)) == (
            "165.29",
            "34.71",
            "200.00",
        )

    def test_the_line_that_it_is_exchanged_for_is_the_one_on_the_authorisation(self) -> None:
        sold = order(line(1, "X", net="80.00", tax="16.80"), line(2, "X"))
        game = Play(rules(), sold, ret(item(exchange=swap()), instant=True))

        (document,) = of_kind(game.plan(), Kind.EXCHANGE_ORDER)

        assert document.lines[0].ord_line_seq == 2


class TestNoLongerDue:
    @pytest.mark.parametrize(
        "changes",
        [
            {"status": "cancelled"},
            {"status": "rejected"},
            {"items": (item(status="rejected", exchange=swap()),)},
            {"items": (item(),)},
        ],
    )
    def test_cancelling_or_rejecting_cancels_an_order_that_has_not_shipped(self, changes: dict[str, Any]) -> None:
        game = play(instant=True)
        game.post_all()

        game.change(**changes)
        game.post_all()

        assert game.erp.exchange_status == {"EX-r1": "X"}

    def test_an_order_that_has_shipped_is_an_exception(self) -> None:
        game = play(instant=True)
        game.post_all()
        game.ship_exchanges()
        game.change(status="cancelled")
        game.post_all()

        assert codes(game.plan()) == [Code.EXCHANGE_SHIPPED]

    def test_wanted_again_after_all_the_shipped_order_is_right(self) -> None:
        game = play(instant=True)
        game.post_all()
        game.ship_exchanges()
        game.change(status="cancelled")
        game.post_all()

        due = game.change(status="in_progress")

        assert due.blockers == ()
        assert game.book().entries["EX-r1/cancel"].state is State.WITHDRAWN

    def test_made_again_after_a_cancel_it_has_the_next_key(self) -> None:
        game = play(instant=True)
        game.post_all()
        game.change(status="cancelled")
        game.post_all()

        game.change(status="in_progress")
        game.post_all()

        assert game.erp.exchange_status == {"EX-r1": "X", "EX-r1-2": "O"}

    @pytest.mark.parametrize("exchange", [swap("LARGER"), swap(units=2), swap(price="150.00")])
    def test_an_exchange_that_changed_is_cancelled_and_made_again(self, exchange: Exchange) -> None:
        game = play(instant=True)
        game.post_all()

        game.change_item(exchange=exchange)
        game.post_all()

        assert game.erp.exchange_status == {"EX-r1": "X", "EX-r1-2": "O"}
        assert (game.erp.exchanges["EX-r1-2"].lines[0].sku, game.erp.exchanges["EX-r1-2"].units) == (
            exchange.sku,
            exchange.quantity,
        )

    def test_an_order_with_one_line_too_many_is_cancelled_whole_and_the_rest_made_again(self) -> None:
        items = (item(exchange=swap()), item("i2", exchange=swap("OTHER")))
        game = Play(rules(), order(line(1, "X", 2)), ret(*items, instant=True))
        game.post_all()

        game.change_item("i1", status="rejected")
        game.post_all()

        assert game.erp.exchange_status == {"EX-r1": "X", "EX-r1-2": "O"}
        assert [each.sku for each in game.erp.exchanges["EX-r1-2"].lines] == ["OTHER"]

    def test_no_second_order_before_the_first_is_certainly_cancelled(self) -> None:
        game = play(instant=True)
        game.post_all()
        game.change_item(exchange=swap("LARGER"))

        game.send("EX-r1/cancel", outcome="lost")

        assert "EX-r1-2" not in game.book().entries


class TestFailed:
    @pytest.mark.parametrize(
        ("state", "code"), [(SkuState.UNKNOWN, Code.UNKNOWN_SKU), (SkuState.INACTIVE, Code.INACTIVE_SKU)]
    )
    def test_a_sku_that_cannot_be_sold_is_urgent_and_never_blocks_the_authorisation(
        self, state: SkuState, code: Code
    ) -> None:
        returned = ret(item(exchange=swap()), instant=True)

        due = documents_due(dossier(returned, order(line(1, "X")), states={"NEW": state}), rules(), NOW)

        assert codes(due) == sorted([code, Code.EXCHANGE_FAILED])
        assert [document.kind for document in due.documents] == [Kind.RETURN_AUTHORISATION]

    def test_an_unknown_order_leaves_nothing_to_refer_to(self) -> None:
        due = documents_due(dossier(ret(item(exchange=swap()), instant=True), None), rules(), NOW)

        assert codes(due) == sorted([Code.UNKNOWN_ORDER, Code.EXCHANGE_FAILED])

    def test_a_refusal_is_urgent(self) -> None:
        game = play(instant=True)
        book = game.book()
        refused = replace(book.entries["EX-r1"], state=State.REFUSED, error_code="LOCKED", error="no")
        book.entries["EX-r1"] = refused

        assert codes(game.plan()) == [Code.EXCHANGE_FAILED]

    def test_an_alias_names_what_is_sent(self) -> None:
        returned = ret(item(exchange=swap("new-shop")), instant=True)
        known = dossier(returned, order(line(1, "X")), aliases={"new-shop": "NEW"}, states={"NEW": SkuState.ACTIVE})

        (document,) = of_kind(documents_due(known, rules(), NOW), Kind.EXCHANGE_ORDER)

        assert document.lines[0].sku == "NEW"
        assert document.lines[0].price == Decimal(0)


def test_a_price_in_another_currency_than_the_orders_makes_none_and_somebody_hears_of_it() -> None:
    dear = play(swap(price="150"), instant=True, currency="GBP").plan()
    even = play(instant=True, currency="GBP").plan()

    assert codes(dear) == [Code.EXCHANGE_FAILED]
    assert "in GBP; the order is in EUR" in dear.blockers[0].message
    assert not of_kind(dear, Kind.EXCHANGE_ORDER)
    assert of_kind(even, Kind.EXCHANGE_ORDER)


def test_goods_of_an_order_line_that_somebody_deleted_are_exchanged_for_nothing() -> None:
    game = play(instant=True)
    known = game.dossier()
    left = order(line(2, "Y"))

    due = documents_due(replace(known, order=left, orders={"SO1": left}), game.rules, NOW)

    assert Code.EXCHANGE_FAILED in codes(due)
    assert not of_kind(due, Kind.EXCHANGE_ORDER)


def test_what_was_sent_stays_when_its_sku_means_another_from_then_on() -> None:
    game = play(swap("new-shop"), instant=True)
    game.book().aliases["new-shop"] = "X"
    game.plan()
    game.post_all()

    game.book().aliases["new-shop"] = "Y"
    game.plan()
    game.post_all()

    assert game.erp.exchange_status == {"EX-r1": "O"}
