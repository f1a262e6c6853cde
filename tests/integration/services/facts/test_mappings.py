from __future__ import annotations

from collections.abc import Mapping

import pytest

from app.config.mapping import mapping_of
from app.db.tables.mapping import MappingRow
from app.domain.policy import StoreRules
from app.services.facts.mappings import NoSuchMapping, list_mappings, mappings_of_version
from app.services.intake.taking_in import take_in
from app.services.ledger.validation import validate
from tests.support.scene import Scene, item

MEMOS_LATER = {"stores": {"es": {"posting": {"credit_memo": "every 15m"}}}}
FREIGHT_BACK = {"stores": {"es": {"policy": {"freight": "all_back"}}}}
ELSEWHERE = {"sites": {"madrid": {"location": "MADB"}}}


def _rules(scene: Scene) -> StoreRules:
    return scene.outside.store("es").rules


def _in_force(scene: Scene) -> Mapping[str, StoreRules]:
    return {"es": _rules(scene)}


def test_a_mapping_is_kept_when_it_is_first_used_and_once(scene: Scene) -> None:
    assert scene.rows(MappingRow) == []
    scene.ask("r1")
    scene.ask("r2", item("0002"))
    scene.work()
    scene.configure({})
    scene.change("r1", status="shipped")
    scene.work()

    (kept,) = scene.rows(MappingRow)
    rules = _rules(scene)
    assert (kept.store, kept.version, kept.content) == ("es", rules.version, mapping_of(rules))


def test_an_old_version_still_explains_its_documents(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()
    old = scene.ledger()["RA-r1"].mapping_version
    scene.configure(ELSEWHERE)
    scene.ask("r2", item("0002"))
    scene.work()
    new = scene.ledger()["RA-r2"].mapping_version

    assert scene.ledger()["RA-r1"].mapping_version == old != new == _rules(scene).version
    (view,) = mappings_of_version(old, _in_force(scene))
    assert view.content["sites"]["madrid"]["location"] == "MAD01" == scene.ras()["RA-r1"]["location"]
    listed = [(each.version, each.in_force) for each in list_mappings(_in_force(scene))]
    assert listed == [(new, True), (old, False)]


def test_one_in_force_is_told_before_its_first_use(scene: Scene) -> None:
    (view,) = list_mappings(_in_force(scene))

    assert (view.version, view.in_force, view.first_used_at) == (_rules(scene).version, True, None)
    assert mappings_of_version(view.version, _in_force(scene)) == [view]
    assert list_mappings(_in_force(scene), store="uk") == []
    with pytest.raises(NoSuchMapping, match="version 0123"):
        mappings_of_version("0123", _in_force(scene))


def test_a_memo_bears_the_mapping_that_fixed_its_amounts(scene: Scene) -> None:
    scene.configure(MEMOS_LATER)
    scene.ask("r1")
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.accept("r1")
    scene.work()
    before = scene.ledger()
    scene.configure(FREIGHT_BACK)
    scene.clock.move(900)
    scene.run_windows()
    after = scene.ledger()

    assert after["CM-r1-1"].state == "posted"
    assert after["CM-r1-1"].mapping_version == _rules(scene).version != before["CM-r1-1"].mapping_version
    # What was posted before stays under the mapping that made it.
    for key in ("RA-r1", "IJ-r1-1"):
        assert after[key].mapping_version == before[key].mapping_version


def test_what_is_not_sent_yet_bears_the_mapping_that_says_so_last(scene: Scene) -> None:
    scene.ask("r1")
    pks = take_in(scene.outside).returns
    validate(pks, scene.outside)
    scene.configure(FREIGHT_BACK)
    validate(pks, scene.outside)

    assert scene.ledger()["RA-r1"].mapping_version == _rules(scene).version
