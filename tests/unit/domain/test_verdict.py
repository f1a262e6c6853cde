"""Verdicts: what Reveni is told where the warehouse is the judge."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from app.domain.blockers import Code
from app.domain.policy import Kind, Policy
from tests.unit.domain.build import GRADES, codes, item, line, of_kind, order, ret, rules
from tests.unit.domain.play import Play


def play(judge: Literal["reveni", "warehouse"] = "warehouse", units: int = 2) -> Play:
    game = Play(rules(judge=judge), order(line(1, "X", 3)), ret(item(units=units)))
    game.post_all()
    return game


def test_once_per_item_when_all_its_units_are_judged() -> None:
    game = play()
    assert not of_kind(game.receive(("X", 1, "A")), Kind.VERDICT)

    (document,) = of_kind(game.receive(("X", 1, "rejected")), Kind.VERDICT)

    assert [(each.qty, each.disposition, each.reason_code) for each in document.lines] == [
        (1, "accepted", None),
        (1, "rejected", "defect"),
    ]


def test_an_unknown_grade_is_no_judgement() -> None:
    game = play()
    game.receive(("X", 1, "A"))

    assert not of_kind(game.receive(("X", 1, "??")), Kind.VERDICT)


def test_a_grade_says_whether_it_means_acceptance_and_why_not() -> None:
    game = play(units=1)
    worn = replace(GRADES["B"], accepts=False, reject_reason="change_of_mind")
    game.rules = rules(judge="warehouse", grades=GRADES | {"B": worn})

    (document,) = of_kind(game.receive(("X", 1, "B")), Kind.VERDICT)

    assert [(each.disposition, each.reason_code) for each in document.lines] == [("rejected", "change_of_mind")]


def test_none_where_reveni_is_the_judge() -> None:
    assert not of_kind(play("reveni").receive(("X", 2, "A")), Kind.VERDICT)


def test_none_for_what_reveni_has_judged_already() -> None:
    game = play()
    game.change_item(status="accepted")

    assert not of_kind(game.receive(("X", 2, "A")), Kind.VERDICT)


def test_it_is_told_once_whatever_is_graded_later() -> None:
    game = play()
    game.receive(("X", 2, "A"))
    game.post_all()
    told = dict(game.erp.told)

    game.regrade("X", 1, "A", "rejected")
    game.post_all()

    assert [key for key in game.erp.told if key.startswith("VD")] == [key for key in told if key.startswith("VD")]


@pytest.mark.parametrize(
    ("judge", "status", "grade"),
    [
        ("reveni", "accepted", "rejected"),
        ("reveni", "rejected", "A"),
        ("warehouse", "rejected", "A"),
        ("warehouse", "accepted", "rejected"),
    ],
)
def test_where_reveni_and_the_warehouse_disagree_somebody_must_look(
    judge: Literal["reveni", "warehouse"], status: str, grade: str
) -> None:
    game = play(judge)
    game.change_item(status=status)

    due = game.receive(("X", 2, grade))

    assert codes(due) == [Code.VERDICT_CONFLICT]
    assert due.blockers[0].units == 2
    assert ("Reveni, who wins" if judge == "reveni" else "the warehouse, who wins") in due.blockers[0].message


@pytest.mark.parametrize(
    ("judge", "status", "grade"),
    [
        ("reveni", "accepted", "B"),
        ("reveni", "accepted", "??"),
        ("reveni", "rejected", "??"),
        ("reveni", "rejected", "rejected"),
        ("reveni", "pending", "rejected"),
        ("warehouse", "accepted", "A"),
        ("warehouse", "rejected", "??"),
    ],
)
def test_they_agree_or_one_of_them_has_not_judged(
    judge: Literal["reveni", "warehouse"], status: str, grade: str
) -> None:
    game = play(judge)
    game.change_item(status=status)

    assert Code.VERDICT_CONFLICT not in codes(game.receive(("X", 2, grade)))


def test_a_store_may_hear_only_of_what_was_accepted_against_the_grade() -> None:
    game = play("reveni")
    game.rules = rules(policy=Policy(verdict_conflict="accepted"))
    game.receive(("X", 2, "A"))
    assert codes(game.change_item(status="rejected")) == []

    assert codes(game.regrade("X", 2, "A", "rejected")) == []
    assert codes(game.change_item(status="accepted")) == [Code.VERDICT_CONFLICT]


def test_rejected_after_its_receipt_was_journalled_moves_the_goods_and_is_told_until_the_grade_follows() -> None:
    game = play("reveni")
    game.receive(("X", 2, "A"))
    game.post_all()

    assert codes(game.change_item(status="rejected")) == [Code.VERDICT_CONFLICT]
    game.post_all()
    assert game.erp.stock["X", "REJ", None] == 2

    assert codes(game.regrade("X", 2, "A", "rejected")) == []
    assert game.erp.stock["X", "REJ", None] == 2


def test_what_was_refunded_at_once_is_told_once() -> None:
    game = Play(rules(), order(line(1, "X", 3)), ret(item(units=2), instant=True))
    game.post_all()
    game.receive(("X", 2, "A"))

    assert codes(game.change_item(status="rejected")) == [Code.REFUNDED_REJECTED]


def test_what_was_credited_and_then_rejected_is_told_once() -> None:
    game = play("reveni")
    game.receive(("X", 2, "A"))
    game.change_item(status="accepted")
    game.post_all()

    assert codes(game.change_item(status="rejected")) == [Code.RETURN_CHANGED]


def test_the_judge_wins() -> None:
    game = play("reveni")
    game.change_item(status="accepted")
    game.receive(("X", 2, "rejected"))
    game.post_all()
    assert str(game.credited()) == "80.67"

    game = play("warehouse")
    game.change_item(status="rejected")
    game.receive(("X", 2, "A"))
    game.post_all()
    assert str(game.credited()) == "80.67"
