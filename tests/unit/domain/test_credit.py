"""Credit memos: the cases that other systems got wrong, and the rules of DESIGN about money."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.blockers import Code
from app.domain.documents import Document, Line, State
from app.domain.due import documents_due
from app.domain.memo_amounts import price_memo
from app.domain.model import Order, OrderLine
from app.domain.money import Money
from app.domain.policy import Kind, Policy
from tests.unit.domain import build
from tests.unit.domain.build import codes, item, line, of_kind, ret, rules, swap
from tests.unit.domain.play import Book, Play


def in_steps(order: Order, steps: list[int], policy: Policy | None = None) -> Play:
    """Units of the order's first SKU come back in steps, each received, accepted and credited before the next."""
    sku = order.lines[0].sku
    returned = ret(item(sku=sku, units=sum(steps)), currency=order.currency)
    play = Play(rules(judge="warehouse", policy=policy), order, returned)
    for units in steps:
        play.receive((sku, units, "A"))
        play.post_all()
    return play


def totals(play: Play) -> list[str]:
    """The totals of the memos that stand in BlueCherry."""
    return [str(memo.total) for memo in play.erp.memos_on("SO1")]


class TestCasesThatOthersGotWrong:
    @pytest.mark.parametrize("steps", [[10], [1] * 10, [3, 3, 4], [9, 1], [1, 9], [2, 2, 2, 2, 2]])
    def test_woocommerce_64668_ten_units_with_a_coupon_give_back_what_was_paid(self, steps: list[int]) -> None:
        # 10 × 23.90 with 20 % VAT, 25 % off: 179.25 was paid, of which 29.88 is tax.
        order = build.order(line(1, "X", 10, net="149.37", tax="29.88", disc="49.79", rate="0.20"))

        play = in_steps(order, steps)

        assert str(play.credited()) == "179.25"

    def test_sonata_177_two_of_three_with_a_discount_on_the_order_give_180(self) -> None:
        order = build.order(line(1, "X", 3, net="270.00", tax="0.00", disc="30.00", rate="0"))

        play = in_steps(order, [2])

        assert totals(play) == ["180.00"]

    def test_erpnext_54628_a_discounted_line_gives_back_its_net_price_not_its_list_price(self) -> None:
        order = build.order(line(1, "X", 1, net="60.00", tax="12.60", disc="40.00"))

        play = in_steps(order, [1])

        (memo,) = play.erp.memos_on("SO1")
        assert (str(memo.lines[0].net), str(memo.lines[0].disc), str(memo.total)) == ("60.00", "40.00", "72.60")

    def test_mollie_456_two_equal_partial_refunds_are_both_right(self) -> None:
        order = build.order(line(1, "X", 2, net="50.00", tax="0.00"))

        play = in_steps(order, [1, 1])

        assert totals(play) == ["25.00", "25.00"]

    def test_mollie_456_a_third_equal_refund_is_not_made(self) -> None:
        play = in_steps(build.order(line(1, "X", 2, net="50.00", tax="0.00")), [1, 1])

        due = play.receive(("X", 1, "A"))
        play.post_all()

        assert totals(play) == ["25.00", "25.00"]
        assert codes(due) == [Code.OVER_RECEIPT]

    def test_magento_33237_a_line_of_no_value_comes_back_like_others(self) -> None:
        order = build.order(line(1, "FREE", 2, net="0", tax="0"))

        play = in_steps(order, [1, 1])

        assert play.erp.stock["FREE", "MAD01", None] == 2
        assert totals(play) == []

    def test_magento_24149_the_echo_of_our_own_credit_makes_nothing(self) -> None:
        play = in_steps(build.order(line(1, "X", 2)), [2])
        before = dict(play.book().entries)

        play.change(status="accepted", refund=ret(refunded_at=play.now).refund)
        play.plan()
        play.post_all()

        assert play.book().entries == before

    def test_solidus_43_the_last_unit_takes_the_remainder(self) -> None:
        order = build.order(line(1, "X", 3, net="10.00", tax="0.00"))

        play = in_steps(order, [1, 1, 1])

        assert totals(play) == ["3.33", "3.34", "3.33"]
        assert str(play.credited()) == "10.00"


