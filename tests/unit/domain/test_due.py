"""The list of documents: what is missing, refused, released or settled, in one place."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from app.domain.blockers import Code
from app.domain.documents import State
from app.domain.dossier import Decision
from app.domain.due import Outlook, documents_due
from app.domain.policy import Kind, Policy
from tests.unit.domain.build import NOW, codes, days, dossier, item, line, of_kind, order, receipt, ret, rules, swap
from tests.unit.domain.play import Play


def play(
    units: int = 2, *, instant: bool = False, judge: Literal["reveni", "warehouse"] = "reveni", feed: bool = True
) -> Play:
    game = Play(rules(judge=judge, feed=feed), order(line(1, "X", 3)), ret(item(units=units), instant=instant))
    game.post_all()
    return game


def refund(game: Play) -> None:
    game.change(refund=ret(refunded_at=game.now).refund)


class TestNoGoods:
    @pytest.mark.parametrize("how", ["accepted", "refunded"])
    def test_though_refunded_or_accepted_for_the_days_that_the_store_allows(self, how: str) -> None:
        game = play()
        if how == "accepted":
            game.change_item(status="accepted")
        else:
            refund(game)
        waiting = game.plan()
        assert (waiting.blockers, waiting.look_again) == ((), NOW + days(30))

        game.now += days(30)
        due = game.plan()

        assert [(each.code, each.units) for each in due.blockers] == [(Code.NOT_RECEIVED, 2)]
        assert not of_kind(due, Kind.CREDIT_MEMO)
        assert not of_kind(due, Kind.INVENTORY_JOURNAL)
        assert of_kind(due, Kind.RA_CLOSE) == []

    def test_an_accepted_return_is_closed_once_its_goods_are_overdue(self) -> None:
        game = play()
        game.change(status="accepted", items=(item(units=2, status="accepted"),))
        game.now += days(31)

        assert of_kind(game.plan(), Kind.RA_CLOSE)

    def test_a_person_in_finance_may_release_the_memo(self) -> None:
        game = play()
        game.change_item(status="accepted")
        game.now += days(31)

        due = game.decide("not_received", "r1", "release")
        game.post_all()

        assert due.blockers == ()
        assert str(game.credited()) == "80.67"

    def test_a_release_is_for_the_units_that_never_came_not_for_those_that_were_rejected(self) -> None:
        game = play(3, judge="warehouse")
        refund(game)
        game.receive(("X", 1, "rejected"))
        game.now += days(31)

        game.decide("not_received", "r1", "release")
        game.post_all()

        assert str(game.credited()) == "80.67"

    def test_goods_that_come_after_a_release_are_not_credited_again(self) -> None:
        game = play()
        game.change_item(status="accepted")
        game.now += days(31)
        game.decide("not_received", "r1", "release")
        game.post_all()

        due = game.receive(("X", 2, "A"))
        game.post_all()

        assert due.blockers == ()
        assert str(game.credited()) == "80.67"
        assert game.erp.stock["X", "MAD01", None] == 2

    def test_ended_without_a_release_nothing_is_credited(self) -> None:
        game = play()
        game.change_item(status="accepted")
        game.now += days(31)

        due = game.decide("not_received", "r1", "resolved")

        assert due.blockers == ()
        assert not of_kind(due, Kind.CREDIT_MEMO)

    def test_never_without_a_warehouse_feed(self) -> None:
        game = play(feed=False)
        refund(game)
        game.now += days(31)

        assert game.plan().blockers == ()


class TestRefundedAtOnceAndRejectedOnArrival:
    def test_by_reveni(self) -> None:
        game = play(instant=True)
        game.receive(("X", 2, "A"))

        due = game.change_item(status="rejected")

        assert codes(due) == [Code.REFUNDED_REJECTED]
        assert not of_kind(due, Kind.CREDIT_MEMO)

    def test_by_the_warehouse_for_the_units_that_it_rejects(self) -> None:
        game = play(instant=True, judge="warehouse")

        due = game.receive(("X", 1, "A"), ("X", 1, "rejected"))

        assert [(each.code, each.units) for each in due.blockers] == [(Code.REFUNDED_REJECTED, 1)]
        assert [each.units for each in of_kind(due, Kind.CREDIT_MEMO)] == [1]

    def test_a_person_in_finance_may_release_the_memo(self) -> None:
        game = play(instant=True)
        game.receive(("X", 2, "A"))
        game.change_item(status="rejected")

        due = game.decide("refunded_rejected", "r1", "release")
        game.post_all()

        assert due.blockers == ()
        assert str(game.credited()) == "80.67"
        assert game.erp.stock["X", "REJ", None] == 2

    def test_a_release_is_for_what_the_warehouse_rejected_not_for_what_has_no_judgement_yet(self) -> None:
        game = play(3, instant=True, judge="warehouse")
        game.receive(("X", 1, "rejected"), ("X", 1, "??"))

        game.decide("refunded_rejected", "r1", "release")
        game.post_all()

        assert str(game.credited()) == "40.33"

    def test_ended_without_a_release_nothing_is_credited(self) -> None:
        game = play(instant=True)
        game.receive(("X", 2, "A"))
        game.change_item(status="rejected")

        due = game.decide("refunded_rejected", "r1", "resolved")

        assert due.blockers == ()
        assert not of_kind(due, Kind.CREDIT_MEMO)

    def test_not_for_an_exchange(self) -> None:
        game = Play(rules(), order(line(1, "X")), ret(item(exchange=swap()), instant=True))

        assert game.change_item(status="rejected").blockers == ()


class TestGoodsOfADraft:
    def test_are_told_at_once_when_a_return_is_a_draft_again_before_its_authorisation_was_sent(self) -> None:
        game = Play(rules(), order(line(1, "X")), ret(item()))
        game.receive(("X", 1, "A"))

        due = game.change(status="incomplete")

        assert (due.documents, codes(due)) == ((), [Code.RECEIPT_WITHOUT_RETURN])

    def test_stay_on_an_authorisation_that_stands(self) -> None:
        game = play()
        game.receive(("X", 1, "A"))
        game.post_all()

        assert game.change(status="incomplete").blockers == ()


class TestWhatTheLedgerSays:
    @pytest.mark.parametrize(
        ("refusal", "code"),
        [
            ("PERIOD_CLOSED", Code.PERIOD_CLOSED),
            ("QTY_EXCEEDS_SHIPPED", Code.OVER_RETURN),
            ("ITEM_INACTIVE", Code.INACTIVE_SKU),
            ("SKU_NOT_ON_ORDER", Code.SKU_NOT_ON_ORDER),
            ("ORDER_NOT_FOUND", Code.UNKNOWN_ORDER),
            ("LOCATION_UNKNOWN", Code.REFUSED),
        ],
    )
    def test_a_refusal_has_the_code_of_its_cause(self, refusal: str, code: Code) -> None:
        game = play()
        game.receive(("X", 1, "A"))
        book = game.book()
        book.entries["IJ-r1-1"] = replace(
            book.entries["IJ-r1-1"], state=State.REFUSED, error_code=refusal, error="because"
        )

        due = game.plan()

        assert [(each.code, each.document_key) for each in due.blockers] == [(code, "IJ-r1-1")]

    def test_tries_that_are_used_up(self) -> None:
        game = play()
        game.receive(("X", 1, "A"))
        book = game.book()
        book.entries["IJ-r1-1"] = replace(book.entries["IJ-r1-1"], tired=True, error="no answer")

        assert codes(game.plan()) == [Code.TRIES_USED_UP]

    def test_a_refused_document_that_is_due_with_other_lines_is_a_new_try(self) -> None:
        game = Play(rules(), order(line(1, "X", 3)), ret(item(units=2)))
        book = game.book()
        book.entries["RA-r1"] = replace(book.entries["RA-r1"], state=State.REFUSED, error_code="QTY_EXCEEDS_SHIPPED")

        due = game.change_item(quantity=1)

        assert due.blockers == ()
        assert book.entries["RA-r1"].state is State.DUE


class TestOutlook:
    def test_a_draft_is_ignored(self) -> None:
        assert documents_due(dossier(ret(item(), status="incomplete"), None), rules(), NOW).outlook is Outlook.IGNORED

    def test_a_blocker_holds(self) -> None:
        assert documents_due(dossier(ret(item()), None), rules(), NOW).outlook is Outlook.HELD

    def test_from_working_over_waiting_to_settled(self) -> None:
        game = Play(rules(), order(line(1, "X")), ret(item()))
        seen = [game.plan().outlook]
        game.post_all()
        seen.append(game.plan().outlook)
        game.change(status="accepted", items=(item(status="accepted"),))
        seen.append(game.receive(("X", 1, "A")).outlook)
        game.post_all()
        seen.append(game.plan().outlook)

        assert seen == [Outlook.WORKING, Outlook.WAITING, Outlook.WORKING, Outlook.SETTLED]

    def test_cancelled_and_undone_is_settled(self) -> None:
        game = play()
        game.change(status="cancelled")
        game.post_all()

        assert game.plan().outlook is Outlook.SETTLED

    def test_a_return_that_a_person_ended_before_its_authorisation_is_settled(self) -> None:
        held = documents_due(dossier(ret(item(sku="NOT-SOLD")), order(line(1, "X"))), rules(), NOW)
        ended = tuple(Decision(b.code, b.cause, "", "resolved") for b in held.blockers)
        file = replace(dossier(ret(item(sku="NOT-SOLD")), order(line(1, "X"))), decisions=ended)

        assert documents_due(file, rules(), NOW).outlook is Outlook.SETTLED


def test_goods_that_come_for_a_draft_are_told() -> None:
    file = replace(dossier(ret(item(), status="incomplete"), None), receipts=(receipt(1, ("X", 1, "A")),))

    due = documents_due(file, rules(), NOW)

    assert [(each.code, each.units, each.receipt_id) for each in due.blockers] == [
        (Code.RECEIPT_WITHOUT_RETURN, 1, "g1")
    ]
    assert due.documents == ()


def test_an_authorisation_of_goods_that_are_sent_back_is_closed() -> None:
    game = Play(rules(policy=Policy(rejected_goods="send_back")), order(line(1, "X")), ret(item()))
    game.receive(("X", 1, "rejected"))
    game.change(status="rejected", items=(item(status="rejected"),))

    due = game.plan()

    assert not of_kind(due, Kind.INVENTORY_JOURNAL)
    assert of_kind(due, Kind.RA_CLOSE)


def test_unknown_status_holds_money_and_exchange_and_receipts_go_on() -> None:
    items = (item(status="accepted"), item("i2", status="accepted", exchange=swap()))
    game = Play(rules(), order(line(1, "X", 3)), ret(*items, status="received"))
    game.send("RA-r1")
    game.change(status="strange")

    due = game.receive(("X", 2, "A"))

    assert codes(due) == [Code.UNKNOWN_STATUS]
    assert [document.kind for document in due.documents] == [Kind.RETURN_AUTHORISATION, Kind.INVENTORY_JOURNAL]


def test_the_list_is_in_the_order_of_the_chain() -> None:
    items = (item(status="accepted"), item("i2", status="accepted", exchange=swap()))
    game = Play(rules(), order(line(1, "X", 3)), ret(*items))

    due = game.receive(("X", 2, "A"))

    assert [document.kind for document in due.documents] == [
        Kind.RETURN_AUTHORISATION,
        Kind.EXCHANGE_ORDER,
        Kind.INVENTORY_JOURNAL,
        Kind.CREDIT_MEMO,
    ]


def test_the_list_is_the_same_whether_nothing_or_everything_of_it_is_posted() -> None:
    game = Play(rules(), order(line(1, "X", 3)), ret(item(units=2, status="accepted")))
    before = game.receive(("X", 2, "A"))

    game.post_all()

    assert game.plan().documents == before.documents
