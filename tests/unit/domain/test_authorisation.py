"""Return authorisations: which order and lines, and when one is made, cancelled, made again or closed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.domain.authorisation import choose_lines, choose_order
from app.domain.blockers import Code
from app.domain.documents import Document, State
from app.domain.dossier import SkuState
from app.domain.due import Due, documents_due
from app.domain.model import ReturnItem
from app.domain.policy import Kind
from tests.unit.domain.build import NOW, codes, days, dossier, item, line, of_kind, order, ret, rules, swap
from tests.unit.domain.play import Play


def ras(due: Due) -> list[Document]:
    return of_kind(due, Kind.RETURN_AUTHORISATION)


def play(units: int = 2, **changes: Any) -> Play:
    """One item of some units, of an order that sold three."""
    return Play(rules(), order(line(1, "X", 3)), ret(item(units=units), **changes))


class TestTheOrder:
    sale = order(line(1, "X"))
    exchange = order(line(1, "NEW"), ord_num="EX1", ord_type="E")

    def test_there_is_none(self) -> None:
        assert choose_order([], frozenset({"X"})) is Code.UNKNOWN_ORDER

    def test_of_several_the_sale_that_has_the_sku_invoiced(self) -> None:
        other = order(line(1, "Y"), ord_num="SO2")

        assert choose_order([other, self.sale, self.exchange], frozenset({"X"})) is self.sale

    def test_the_exchange_order_when_only_it_has_the_sku(self) -> None:
        assert choose_order([self.sale, self.exchange], frozenset({"NEW"})) is self.exchange

    def test_still_several_are_ambiguous(self) -> None:
        twin = order(line(1, "X"), ord_num="SO2")

        assert choose_order([self.sale, twin], frozenset({"X"})) is Code.ORDER_AMBIGUOUS

    def test_a_cancelled_one_does_not_count_beside_others(self) -> None:
        cancelled = order(line(1, "X"), ord_num="SO2", status="X")

        assert choose_order([cancelled, self.sale], frozenset({"X"})) is self.sale

    def test_the_only_sale_when_none_has_the_sku(self) -> None:
        assert choose_order([self.sale, self.exchange], frozenset({"Z"})) is self.sale


def test_a_return_of_nothing_gets_none() -> None:
    empty = replace(ret(item()), items=())
    due = documents_due(dossier(empty, order(line(1, "X"))), rules(), NOW)

    assert (due.documents, due.blockers) == ((), ())


class TestTheLines:
    two_prices = order(line(1, "X", 2, net="80.00", tax="0"), line(2, "X", 2, net="100.00", tax="0"))

    @pytest.mark.parametrize(("price", "line_seq"), [("50.00", 2), ("40.00", 1), ("39.00", 1)])
    def test_the_one_whose_paid_unit_price_is_the_items_else_the_lowest_with_units_free(
        self, price: str, line_seq: int
    ) -> None:
        chosen, beyond = choose_lines(dossier(ret(item(price=price)), self.two_prices), self.two_prices, {})

        assert [(each.line_seq, units) for _, each, units in chosen] == [(line_seq, 1)]
        assert beyond == []

    def test_an_item_larger_than_a_line_goes_on_over_the_next(self) -> None:
        known = dossier(ret(item(units=3, price="50.00")), self.two_prices)

        chosen, _ = choose_lines(known, self.two_prices, {})

        assert [(each.line_seq, units) for _, each, units in chosen] == [(1, 1), (2, 2)]

    def test_the_same_sku_in_two_items_takes_two_lines(self) -> None:
        known = dossier(ret(item(price="40.00", units=2), item("i2", price="40.00")), self.two_prices)

        chosen, _ = choose_lines(known, self.two_prices, {})

        assert [(each.item_id, sold.line_seq, units) for each, sold, units in chosen] == [("i1", 1, 2), ("i2", 2, 1)]

    def test_units_on_other_live_authorisations_are_not_free(self) -> None:
        known = dossier(ret(item(units=2, price="40.00")), self.two_prices)

        chosen, beyond = choose_lines(known, self.two_prices, {1: 1, 2: 2})

        assert [(each.line_seq, units) for _, each, units in chosen] == [(1, 1)]
        assert [each.item_id for each in beyond] == ["i1"]

    def test_they_are_written_on_the_authorisation_and_kept(self) -> None:
        game = Play(rules(), self.two_prices, ret(item(price="50.00")))
        game.post_all()

        (document,) = ras(game.change_item(price="40.00"))

        assert document.lines[0].ord_line_seq == 2


class TestBeforeTheAuthorisation:
    @pytest.mark.parametrize(
        ("bad", "code"),
        [
            (item("i2", "NOWHERE"), Code.UNKNOWN_SKU),
            (item("i2", "OLD"), Code.INACTIVE_SKU),
            (item("i2", "ELSEWHERE"), Code.SKU_NOT_ON_ORDER),
            (item("i2", units=9), Code.OVER_RETURN),
            (item("i2", reason="no idea"), Code.UNMAPPED_REASON),
        ],
    )
    def test_one_bad_item_holds_its_return(self, bad: ReturnItem, code: Code) -> None:
        returned = ret(item(), bad)
        states = {"NOWHERE": SkuState.UNKNOWN, "OLD": SkuState.INACTIVE}

        due = documents_due(dossier(returned, order(line(1, "X", 3)), states=states), rules(), NOW)

        assert due.documents == ()
        assert codes(due) == [code]
        assert due.blockers[0].units == sum(each.quantity for each in returned.items)

    def test_an_inactive_sku_comes_back_where_bluecherry_takes_it(self) -> None:
        states = {"X": SkuState.INACTIVE}
        known = dossier(ret(item()), order(line(1, "X")), states=states, inactive_returnable=True)

        assert len(ras(documents_due(known, rules(), NOW))) == 1

    def test_an_alias_names_the_sku_of_bluecherry(self) -> None:
        known = dossier(ret(item(sku="x-shop")), order(line(1, "X")), aliases={"x-shop": "X"})

        assert ras(documents_due(known, rules(), NOW))[0].lines[0].sku == "X"

    @pytest.mark.parametrize("problem", [Code.UNKNOWN_ORDER, Code.ORDER_AMBIGUOUS])
    def test_without_an_order_the_return_waits(self, problem: Code) -> None:
        due = documents_due(dossier(ret(item()), None, problem=problem), rules(), NOW)

        assert codes(due) == [problem]

    def test_an_order_that_is_not_invoiced_holds_it(self) -> None:
        sold = order(replace(line(1, "X"), qty_inv=0), status="O")

        assert codes(documents_due(dossier(ret(item()), sold), rules(), NOW)) == [Code.ORDER_NOT_INVOICED]

    def test_a_destination_that_nobody_mapped_holds_it(self) -> None:
        due = documents_due(dossier(ret(item(), location_id="loc-rome"), order(line(1, "X"))), rules(), NOW)

        assert [(each.code, each.cause) for each in due.blockers] == [(Code.UNMAPPED_SITE, "es:loc-rome")]

    def test_after_it_a_bad_item_holds_only_its_own_lines(self) -> None:
        game = Play(rules(judge="warehouse"), order(line(1, "X"), line(2, "Y")), ret(item(), item("i2", "Y")))
        game.post_all()
        game.receive(("X", 1, "A"))
        states = {**game.dossier().catalogue, "Y": SkuState.INACTIVE}

        due = documents_due(replace(game.dossier(), catalogue=states), rules(judge="warehouse"), NOW)

        assert due.blockers == ()
        assert len(of_kind(due, Kind.INVENTORY_JOURNAL)) == 1


class TestWhenOneIsMade:
    @pytest.mark.parametrize("status", ["in_progress", "shipped", "received", "for_review", "accepted", "rejected"])
    def test_for_every_return_that_is_more_than_a_draft(self, status: str) -> None:
        assert len(ras(play(status=status).plan())) == 1

    @pytest.mark.parametrize("status", ["incomplete", "cancelled", "strange"])
    def test_not_for_a_draft_nor_a_cancelled_one_nor_an_unknown_status_seen_first(self, status: str) -> None:
        assert play(status=status).plan().documents == ()

    def test_what_was_due_before_an_unknown_status_is_made_all_the_same(self) -> None:
        game = play()

        assert [document.key for document in ras(game.change(status="strange"))] == ["RA-r1"]

    def test_what_holds_it_is_told_under_an_unknown_status_too(self) -> None:
        game = play()

        due = game.change(status="strange", items=(item(units=9),))

        assert codes(due) == sorted([Code.OVER_RETURN, Code.UNKNOWN_STATUS])

    def test_a_draft_that_was_more_before_withdraws_what_was_not_sent(self) -> None:
        game = play()

        game.change(status="incomplete")

        assert game.book().entries["RA-r1"].state is State.WITHDRAWN

    def test_it_goes_to_the_site_of_revenis_destination(self) -> None:
        (document,) = ras(play(location_id="loc-lyon").plan())

        assert (document.location, document.division) == ("LYO01", "020")

    def test_accepted_without_goods_it_is_due_all_the_same(self) -> None:
        due = play().change_item(status="accepted")

        assert [document.kind for document in due.documents] == [Kind.RETURN_AUTHORISATION]


class TestCancelled:
    def test_before_it_was_sent_nothing_is_made(self) -> None:
        game = play()

        assert game.change(status="cancelled").documents == ()

    def test_before_goods_came_it_is_cancelled_in_bluecherry_and_stays_in_the_list(self) -> None:
        game = play()
        game.post_all()
        before = game.change(status="cancelled")
        game.post_all()

        assert game.erp.ras["RA-r1"].status == "X"
        assert game.plan().documents == before.documents

    def test_back_again_it_is_made_again_under_the_next_key(self) -> None:
        game = play()
        game.post_all()
        game.change(status="cancelled")
        game.post_all()

        due = game.change(status="in_progress")
        game.post_all()

        assert [document.key for document in due.documents] == ["RA-r1", "RA-r1/cancel", "RA-r1-2"]
        assert {key: ra.status for key, ra in game.erp.ras.items()} == {"RA-r1": "X", "RA-r1-2": "A"}

    def test_after_a_part_came_that_part_is_journalled_and_credited_as_far_as_accepted_and_the_rest_closed(
        self,
    ) -> None:
        game = play()
        game.post_all()
        game.receive(("X", 1, "A"))

        game.change(status="cancelled", items=(item(units=2, status="accepted"),))
        game.post_all()

        assert game.erp.ras["RA-r1"].status == "C"
        assert game.erp.stock["X", "MAD01", None] == 1
        assert str(game.credited()) == "40.33"

    def test_goods_that_come_after_the_cancellation_have_an_authorisation_of_their_own(self) -> None:
        game = play()
        game.post_all()
        game.change(status="cancelled")
        game.post_all()

        game.receive(("X", 1, "A"))
        game.post_all()

        assert game.erp.ras["RA-r1-2"].received == {1: 1}

    def test_a_closed_one_is_not_cancelled_as_bluecherry_would_refuse_it(self) -> None:
        game = play()
        game.change(status="rejected", items=(item(units=2, status="rejected"),))
        game.post_all()
        assert game.erp.ras["RA-r1"].status == "C"

        due = game.change(status="cancelled")

        assert [document.key for document in due.documents] == ["RA-r1", "RA-r1/close"]

    def test_after_a_credit_without_goods_it_stays_and_finance_sees_it(self) -> None:
        game = play()
        game.change_item(status="accepted")
        game.now += days(31)
        game.decide("not_received", "r1", "release")
        game.post_all()

        due = game.change(status="cancelled")

        assert codes(due) == [Code.RETURN_CHANGED]
        assert "RA-r1/cancel" not in {document.key for document in due.documents}


class TestChanged:
    def test_before_goods_came_it_is_cancelled_and_made_again(self) -> None:
        game = play()
        game.post_all()

        due = game.change_item(quantity=3)
        again = game.plan()
        game.post_all()

        assert [document.key for document in due.documents] == ["RA-r1", "RA-r1/cancel", "RA-r1-2"]
        assert again.documents == due.documents
        assert game.erp.ras["RA-r1-2"].lines[1][2] == 3

    def test_several_times_it_is_made_again_each_time(self) -> None:
        game = play()
        for units in (2, 1, 3):
            game.change_item(quantity=units)
            game.post_all()

        assert [ra.status for ra in game.erp.ras.values()] == ["X", "X", "A"]

    def test_while_the_cancellation_has_no_certain_answer_the_next_waits_for_it(self) -> None:
        game = play()
        game.post_all()
        game.change_item(quantity=3)

        game.send("RA-r1/cancel", outcome="lost")

        assert game.ready("r1") == []
        assert game.book().entries["RA-r1-2"].document.after == ("RA-r1/cancel",)

    def test_once_goods_came_it_stays_and_somebody_must_look(self) -> None:
        game = play()
        game.post_all()
        game.receive(("X", 1, "A"))

        due = game.change_item(quantity=3)

        assert codes(due) == [Code.RETURN_CHANGED]
        assert [document.key for document in ras(due)] == ["RA-r1"]

    def test_a_closed_one_gives_way_to_the_next(self) -> None:
        game = play()
        game.change(status="rejected", items=(item(units=2, status="rejected"),))
        game.post_all()

        game.change(status="in_progress", items=(item(units=3),))
        game.post_all()

        assert {key: ra.status for key, ra in game.erp.ras.items()} == {"RA-r1": "C", "RA-r1-2": "A"}

    def test_by_a_sku_that_means_another_now_it_is_made_again_before_goods_came(self) -> None:
        game = self.aliased()

        game.book().aliases["shop"] = "Y"
        game.plan()
        game.post_all()

        assert {key: (ra.status, ra.lines[1][1]) for key, ra in game.erp.ras.items()} == {
            "RA-r1": ("X", "X"),
            "RA-r1-2": ("A", "Y"),
        }

    def test_by_a_sku_that_means_another_now_nothing_changes_once_goods_came(self) -> None:
        game = self.aliased()
        game.receive(("shop", 1, "A"))
        game.change_item(status="accepted")
        game.post_all()

        game.book().aliases["shop"] = "Y"
        game.receive(("shop", 1, "A"))
        due = game.regrade("shop", 1, "A", "B")
        game.post_all()

        assert due.blockers == ()
        assert game.erp.stock == {("X", "MAD01", None): 1, ("X", "SECONDS", None): 1}
        assert [str(memo.total) for memo in game.erp.memos_on("SO1")] == ["40.33", "40.34"]

    @staticmethod
    def aliased() -> Play:
        """Two units of what the shop calls otherwise, announced under BlueCherry's name."""
        sold = order(line(1, "X", 3), line(2, "Y", 3))
        game = Play(rules(), sold, ret(item(sku="shop", units=2)))
        game.book().aliases["shop"] = "X"
        game.plan()
        game.post_all()
        return game

    def test_of_another_order_before_goods_came_it_is_made_again_there_and_its_exchange_with_it(self) -> None:
        game = Play(rules(), order(line(1, "X", 3)), ret(item(exchange=swap()), instant=True))
        game.post_all()

        game.move("SO2", line(7, "X", 1))
        game.post_all()

        assert {key: (ra.ord_num, ra.status) for key, ra in game.erp.ras.items()} == {
            "RA-r1": ("SO1", "X"),
            "RA-r1-2": ("SO2", "A"),
        }
        assert game.erp.exchange_status == {"EX-r1": "X", "EX-r1-2": "O"}
        assert game.erp.exchanges["EX-r1-2"].ord_num == "SO2"

    def test_of_another_order_once_goods_came_it_stays_and_nothing_is_credited_of_either(self) -> None:
        game = play()
        game.receive(("X", 2, "A"))
        game.post_all()

        game.move("SO2", line(7, "X", 2))
        due = game.change_item(status="accepted")
        game.post_all()

        assert codes(due) == [Code.RETURN_CHANGED]
        assert "order 'shop-SO2'" in due.blockers[0].message
        assert [document.key for document in ras(due)] == ["RA-r1"]
        assert game.erp.memos == {}

    def test_of_an_order_that_nobody_knows_it_stays_and_waits_for_that(self) -> None:
        game = play()
        game.post_all()

        before = game.dossier()
        due = documents_due(replace(before, order=None, problem=Code.UNKNOWN_ORDER), rules(), NOW)

        assert codes(due) == [Code.UNKNOWN_ORDER]
        assert [document.key for document in due.documents] == ["RA-r1"]


class TestClosed:
    def test_when_revenis_state_is_final_and_goods_are_missing(self) -> None:
        game = play()
        game.post_all()
        game.receive(("X", 1, "rejected"))

        game.change(status="rejected", items=(item(units=2, status="rejected"),))
        game.post_all()

        assert game.erp.ras["RA-r1"].status == "C"

    def test_not_while_accepted_goods_are_expected(self) -> None:
        game = play()

        due = game.change(status="accepted", items=(item(units=2, status="accepted"),))

        assert not of_kind(due, Kind.RA_CLOSE)

    def test_not_when_everything_came(self) -> None:
        game = play()
        game.receive(("X", 2, "A"))

        due = game.change(status="accepted", items=(item(units=2, status="accepted"),))

        assert not of_kind(due, Kind.RA_CLOSE)

    def test_goods_that_come_later_are_journalled_on_it(self) -> None:
        game = play()
        game.change(status="rejected", items=(item(units=2, status="rejected"),))
        game.post_all()

        game.receive(("X", 1, "rejected"))
        game.post_all()

        assert game.erp.stock["X", "REJ", None] == 1
