"""Policy: places of grades, sites of destinations, meanings of statuses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.policy import Phase, Place, fold_status
from tests.unit.domain.build import GRADES, LYON, MADRID, rules


def test_without_a_place_of_its_own_a_grade_lies_in_the_sites_location() -> None:
    assert rules().place(MADRID, "A") == Place("MAD01")
    assert rules().place(LYON, "A") == Place("LYO01", "L0")


def test_a_grade_may_name_a_location() -> None:
    assert rules().place(MADRID, "B") == Place("SECONDS")


def test_a_site_may_override_a_grade() -> None:
    assert rules().place(LYON, "B") == Place("LYOB", "B7")


def test_a_grades_lot_holds_in_the_sites_location() -> None:
    lots = rules(grades=GRADES | {"A": replace(GRADES["A"], lot="FRESH")})

    assert lots.place(LYON, "A") == Place("LYO01", "FRESH")


def test_an_unknown_grade_has_no_place_even_where_the_site_names_one() -> None:
    assert rules().place(LYON, "??") is None


@pytest.mark.parametrize(("location", "site"), [("loc-madrid", "madrid"), ("loc-lyon", "lyon"), (None, "madrid")])
def test_the_site_of_revenis_destination_and_the_default_when_it_names_none(location: str | None, site: str) -> None:
    found = rules().site_of_destination(location)

    assert found is not None
    assert found.name == site


def test_a_destination_that_nobody_mapped_has_no_site() -> None:
    assert rules().site_of_destination("loc-rome") is None
    assert rules(default_site=None).site_of_destination(None) is None


@pytest.mark.parametrize("spelling", ["partially_accepted", "Partially accepted", "PARTIALLY-ACCEPTED"])
def test_a_statuses_spelling_does_not_matter(spelling: str) -> None:
    assert fold_status(spelling) == "partially_accepted"
    assert rules().phase_of(spelling) is Phase.PARTIALLY_ACCEPTED


def test_a_status_that_nobody_mapped_is_unknown() -> None:
    assert rules().phase_of("strange") is Phase.UNKNOWN
