"""Inventory journals: every unit that arrived lies where its disposition says."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from app.domain.documents import State
from app.domain.due import documents_due
from app.domain.policy import Grade, Kind, Policy, StoreRules
from tests.unit.domain.build import GRADES, NOW, item, line, of_kind, order, ret, rules
from tests.unit.domain.play import Play


def play(units: int = 2, store: StoreRules | None = None) -> Play:
    game = Play(store or rules(), order(line(1, "X", 3)), ret(item(units=units)))
    game.send("RA-r1")
    return game


def stock(game: Play) -> dict[str, int]:
    """Units by location."""
    return {where[1]: units for where, units in game.erp.stock.items() if units}


def test_stock_is_due_on_receipt_whatever_is_judged() -> None:
    game = play()
    game.receive(("X", 2, "A"))
    game.post_all()

    assert stock(game) == {"MAD01": 2}


def test_a_journal_goes_to_the_site_that_received() -> None:
    game = play()
    game.receive(("X", 1, "A"), site="lyon")
    game.post_all()

    assert game.erp.stock == {("X", "LYO01", "L0"): 1}


def test_one_journal_per_receipt_numbered_as_they_were_taken_in() -> None:
    game = play()
    game.receive(("X", 1, "A"))
    due = game.receive(("X", 1, "B"))

    assert [(each.key, each.source) for each in of_kind(due, Kind.INVENTORY_JOURNAL)] == [
        ("IJ-r1-1", "madrid/g1"),
        ("IJ-r1-2", "madrid/g2"),
    ]


def test_a_receipts_number_is_its_own_for_ever() -> None:
    game = play(store=rules(policy=Policy(rejected_goods="send_back")))
    game.receive(("X", 1, "A"))
    game.change_item(status="rejected")
    assert game.book().entries["IJ-r1-1"].state is State.WITHDRAWN
    game.receive(("X", 1, "A"))

    due = game.change_item(status="accepted")

    assert [(each.key, each.source) for each in of_kind(due, Kind.INVENTORY_JOURNAL)] == [
        ("IJ-r1-1", "madrid/g1"),
        ("IJ-r1-2", "madrid/g2"),
    ]


def test_an_unknown_grade_goes_to_quarantine_and_later_a_transfer_moves_it() -> None:
    game = play()
    game.receive(("X", 2, "??"))
    game.post_all()
    assert stock(game) == {"MADQ": 2}

    due = game.regrade("X", 1, "??", "A")
    game.post_all()

    transfer = of_kind(due, Kind.INVENTORY_JOURNAL)[-1]
    assert [(each.rec_type, each.location, each.qty) for each in transfer.lines] == [
        ("SA", "MADQ", -1),
        ("SA", "MAD01", 1),
    ]
    assert stock(game) == {"MADQ": 1, "MAD01": 1}


def test_mapping_an_unknown_grade_later_moves_the_goods() -> None:
    game = play()
    game.receive(("X", 2, "C"))
    game.post_all()

    game.rules = rules(grades=GRADES | {"C": Grade("C", accepts=True, location="THIRDS")})
    game.post_all()

    assert stock(game) == {"THIRDS": 2}


def test_a_mere_change_of_a_grades_place_moves_nothing() -> None:
    game = play()
    game.receive(("X", 1, "B"))
    game.post_all()

    moved = rules(grades=GRADES | {"B": replace(GRADES["B"], location="ELSEWHERE")})

    assert documents_due(game.dossier(), moved, NOW).documents == documents_due(game.dossier(), rules(), NOW).documents


def test_what_is_moved_after_a_change_of_place_is_taken_from_where_it_lies() -> None:
    game = play(units=3)
    game.receive(("X", 1, "B"))
    game.post_all()
    game.rules = rules(grades=GRADES | {"B": replace(GRADES["B"], location="ELSEWHERE")})
    game.receive(("X", 2, "B"))
    game.post_all(check=False)
    game.regrade("X", 1, "B", "A")
    game.regrade("X", 2, "B", "rejected")
    game.post_all()

    assert stock(game) == {"MAD01": 1, "REJ": 2}


def test_rejected_goods_are_journalled_into_the_place_of_rejected() -> None:
    game = play()
    game.change_item(status="rejected")
    game.receive(("X", 2, "A"))
    game.post_all()

    assert stock(game) == {"REJ": 2}


def test_rejected_after_its_receipt_was_journalled_is_a_transfer() -> None:
    game = play()
    game.receive(("X", 2, "A"))
    game.post_all()

    due = game.change_item(status="rejected")
    game.post_all()

    assert {each.rec_type for each in of_kind(due, Kind.INVENTORY_JOURNAL)[-1].lines} == {"SA"}
    assert stock(game) == {"REJ": 2}


def test_rejected_before_a_regrade_was_sent_moves_nothing_that_is_not_there() -> None:
    game = play()
    game.receive(("X", 2, "A"))
    game.regrade("X", 2, "A", "B")

    due = game.change_item(status="rejected")
    game.post_all()

    assert len(of_kind(due, Kind.INVENTORY_JOURNAL)) == 1
    assert stock(game) == {"REJ": 2}


@pytest.mark.parametrize("sent", [True, False])
def test_a_regrade_that_is_taken_back_leaves_the_goods_where_they_were(sent: bool) -> None:
    game = play()
    game.receive(("X", 2, "A"))
    game.regrade("X", 2, "A", "B")
    if sent:
        game.post_all()

    game.regrade("X", 2, "B", "A")
    game.post_all()

    assert stock(game) == {"MAD01": 2}
    assert (game.book().entries["IJ-r1-2"].state is State.POSTED) == sent


def test_a_transfer_waits_for_the_journals_whose_units_it_moves() -> None:
    game = play()
    game.receive(("X", 1, "A"))

    due = game.regrade("X", 1, "A", "B")

    assert of_kind(due, Kind.INVENTORY_JOURNAL)[-1].after == ("RA-r1", "IJ-r1-1")


class TestSendBack:
    store = rules(policy=Policy(rejected_goods="send_back"))

    def test_rejected_goods_have_no_journal(self) -> None:
        game = play(store=self.store)

        due = game.receive(("X", 1, "rejected"), ("X", 1, "A"))

        assert [each.units for each in of_kind(due, Kind.INVENTORY_JOURNAL)] == [1]

    def test_goods_that_are_accepted_after_all_are_journalled_then(self) -> None:
        game = play(store=self.store)
        game.receive(("X", 1, "rejected"), ("X", 1, "A"))
        game.post_all()

        game.regrade("X", 1, "rejected", "A")
        game.post_all()

        assert stock(game) == {"MAD01": 2}

    def test_goods_that_reveni_accepts_are_kept_whatever_their_grade(self) -> None:
        game = play(store=self.store)
        game.receive(("X", 2, "rejected"))
        game.change_item(status="accepted")
        game.post_all()

        assert game.erp.stock == {("X", "REJ", None): 2}
        assert str(game.credited()) == "80.67"

    @pytest.mark.parametrize(("judge", "kept"), [("warehouse", {"MAD01": 1}), ("reveni", {"MAD01": 1, "SCRAP": 1})])
    def test_a_grade_that_does_not_accept_is_rejected_where_the_warehouse_judges(
        self, judge: Literal["reveni", "warehouse"], kept: dict[str, int]
    ) -> None:
        grades = GRADES | {"C": Grade("C", accepts=False, location="SCRAP")}
        game = play(store=replace(self.store, judge=judge, grades=grades))
        game.receive(("X", 1, "C"), ("X", 1, "A"))
        game.post_all()

        assert stock(game) == kept

    def test_goods_that_were_journalled_before_they_were_rejected_are_moved_all_the_same(self) -> None:
        game = play(store=self.store)
        game.receive(("X", 2, "A"))
        game.post_all()

        game.change_item(status="rejected")
        game.post_all()

        assert stock(game) == {"REJ": 2}