class TestMoneyIsDue:
    def test_for_units_that_are_received_and_accepted(self) -> None:
        play = Play(rules(), build.order(line(1, "X", 2)), ret(item(units=2)))

        assert not of_kind(play.change_item(status="accepted"), Kind.CREDIT_MEMO)
        (memo,) = of_kind(play.receive(("X", 1, "A")), Kind.CREDIT_MEMO)

        assert memo.units == 1

    def test_not_for_goods_that_nobody_accepted(self) -> None:
        play = Play(rules(), build.order(line(1, "X")), ret(item()))

        assert not of_kind(play.receive(("X", 1, "A")), Kind.CREDIT_MEMO)

    def test_by_the_grade_where_the_warehouse_judges(self) -> None:
        play = Play(rules(judge="warehouse"), build.order(line(1, "X", 3)), ret(item(units=3)))

        due = play.receive(("X", 1, "B"), ("X", 1, "rejected"), ("X", 1, "??"))

        (memo,) = of_kind(due, Kind.CREDIT_MEMO)
        assert memo.units == 1

    def test_for_goods_in_quarantine_where_reveni_accepted_them(self) -> None:
        play = Play(rules(), build.order(line(1, "X")), ret(item()))
        play.receive(("X", 1, "??"))

        due = play.change_item(status="accepted")
        play.post_all()

        assert of_kind(due, Kind.CREDIT_MEMO)
        assert play.erp.stock["X", "MADQ", None] == 1

    def test_never_for_more_of_an_item_than_reveni_has_now(self) -> None:
        play = Play(rules(), build.order(line(1, "X", 3)), ret(item(units=3)))
        play.post_all()
        play.receive(("X", 3, "A"))

        due = play.change_item(quantity=1, status="accepted")

        assert codes(due) == [Code.RETURN_CHANGED]
        assert [memo.units for memo in of_kind(due, Kind.CREDIT_MEMO)] == [1]

    def test_a_memo_waits_for_the_journals_of_its_units(self) -> None:
        play = Play(rules(), build.order(line(1, "X", 2)), ret(item(units=2, status="accepted")))

        due = play.receive(("X", 2, "A"))

        (memo,) = of_kind(due, Kind.CREDIT_MEMO)
        assert memo.after == ("RA-r1", "IJ-r1-1")

    def test_one_memo_per_step_of_acceptance(self) -> None:
        play = Play(rules(judge="warehouse"), build.order(line(1, "X", 3)), ret(item(units=3)))
        play.receive(("X", 1, "A"))
        play.receive(("X", 1, "A"))
        play.post_all()
        due = play.receive(("X", 1, "A"))

        assert [(memo.key, memo.units) for memo in of_kind(due, Kind.CREDIT_MEMO)] == [
            ("CM-r1-1", 1),
            ("CM-r1-2", 1),
            ("CM-r1-3", 1),
        ]

    def test_what_is_credited_and_no_longer_accepted_is_for_somebody_to_see(self) -> None:
        play = Play(rules(), build.order(line(1, "X")), ret(item(status="accepted")))
        play.receive(("X", 1, "A"))
        play.post_all()

        assert codes(play.change_item(status="rejected")) == [Code.RETURN_CHANGED]

    def test_an_unsent_memo_is_withdrawn_when_its_units_are_rejected(self) -> None:
        play = Play(rules(), build.order(line(1, "X")), ret(item(status="accepted")))
        play.receive(("X", 1, "A"))

        play.change_item(status="rejected")

        assert play.book().entries["CM-r1-1"].state is State.WITHDRAWN

    @pytest.mark.parametrize("level", ["return", "item"])
    def test_unknown_status_holds_money_and_takes_nothing_back(self, level: str) -> None:
        play = Play(rules(), build.order(line(1, "X", 2)), ret(item(units=2, status="accepted")))
        play.receive(("X", 1, "A"))
        play.post_all()

        due = play.change(status="strange") if level == "return" else play.change_item(status="strange")
        due = play.receive(("X", 1, "A"))

        assert codes(due) == [Code.UNKNOWN_STATUS]
        assert [memo.key for memo in of_kind(due, Kind.CREDIT_MEMO)] == ["CM-r1-1"]
        assert len(of_kind(due, Kind.INVENTORY_JOURNAL)) == 2


