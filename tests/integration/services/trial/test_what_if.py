from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from app.config import load_mappings
from app.domain.policy import StoreRules
from app.domain.what_if import Change
from app.services.exceptions.remedies import map_sku
from app.services.trial.what_if import WhatIf, what_if
from tests.support.configuration import write_toml
from tests.support.scene import Scene, item
from tests.support.surroundings import merge
from tests.support.whole_database import whole_database


def other(scene: Scene, changes: Mapping[str, Any]) -> Mapping[str, StoreRules]:
    """The mappings of another file, which differs in this."""
    table = scene.config_path.with_name("other.toml")
    changed = {section: dict(entry) for section, entry in scene.table.items()}
    merge(changed, changes)
    return load_mappings(write_toml(changed, table)).stores


def ask(scene: Scene, changes: Mapping[str, Any], **period: Any) -> WhatIf:
    return what_if(other(scene, changes), scene.outside, stores=["es"], **period)


def told(result: WhatIf) -> list[tuple[str, str, str]]:
    return [(each.return_id, x.turn.value, x.name) for each in result.different for x in each.differences]


def a_day(scene: Scene) -> None:
    """A return that went all its way, and one that an unknown reason holds."""
    scene.ask("r1", item("0001", 2))
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.arrive("w2", {"0001": 1}, grade="C", return_id="r1")
    scene.accept("r1")
    scene.ask("r2", item("0002", return_reason="boredom"))
    scene.work()
    assert set(scene.memos()) == {"CM-r1-1"}


def test_what_is_posted_counts_as_not_posted_and_other_places_are_told(scene: Scene) -> None:
    a_day(scene)
    result = ask(scene, {"stores": {"es": {"grades": {"C": {"location": "MADB"}}}}})

    assert (result.looked_at, len(result.different)) == (2, 1)
    (journal, exception) = result.different[0].differences
    assert (journal.name, journal.changes) == ("IJ-r1-2", (Change("places", "1 MADQ", "1 MADB"),))
    assert (exception.what, exception.turn) == ("unmapped_grade", "disappears")
    assert (result.before.places, result.after.places) == ({"MAD01": 1, "MADQ": 1}, {"MAD01": 1, "MADB": 1})
    assert result.before.money == result.after.money == {("credit_memo", "EUR"): Decimal("21.78")}


def test_a_reason_that_is_mapped_brings_documents_and_ends_an_exception(scene: Scene) -> None:
    a_day(scene)
    result = ask(scene, {"stores": {"es": {"reasons": {"boredom": "SZ"}}}})

    assert told(result)[0] == ("r2", "appears", "RA-r2")
    assert (result.before.documents["return_authorisation"], result.after.documents["return_authorisation"]) == (1, 2)
    assert (result.before.exceptions["unmapped_reason"], result.after.exceptions["unmapped_reason"]) == (1, 0)


def test_the_same_mapping_makes_no_difference(scene: Scene) -> None:
    a_day(scene)
    result = ask(scene, {})

    assert (result.looked_at, result.different, result.stores[0].in_force) == (2, [], result.stores[0].other)


def test_only_returns_of_the_period_are_looked_at(scene: Scene) -> None:
    a_day(scene)
    now = scene.clock.now()

    assert ask(scene, {}, since=now + timedelta(hours=1)).looked_at == 0
    assert ask(scene, {}, until=now - timedelta(hours=1)).looked_at == 0
    assert ask(scene, {}, since=now - timedelta(hours=1), until=now + timedelta(hours=1)).looked_at == 2


def test_nothing_is_posted_and_nothing_stored(scene: Scene) -> None:
    a_day(scene)
    database, books = whole_database(), scene.books()

    result = ask(scene, {"stores": {"es": {"reasons": {"boredom": "SZ"}}}, "sites": {"madrid": {"location": "MAD02"}}})

    assert len(result.different) == 2
    assert whole_database() == database
    assert Counter(scene.books()["calls"]) == Counter(books["calls"])


def test_a_sku_that_was_mapped_in_the_queue_is_used(scene: Scene) -> None:
    scene.ask("r0", item("0001"))
    scene.ask("r1", item("shop-1"))
    scene.work()
    assert ask(scene, {}).before.exceptions == {"unknown_sku": 1}
    map_sku("es", "shop-1", "0001", "ana")

    result = ask(scene, {"sites": {"madrid": {"location": "MAD02"}}})
    assert (result.before.exceptions, told(result)) == (
        {},
        [("r0", "changes", "RA-r0"), ("r1", "changes", "RA-r1")],
    )


def test_where_the_status_is_the_receipt_it_is_counted_anew(scene: Scene) -> None:
    scene.configure({"stores": {"es": {"warehouse_feed": False, "grades": {"accepted": {}}}}})
    scene.ask("r1")
    scene.accept("r1")
    scene.work()
    result = ask(scene, {"stores": {"es": {"item_statuses": {"accepted": "rejected"}}}})

    assert ("r1", "disappears", "CM-r1-1") in told(result)
    assert (result.before.places, result.after.places) == ({"MAD01": 1}, {"MADR": 1})


def test_a_store_that_the_other_file_has_not_is_left_out_and_said(scene: Scene) -> None:
    a_day(scene)
    result = what_if({}, scene.outside, stores=["es"])

    assert (result.left_out, result.looked_at) == (["es"], 0)
