from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.config import Config
from app.config.overlay import OverlayError
from app.db.engine import transaction
from app.db.tables.returns import ReturnRow
from app.domain.blockers import Code
from app.services import mapping_edits, outside
from app.services.mapping_edits import (
    Changed,
    Overtaken,
    current,
    current_rules,
    differences,
    in_force,
    list_edits,
    newest_overlay,
    overlay_of,
    save,
)
from app.toml_schema import Table
from tests.support.configuration import ENVIRON, load, smallest, write_toml
from tests.support.rows import NOON, exception_row, return_row, saved
from tests.support.scene import Scene, item

pytestmark = pytest.mark.usefixtures("books", "_nothing_known")
EDIT: Table = {"stores": {"es": {"reasons": {"dog_ate_it": "OT"}}}}


@pytest.fixture
def _nothing_known() -> Iterator[None]:
    """No edit of an earlier test is remembered."""
    mapping_edits.forget()
    yield
    mapping_edits.forget()


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return load(smallest(), tmp_path)


def test_without_an_edit_the_file_is_in_force(config: Config) -> None:
    assert current(config) is config
    assert newest_overlay() == (0, {})


def test_the_newest_edit_is_in_force_at_once(config: Config) -> None:
    number = save(config, EDIT, 0, "Ana López", NOON, "agreed with the warehouse")

    assert current(config).stores["es"].rules.reasons["dog_ate_it"] == "OT"
    assert current(config) is current(config)
    rules = current_rules({"es": config.stores["es"].rules})
    assert rules["es"].version == current(config).stores["es"].rules.version
    (edit,) = list_edits().rows
    assert (edit.id, edit.by, edit.note) == (number, "Ana López", "agreed with the warehouse")


def test_every_process_has_it_by_its_world(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_CONFIG", str(write_toml(smallest(), tmp_path / "bridge.toml")))
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    before = outside.outside()
    save(config, EDIT, 0, "Ana López", NOON)

    after = outside.outside()
    assert after.store("es").rules.reasons["dog_ate_it"] == "OT"
    assert after.bluecherry is before.bluecherry


def test_what_cannot_be_used_is_not_saved(config: Config) -> None:
    with pytest.raises(OverlayError):
        save(config, {"stores": {"es": {"grades": {"rejected": None}}}}, 0, "Ana López", NOON)
    assert newest_overlay() == (0, {})


def test_nobody_overwrites_what_they_have_not_seen(config: Config) -> None:
    save(config, EDIT, 0, "Ana López", NOON)
    with pytest.raises(Overtaken):
        save(config, {}, 0, "Ben", NOON)


def test_an_earlier_edit_is_put_into_force_again_and_all_are_kept(config: Config) -> None:
    first = save(config, EDIT, 0, "Ana López", NOON)
    second = save(config, {}, first, "Ben", NOON)
    third = save(config, overlay_of(first), second, "Ana López", NOON, reverts=first)

    assert newest_overlay() == (third, EDIT)
    assert [(edit.id, edit.reverts) for edit in list_edits().rows] == [(third, first), (second, None), (first, None)]
    fourth = save(config, overlay_of(0), third, "Ben", NOON)
    assert newest_overlay() == (fourth, {})
    with pytest.raises(LookupError):
        overlay_of(999)


def test_the_difference_is_told_key_by_key(config: Config) -> None:
    found = differences(config, {}, {"stores": {"es": {"reasons": {"too_small": "XS", "dog_ate_it": "OT"}}}})
    assert found == [
        Changed("stores.es.reasons.dog_ate_it", None, '"OT"'),
        Changed("stores.es.reasons.too_small", '"SZ"', '"XS"'),
    ]


def test_what_changes_money_is_told_beside_its_key(config: Config) -> None:
    edit: Table = {"stores": {"es": {"reasons": {"dog_ate_it": "OT"}, "policy": {"freight": "all_back"}}}}

    assert differences(config, {}, edit) == [
        Changed("stores.es.policy.freight", '"never"', '"all_back"', money=True),
        Changed("stores.es.reasons.dog_ate_it", None, '"OT"'),
    ]


def test_returns_that_waited_for_it_are_set_going(config: Config) -> None:
    waiting, other = (saved(return_row(name)) for name in ("r1", "r2"))
    saved(exception_row(Code.UNMAPPED_REASON, "es:dog_ate_it", return_pk=waiting))
    saved(exception_row(return_pk=other))

    save(config, EDIT, 0, "Ana López", NOON)

    with transaction() as session:
        assert session.get_one(ReturnRow, waiting).wake_at == NOON + timedelta(seconds=3)
        assert session.get_one(ReturnRow, other).wake_at is None


def test_an_edit_that_the_file_has_outgrown_is_left_out(config: Config, tmp_path: Path) -> None:
    table = smallest()
    table["sites"]["silent"] = {"location": "SIL01", "quarantine": "SILQ"}
    table["stores"]["es"]["sites"] = ["madrid", "silent"]
    richer = load(table, tmp_path)
    save(richer, {"stores": {"es": {"default_site": "silent"}}}, 0, "Ana López", NOON)

    assert current(richer).stores["es"].rules.default_site == "silent"
    assert current(config) is config
    assert in_force(richer)[1] != {}
    assert in_force(config) == (newest_overlay()[0], {})


@pytest.mark.parametrize("statement", ["update mapping_edits set by = 'x'", "delete from mapping_edits"])
def test_no_edit_is_ever_changed(config: Config, statement: str) -> None:
    save(config, EDIT, 0, "Ana López", NOON)
    with pytest.raises(IntegrityError), transaction() as session:
        session.execute(text(statement))


def test_a_return_that_waited_for_its_reason_goes_through(scene: Scene) -> None:
    scene.ask("r1", {**item(), "return_reason": "dog_ate_it"})
    scene.work()
    assert scene.codes() == ["unmapped_reason"]

    edit: Table = {"stores": {"es": {"reasons": {"dog_ate_it": "SZ"}}}}
    save(scene.config(), edit, 0, "Ana López", scene.clock.now())
    scene.outside = replace(scene.outside, config=current(scene.config()))
    scene.later(4)

    assert scene.codes() == []
    assert len(scene.ras()) == 1