class TestNoMemoOverNothing:
    def test_a_unit_without_a_value_is_listed_beside_others(self) -> None:
        order = build.order(line(1, "X"), line(2, "FREE", net="0", tax="0"))
        play = Play(rules(judge="warehouse"), order, ret(item(), item("i2", "FREE", price="0")))

        play.receive(("FREE", 1, "A"))
        (memo,) = of_kind(play.receive(("X", 1, "A")), Kind.CREDIT_MEMO)

        assert {each.sku for each in memo.lines} == {"X", "FREE"}

    def test_a_unit_without_a_value_is_never_listed_alone(self) -> None:
        order = build.order(line(1, "X"), line(2, "FREE", net="0", tax="0"))
        play = Play(rules(judge="warehouse"), order, ret(item(), item("i2", "FREE", price="0")))
        play.receive(("X", 1, "A"))
        play.post_all()

        assert len(of_kind(play.receive(("FREE", 1, "A")), Kind.CREDIT_MEMO)) == 1

    def test_an_unsent_memo_does_not_keep_only_what_has_no_value(self) -> None:
        order = build.order(line(1, "X"), line(2, "FREE", net="0", tax="0"))
        items = (item(status="accepted"), item("i2", "FREE", price="0", status="accepted"))
        play = Play(rules(), order, ret(*items))
        play.receive(("X", 1, "A"), ("FREE", 1, "A"))

        due = play.change_item(status="rejected")

        assert not of_kind(due, Kind.CREDIT_MEMO)

    def test_a_unit_that_rounds_to_nothing_waits_for_the_next(self) -> None:
        # 0.01 over three units: nothing after the first, all of it after the second.
        play = in_steps(build.order(line(1, "X", 3, net="0.01", tax="0")), [1, 1, 1])

        assert totals(play) == ["0.01"]

    def test_two_unsent_memos_do_not_count_the_same_cent(self) -> None:
        # 0.02 over three units: 0.01 after the first, and after the second nothing more.
        play = Play(rules(judge="warehouse"), build.order(line(1, "X", 3, net="0.02", tax="0")), ret(item(units=3)))
        play.receive(("X", 1, "A"))

        due = play.receive(("X", 1, "A"))

        assert len(of_kind(due, Kind.CREDIT_MEMO)) == 1

    def test_tax_alone_is_something(self) -> None:
        play = in_steps(build.order(line(1, "X", 2, net="0", tax="0.03")), [1, 1])

        assert totals(play) == ["0.02", "0.01"]


class TestCreditedByHand:
    @pytest.mark.parametrize("named", ["r1", None])
    def test_counts_and_is_not_credited_again(self, named: str | None) -> None:
        play = Play(rules(judge="warehouse"), build.order(line(1, "X", 2)), ret(item(units=2)))
        play.credit_by_hand(build.memo((1, 1, "50.00", "10.50"), return_id=named))

        due = play.receive(("X", 2, "A"))
        play.post_all()

        assert str(play.credited()) == "121.00"
        assert codes(due) == [Code.ALREADY_CREDITED]

    def test_no_memo_when_it_holds_all_that_comes_back_and_finance_sees_it(self) -> None:
        play = Play(rules(judge="warehouse"), build.order(line(1, "X", 3)), ret(item(units=1)))
        play.credit_by_hand(build.memo((1, 1, "33.33", "7.00"), return_id="r1"))

        due = play.receive(("X", 1, "A"))

        assert not of_kind(due, Kind.CREDIT_MEMO)
        assert [(b.code, b.units) for b in due.blockers] == [(Code.ALREADY_CREDITED, 1)]

    def test_a_memo_that_names_only_our_authorisation_is_this_returns_too(self) -> None:
        play = Play(rules(judge="warehouse"), build.order(line(1, "X", 3)), ret(item(units=1)))
        play.post_all()
        play.credit_by_hand(build.memo((1, 1, "33.33", "7.00"), ra_num="N-RA-r1"))

        assert codes(play.receive(("X", 1, "A"))) == [Code.ALREADY_CREDITED]

    def test_a_memo_for_other_units_leaves_ours(self) -> None:
        play = Play(rules(judge="warehouse"), build.order(line(1, "X", 3)), ret(item(units=1)))
        play.credit_by_hand(build.memo((1, 1, "33.33", "7.00")))

        due = play.receive(("X", 1, "A"))
        play.post_all()

        assert due.blockers == ()
        assert totals(play) == ["40.33", "40.34"]

    def test_the_whole_sum_for_fewer_units_is_for_finance_to_see(self) -> None:
        play = Play(rules(judge="warehouse"), build.order(line(1, "X", 2)), ret(item(units=1)))
        play.credit_by_hand(build.memo((1, 1, "100.00", "21.00")), uneven=True)

        due = play.receive(("X", 1, "A"))

        assert not of_kind(due, Kind.CREDIT_MEMO)
        assert codes(due) == [Code.ALREADY_CREDITED]

    def test_units_of_another_returns_unsent_memo_are_not_taken(self) -> None:
        other = ret(item(), return_id="r2")
        play = Play(rules(judge="warehouse"), build.order(line(1, "X", 2)), ret(item()), other)
        play.receive(("X", 1, "A"))
        play.receive(("X", 1, "A"), return_id="r2")
        play.post_all(lambda keys: keys[-1])

        assert str(play.credited()) == "121.00"
        assert len(play.erp.memos_on("SO1")) == 2


