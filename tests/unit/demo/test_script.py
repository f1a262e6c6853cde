"""The day's script: the same from one seed, whole, and exactly as long as asked for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.demo.scenes import KINDS
from app.demo.script import ALL_KINDS_FROM, write_script
from app.demo.steps import Put

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize("returns", [1, 2, 7, 99, 100, 101, 200])
def test_it_has_as_many_returns_as_asked_for(returns: int) -> None:
    assert len(write_script(returns, 3, NOW).outcomes) == returns


def test_one_seed_tells_one_day() -> None:
    one, other = write_script(150, 11, NOW), write_script(150, 11, NOW)
    assert one.scenes == other.scenes
    assert one.outcomes == other.outcomes
    assert one.world.seed() == other.world.seed()
    assert one.outcomes.keys() != write_script(150, 12, NOW).outcomes.keys()


def test_every_kind_is_played_from_a_hundred_returns_on() -> None:
    script = write_script(ALL_KINDS_FROM, 5, NOW)
    assert {scene.kind for scene in script.scenes} == {kind.name for kind in KINDS}


def test_kinds_have_names_of_their_own() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)


def test_an_incomplete_return_leads_to_nothing() -> None:
    for outcome in write_script(400, 8, NOW).outcomes.values():
        if outcome.kind == "incomplete":
            assert (outcome.authorisations, outcome.memos, outcome.journals) == ([], (0, 0), (0, 0))


def test_some_parcels_are_left_at_the_station_for_a_visitor() -> None:
    script = write_script(ALL_KINDS_FROM, 5, NOW)
    [first, *_] = left = [outcome for outcome in script.outcomes.values() if outcome.to_scan]
    told = [step.body for scene in script.scenes for step in scene.steps if isinstance(step, Put)]
    assert {body["id"] for body in told if first.to_scan in str(body["shipping"])} == {first.return_id}
    assert not any(outcome.receipts for outcome in left)


def test_every_return_is_told_by_reveni_in_its_own_store() -> None:
    script = write_script(200, 7, NOW)
    told = {step.return_id: step.store for scene in script.scenes for step in scene.steps if isinstance(step, Put)}
    assert told == {outcome.return_id: outcome.store for outcome in script.outcomes.values()}


def test_the_item_master_keeps_leading_zeros_and_lacks_some_upcs() -> None:
    items = write_script(10, 7, NOW).world.items
    assert all(item.sku.startswith("00") for item in items)
    assert {item.upc is None for item in items} == {item.active for item in items} == {True, False}
    assert len({(item.division, item.sku) for item in items}) == len(items)
