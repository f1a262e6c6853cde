from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.domain.blockers import Code
from app.services.exceptions.mapping_remedies import map_code, may_mean_credit
from app.services.exceptions.remedies import NotPossible
from app.services.mapping_edits import current, differences, forget, list_edits, newest_overlay
from tests.support.scene import Scene, item


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """No edit of another test is known."""
    forget()
    yield
    forget()


def _map(scene: Scene, code: Code, cause: str, value: str) -> None:
    """Somebody maps a code, and the bridge goes on with the mapping that is in force then."""
    file = scene.outside.config
    map_code(file, code, cause, value, "ana", scene.clock.now())
    scene.outside = replace(scene.outside, config=current(file))
    scene.later(5)


def test_a_reason_is_mapped_for_every_return_that_waits_for_it(scene: Scene) -> None:
    for n in (1, 2):
        scene.ask(f"r{n}", item("0001", return_reason="dog_ate_it"))
    scene.work()
    assert scene.codes() == ["unmapped_reason", "unmapped_reason"]

    _map(scene, Code.UNMAPPED_REASON, "es:dog_ate_it", "DF")

    assert scene.codes() == []
    assert scene.states() == {"RA-r1": "posted", "RA-r2": "posted"}
    (edit,) = list_edits().rows
    assert (edit.by, edit.note) == ("ana", "unmapped_reason dog_ate_it")


def test_a_destination_is_given_to_a_site_beside_those_that_it_has(scene: Scene) -> None:
    scene.ask("r1", shipping={"carrier": "seur", "tracking_number": "T", "destination": {"location_id": "loc-new"}})
    scene.work()
    (exception,) = scene.exceptions()
    assert exception.code == "unmapped_site"

    _map(scene, Code.UNMAPPED_SITE, exception.cause, "madrid")

    assert scene.codes() == []
    sites = scene.outside.config.stores["es"].rules.sites
    assert set(sites["madrid"].reveni_location_ids) == {"loc-madrid", "loc-new"}


def test_a_grade_gets_a_place_and_a_status_a_meaning(scene: Scene) -> None:
    _map(scene, Code.UNMAPPED_GRADE, "es:Z", "MADB")
    _map(scene, Code.UNKNOWN_STATUS, "es:on_the_moon", "shipped")

    rules = scene.outside.config.stores["es"].rules
    assert rules.grades["Z"].location == "MADB"
    assert rules.phase_of("on_the_moon") == "shipped"


def test_a_status_of_an_item_is_mapped_as_one(scene: Scene) -> None:
    scene.ask("r1", {**item(), "status": "looked_at"})
    scene.work()
    (exception,) = scene.exceptions()
    assert exception.code == "unknown_status"

    _map(scene, Code.UNKNOWN_STATUS, exception.cause, "pending")

    assert scene.codes() == []
    assert scene.outside.config.stores["es"].rules.item_status_of("looked_at") == "pending"


@pytest.mark.parametrize("judge", ["reveni", "warehouse"])
@pytest.mark.parametrize(
    ("code", "cause", "value"),
    [
        (Code.UNMAPPED_REASON, "es:x", "DF"),
        (Code.UNMAPPED_SITE, "es:loc-new", "madrid"),
        (Code.UNMAPPED_GRADE, "es:Z", "MADB"),
        (Code.UNKNOWN_STATUS, "es:x", "shipped"),
        (Code.UNKNOWN_STATUS, "es:item:x", "accepted"),
    ],
)
def test_it_is_known_before_whether_a_second_person_is_asked(
    scene: Scene, judge: str, code: Code, cause: str, value: str
) -> None:
    scene.configure({"stores": {"es": {"judge": judge}}})
    file = scene.outside.config
    before = may_mean_credit(file, code, cause)

    map_code(file, code, cause, value, "ana", scene.clock.now())

    assert any(each.money for each in differences(file, {}, newest_overlay()[1])) == before


@pytest.mark.parametrize(
    ("code", "cause", "value", "why"),
    [
        (Code.UNMAPPED_REASON, "es:x", "", "reasons"),
        (Code.UNKNOWN_STATUS, "es:x", "nonsense", "statuses"),
        (Code.UNMAPPED_SITE, "es:x", "paris", "no site paris"),
        (Code.UNMAPPED_SITE, "es:madrid", "madrid", "the file's alone"),
        (Code.UNMAPPED_GRADE, "es:ungraded", "MADB", "without a grade"),
        (Code.UNMAPPED_REASON, "fr:x", "DF", "no store fr"),
        (Code.REFUSED, "es:x", "DF", "no code of the mapping"),
    ],
)
def test_what_cannot_be_mapped_is_explained_and_changes_nothing(
    scene: Scene, code: Code, cause: str, value: str, why: str
) -> None:
    with pytest.raises(NotPossible, match=why):
        map_code(scene.outside.config, code, cause, value, "ana", scene.clock.now())

    assert list_edits().rows == ()