class TestTaxFreightAndFees:
    def test_several_tax_rates_stand_on_one_memo(self) -> None:
        order = build.order(
            line(1, "X", 1, net="100.00", tax="21.00", rate="0.21"),
            line(2, "Y", 3, net="10.00", tax="1.00", rate="0.10"),
        )
        play = Play(rules(judge="warehouse"), order, ret(item(), item("i2", "Y", 2, "3.67")))

        play.receive(("X", 1, "A"), ("Y", 2, "A"))
        play.post_all()

        assert totals(play) == [str(Decimal("121.00") + Decimal("6.67") + Decimal("0.67"))]

    order = build.order(line(1, "X", 2), line(2, "FREE", net="0", tax="0"), freight="4.95", freight_tax="1.04")

    def test_freight_is_never_credited_by_default(self) -> None:
        assert str(in_steps(self.order, [2]).credited()) == "121.00"

    def test_freight_in_full_on_the_memo_after_which_every_unit_with_a_value_is_credited(self) -> None:
        play = in_steps(self.order, [1, 1], policy=Policy(freight="all_back"))

        assert totals(play) == ["60.50", str(Decimal("60.50") + Decimal("5.99"))]

    def test_freight_only_once_and_what_was_credited_by_hand_counts(self) -> None:
        document = Document("CM-r1-1", Kind.CREDIT_MEMO, 1, "SO1", (Line(1, "X", 1, ord_line_seq=1, ra_line_seq=1),))
        by_hand = build.memo((1, 1, "50.00", "10.50"))
        by_hand = replace(by_hand, freight=Money.of("4.00", "EUR"))

        amounts = price_memo(document, self.order, [by_hand], Money.zero("EUR"), Policy(freight="all_back"))

        assert (str(amounts.freight), str(amounts.freight_tax)) == ("0.95", "1.04")

    def test_an_even_exchange_keeps_the_freight(self) -> None:
        items = (item(), item("i2", exchange=swap()))
        play = Play(rules(judge="warehouse", policy=Policy(freight="all_back")), self.order, ret(*items))

        play.receive(("X", 2, "A"))
        play.post_all()

        assert totals(play) == ["60.50"]

    def test_nothing_is_all_back_where_nothing_was_paid(self) -> None:
        order = build.order(line(1, "FREE", 2, net="0", tax="0"), freight="4.95")

        assert totals(in_steps(order, [1], policy=Policy(freight="all_back"))) == []

    def test_fees_are_beside_the_memo_by_default(self) -> None:
        play = Play(rules(judge="warehouse"), self.order, ret(item(), fees=Decimal("3.50")))
        play.receive(("X", 1, "A"))
        play.post_all()

        assert totals(play) == ["60.50"]

    def test_fees_on_the_memo_once_and_never_more_than_the_memo(self) -> None:
        returned = ret(item(units=2), fees=Decimal("100.00"))
        play = Play(rules(judge="warehouse", policy=Policy(fees="on_memo")), self.order, returned)
        for _ in range(2):
            play.receive(("X", 1, "A"))
            play.post_all()

        assert totals(play) == ["0.00", "21.00"]

    def test_fees_in_another_currency_than_the_orders_stay_beside_the_memo(self) -> None:
        returned = ret(item(), currency="GBP", fees=Decimal("3.50"))
        play = Play(rules(judge="warehouse", policy=Policy(fees="on_memo")), self.order, returned)
        play.receive(("X", 1, "A"))
        play.post_all()

        assert totals(play) == ["60.50"]


