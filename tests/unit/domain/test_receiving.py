"""Receiving: which units of which line arrived, where, and with what grade now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.blockers import Code
from app.domain.due import documents_due
from app.domain.policy import Kind
from app.domain.receiving import arrivals
from tests.unit.domain import build
from tests.unit.domain.build import codes, dossier, item, line, of_kind, order, receipt, regrade, ret, rules
from tests.unit.domain.play import Play


def play(units: int = 2) -> Play:
    game = Play(rules(), order(line(1, "X", 3), line(2, "Y", 3)), ret(item(units=units), item("i2", "Y")))
    game.post_all()
    return game


def grades(game: Play) -> dict[str, int]:
    """Units by what they are graded now."""
    found: dict[str, int] = {}
    for part in game.arrived().landed:
        found[part.grade] = found.get(part.grade, 0) + part.units
    return found


def test_receipts_come_in_parts() -> None:
    game = play()
    game.receive(("X", 1, "A"))
    game.receive(("X", 1, "A"), ("Y", 1, "A"))

    assert (game.arrived().units("i1"), game.arrived().units("i2")) == (2, 1)


def test_a_receipt_that_came_before_the_return_waits_for_its_authorisation() -> None:
    early = receipt(1, ("X", 1, "A"))
    known = dossier(ret(item(), status="incomplete"), order(line(1, "X")), early)
    assert documents_due(known, rules(), build.NOW).documents == ()

    due = documents_due(replace(known, ret=ret(item())), rules(), build.NOW)

    assert [document.key for document in due.documents] == ["RA-r1", "IJ-r1-1"]


def test_surplus_is_on_no_document_and_an_exception_holds_its_units() -> None:
    due = play().receive(("X", 5, "A"))

    assert [(each.code, each.units) for each in due.blockers] == [(Code.OVER_RECEIPT, 3)]
    assert [document.units for document in of_kind(due, Kind.INVENTORY_JOURNAL)] == [2]


def test_goods_that_nobody_announced_are_on_no_document_and_an_exception_holds_their_units() -> None:
    due = play().receive(("Z", 2, "A"))

    assert [(each.code, each.units) for each in due.blockers] == [(Code.FOREIGN_GOODS, 2)]
    assert not of_kind(due, Kind.INVENTORY_JOURNAL)


def test_goods_of_a_site_that_the_store_does_not_list_are_held() -> None:
    due = play().receive(("X", 1, "A"), site="rome")

    assert [(each.code, each.cause) for each in due.blockers] == [(Code.UNMAPPED_SITE, "es:rome")]
    assert not of_kind(due, Kind.INVENTORY_JOURNAL)


@pytest.mark.parametrize("by", ["upc", "a upc that was taken for a sku", "alias"])
def test_goods_are_known_by_upc_and_by_alias(by: str) -> None:
    message = receipt(1, ("x-shop", 1, "A"))
    if by == "upc":
        message = replace(message, lines=(replace(message.lines[0], sku=None, upc="upc-X"),))
    elif by != "alias":
        message = receipt(1, ("upc-X", 1, "A"))
    known = dossier(ret(item()), order(line(1, "X")), message, aliases={"x-shop": "X"})

    assert documents_due(known, rules(), build.NOW).blockers == ()


def test_a_sku_that_the_return_has_is_no_upc() -> None:
    """Of two items, one bears as its SKU what the other bears as its UPC."""
    ours = dossier(
        ret(item("1", "X"), item("2", "upc-X")), order(line(1, "X"), line(2, "upc-X")), receipt(1, ("upc-X", 1, "A"))
    )

    (journal,) = of_kind(documents_due(ours, rules(), build.NOW), Kind.INVENTORY_JOURNAL)
    assert [each.sku for each in journal.lines] == ["upc-X"]


def test_an_alias_that_is_named_later_takes_no_units_from_goods_that_are_journalled() -> None:
    game = play(units=1)
    game.receive(("x-shop", 1, "A"))
    game.receive(("X", 1, "B"))
    game.post_all()

    game.book().aliases["x-shop"] = "X"
    due = game.plan()
    game.post_all()

    assert codes(due) == [Code.OVER_RECEIPT]
    assert game.erp.stock["X", "SECONDS", None] == 1


def test_a_regrade_moves_units_from_grade_to_grade() -> None:
    game = play()
    game.receive(("X", 2, "A"))
    game.regrade("X", 1, "A", "B")

    assert grades(game) == {"A": 1, "B": 1}


def test_a_regrade_that_comes_before_its_goods_waits_for_them() -> None:
    game = play()
    assert codes(game.regrade("X", 1, "A", "B")) == [Code.OVER_RECEIPT]

    due = game.receive(("X", 1, "A"))

    assert due.blockers == ()
    assert grades(game) == {"B": 1}


def test_regrades_that_come_in_the_wrong_order_still_meet() -> None:
    game = play()
    game.receive(("X", 1, "A"))
    game.regrade("X", 1, "B", "rejected")

    due = game.regrade("X", 1, "A", "B")

    assert due.blockers == ()
    assert grades(game) == {"rejected": 1}


def test_a_regrade_of_one_site_leaves_the_goods_of_another() -> None:
    game = play()
    game.receive(("X", 1, "A"), site="lyon")

    assert codes(game.regrade("X", 1, "A", "B")) == [Code.OVER_RECEIPT]


def test_an_unknown_grade_is_an_exception_until_it_is_mapped_or_regraded() -> None:
    game = play()
    assert codes(game.receive(("X", 1, "??"))) == [Code.UNMAPPED_GRADE]

    assert game.regrade("X", 1, "??", "A").blockers == ()


def test_one_receipt_over_two_items_of_a_sku_fills_the_first_first() -> None:
    game = Play(rules(), order(line(1, "X", 3)), ret(item(), item("i2", units=2)))

    game.receive(("X", 2, "A"))

    assert (game.arrived().units("i1"), game.arrived().units("i2")) == (1, 1)


def test_without_a_warehouse_feed_the_items_status_is_the_receipt() -> None:
    game = Play(rules(feed=False), order(line(1, "X", 2)), ret(item(), item("i2")))
    game.post_all()
    game.change_item("i2", status="accepted")
    game.change_item("i1", status="rejected")
    game.post_all()

    assert game.erp.stock == {("X", "MAD01", None): 1, ("X", "REJ", None): 1}
    assert str(game.credited()) == "60.50"


def test_with_a_feed_revenis_accepted_is_no_receipt() -> None:
    due = play().change_item(status="accepted")

    assert not of_kind(due, Kind.INVENTORY_JOURNAL)


def test_nothing_is_counted_without_an_authorisation() -> None:
    known = dossier(ret(item()), order(line(1, "X")), receipt(1, ("X", 1, "A")), regrade(2, "X", 1, "A", "B"))

    assert arrivals(known, rules(), None).landed == []