class TestALineThatSomebodyDeleted:
    """Of an order in BlueCherry that goods were announced on."""

    order = build.order(line(1, "X"), line(2, "Y"))

    def play(self) -> Play:
        play = Play(rules(), self.order, ret(item()))
        play.receive(("X", 1, "A"))
        play.post_all()
        return play

    def test_leaves_its_units_to_a_person(self) -> None:
        play = self.play()

        play.erp.orders["SO1"] = build.order(line(2, "Y"))
        due = play.change_item(status="accepted")

        assert codes(due) == [Code.SKU_NOT_ON_ORDER]
        assert not of_kind(due, Kind.CREDIT_MEMO)

    @pytest.mark.parametrize("left", [[line(2, "Y")], [replace(line(1, "X"), qty_inv=0), line(2, "Y")]])
    def test_or_whose_invoice_was_taken_back_leaves_the_memo_as_it_is(self, left: list[OrderLine]) -> None:
        play = self.play()
        play.change_item(status="accepted")
        play.post_all()

        due = documents_due(
            replace(play.dossier(), order=build.order(*left), orders={"SO1": build.order(*left)}),
            play.rules,
            play.now,
        )

        assert [document.key for document in of_kind(due, Kind.CREDIT_MEMO)] == ["CM-r1-1"]
        assert due.blockers == ()


class TestGoodsOfAZeroValueOrder:
    sale = build.order(line(1, "X", 2))
    exchange = build.order(line(1, "NEW", 1, net="0", tax="0"), ord_num="EX9", ord_type="E", orig="SO1")

    def play(self, chain: dict[int, tuple[str, int]]) -> Play:
        play = Play(rules(judge="warehouse"), self.exchange)
        play.erp.orders["SO1"] = self.sale
        play.books["r1"] = Book(ret(item(sku="NEW")), "EX9", chain)
        play.plan()
        return play

    def test_they_come_back_on_that_order_and_are_credited_from_the_line_they_were_exchanged_for(self) -> None:
        play = self.play({1: ("SO1", 1)})

        play.receive(("NEW", 1, "A"))
        play.post_all()

        assert play.erp.ras["RA-r1"].ord_num == "EX9"
        assert totals(play) == ["60.50"]

    def test_exchange_chain_when_nobody_knows_what_they_were_exchanged_for(self) -> None:
        play = self.play({})

        due = play.receive(("NEW", 1, "A"))

        assert not of_kind(due, Kind.CREDIT_MEMO)
        assert codes(due) == [Code.EXCHANGE_CHAIN]


def test_a_return_that_splits_one_item_over_two_lines_is_credited_from_both() -> None:
    order = build.order(line(1, "X", 1, net="100.00", tax="0"), line(2, "X", 2, net="150.00", tax="0"))
    play = Play(rules(judge="warehouse"), order, ret(item(units=3, price="75.00")))

    play.receive(("X", 3, "A"))
    play.post_all()

    assert totals(play) == ["250.00"]


def test_an_exchange_and_a_refund_on_one_line_credit_only_the_refund() -> None:
    order = build.order(line(1, "X", 3, net="100.00", tax="0"))
    play = Play(rules(judge="warehouse"), order, ret(item(), item("i2", exchange=swap())))

    play.receive(("X", 2, "A"))
    play.post_all()

    assert totals(play) == ["33.33"]


def test_an_uneven_exchange_is_credited_at_full_value() -> None:
    play = Play(rules(judge="warehouse"), build.order(line(1, "X")), ret(item(exchange=swap(price="150.00"))))

    play.receive(("X", 1, "A"))
    play.post_all()

    assert totals(play) == ["121.00"]
