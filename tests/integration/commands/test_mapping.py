from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from app.config import load_mappings
from app.config.mapping import mapping_of
from app.db.engine import transaction
from app.db.tables.mapping import MappingRow
from tests.support.configuration import ENVIRON, smallest, write_toml
from tests.support.rows import NOON, a_return, return_row, saved

Bridge = Callable[..., Result]


def _table() -> dict[str, Any]:
    table = smallest()
    table["stores"]["es"] |= {"grades": {"A": {}, "B": {"location": "MADB"}, "rejected": {"location": "MADR"}}}
    table["sites"]["madrid"] |= {"grades": {"B": {"location": "OUTLET", "lot": "7"}}, "reveni_location_ids": ["m"]}
    return table


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The mapping in force; no secret of it is in the environment."""
    path = write_toml(_table(), tmp_path / "bridge.toml")
    monkeypatch.setenv("BRIDGE_CONFIG", str(path))
    for name in ENVIRON:
        monkeypatch.delenv(name, raising=False)
    return path


@pytest.fixture
def secrets(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The secrets are in the environment after all."""
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)


def _other(tmp_path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    table = _table()
    change(table)
    return write_toml(table, tmp_path / "other.toml")


def test_check_warns_of_codes_that_came_and_are_not_mapped(bridge: Bridge, file: Path) -> None:
    row = return_row()
    row.data = {**row.data, "items": [{**row.data["items"][0], "reason": "too big"}]}
    saved(row)

    answer = bridge("mapping", "check", file)

    assert answer.exit_code == 0, answer.output
    assert "stores.es.reasons.\"too big\": reason 'too big' came in 1 return and is not mapped." in answer.output
    assert "stores.es.default_site: no destination came in 1 return" in answer.output
    assert f"version {load_mappings(file).version}" in answer.output


def test_check_tells_what_is_wrong_with_a_file(bridge: Bridge, file: Path, tmp_path: Path) -> None:
    bad = _other(tmp_path, lambda table: table["stores"]["es"].update(judge="nobody"))
    answer = bridge("mapping", "check", bad)

    assert answer.exit_code == 1
    assert "stores.es.judge: is 'nobody'" in answer.output
    assert "1 problem to mend" in answer.output


def test_check_goes_without_a_database(bridge: Bridge, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")
    answer = bridge("mapping", "check")

    assert answer.exit_code == 0
    assert "Codes that came in are not compared. No running system was found" in answer.output


def test_show_tells_where_goods_of_each_grade_go(bridge: Bridge, file: Path) -> None:
    shown = bridge("mapping", "show").output
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in shown.splitlines() if "│" in line]

    assert shown.startswith("Store es: version ")
    assert ["A", "yes", "", "MAD01"] in rows
    assert ["B", "yes", "", "OUTLET lot 7"] in rows
    assert ["rejected", "no", "defect", "MADR"] in rows
    assert ["(any other)", "no judgement", "", "MADQ"] in rows
    assert ["too_small", "SZ"] in rows
    assert ["credit_memo", "at 20:00"] in rows
    assert ["not_received_days", "30"] in rows
    assert not any(word in shown for word in ("4711", "BC_KEY", "WMS_MADRID"))


def test_show_explains_an_old_version(bridge: Bridge, file: Path) -> None:
    rules = load_mappings(file).stores["es"]
    old = mapping_of(rules) | {"reasons": {"gone": "GN"}}
    with transaction() as session:
        session.add(MappingRow(store="es", version="0123456789ab", content=old, first_used_at=NOON))

    shown = bridge("mapping", "show", "--version", "0123456789ab").output
    assert shown.startswith("Store es: version 0123456789ab, first used 2026-11-20 12:00\n")
    assert "GN" in shown
    answer = json.loads(bridge("mapping", "show", "--version", "0123456789ab", "--json").output)
    assert answer == {"store": "es", "version": "0123456789ab", "mapping": old}
    assert bridge("mapping", "show", "--version", "nothing").exit_code == 1
    assert "known are es" in bridge("mapping", "show", "--store", "fr").output


def test_show_says_so_of_one_that_another_release_wrote(bridge: Bridge, file: Path) -> None:
    with transaction() as session:
        session.add(MappingRow(store="es", version="0123456789ab", content={"gone": 1}, first_used_at=NOON))

    assert "use --json" in bridge("mapping", "show", "--version", "0123456789ab").output
    assert '"gone": 1' in bridge("mapping", "show", "--version", "0123456789ab", "--json").output


def test_diff_names_keys_as_the_file_does(bridge: Bridge, file: Path, tmp_path: Path) -> None:
    def change(table: dict[str, Any]) -> None:
        table["stores"]["es"]["reasons"] = {"too big": "SZ"}
        table["stores"]["es"]["policy"] = {"freight": "all_back"}
        table["stores"]["es"]["posting"] = {"credit_memo": "at_once"}
        table["sites"]["madrid"]["location"] = "MAD02"

    assert bridge("mapping", "diff", _other(tmp_path, change)).output.splitlines() == [
        '~ sites.madrid.location: "MAD01" → "MAD02"',
        '~ stores.es.policy.freight: "never" → "all_back"',
        '~ stores.es.posting.credit_memo: ["20:00"] → "at_once"',
        '+ stores.es.reasons."too big" = "SZ"',
        '- stores.es.reasons.too_small = "SZ"',
        "5 keys differ.",
    ]
    assert bridge("mapping", "diff", file).output == "The mappings are the same.\n"


@pytest.mark.usefixtures("secrets")
def test_what_if_tells_returns_and_writes_both_files(bridge: Bridge, file: Path, tmp_path: Path) -> None:
    saved(return_row(data={**return_row().data, "location_id": "mars"}))
    other = _other(tmp_path, lambda table: table["sites"]["madrid"].update(reveni_location_ids=["mars"]))
    report, lines = tmp_path / "report.json", tmp_path / "lines.csv"

    answer = bridge("mapping", "what-if", other, "--report", report, "--csv", lines, "--since", "2026-11-01")

    assert answer.exit_code == 0, answer.output
    assert "1 returns looked at, 1 would have been different." in answer.output
    assert "unmapped_site" in answer.output
    told = json.loads(report.read_text())
    assert (told["looked_at"], told["in_force"]["exceptions"]["unmapped_site"]) == (1, 1)
    assert "unmapped_site" not in told["other"]["exceptions"]
    with lines.open(newline="") as opened:
        (row,) = list(csv.DictReader(opened))
    assert (row["return"], row["turn"], row["what"]) == (a_return().id, "disappears", "unmapped_site")


@pytest.mark.usefixtures("secrets")
def test_no_cell_of_its_file_is_a_formula(bridge: Bridge, file: Path, tmp_path: Path) -> None:
    saved(return_row("=1+1", data={**return_row("=1+1").data, "location_id": "mars"}))
    other = _other(tmp_path, lambda table: table["sites"]["madrid"].update(reveni_location_ids=["mars"]))
    lines = tmp_path / "lines.csv"
    assert bridge("mapping", "what-if", other, "--csv", lines, "--since", "2026-11-01").exit_code == 0
    with lines.open(newline="") as opened:
        (row,) = list(csv.DictReader(opened))

    assert row["return"] == "'=1+1"


@pytest.mark.usefixtures("secrets")
def test_what_if_says_what_it_cannot_do(bridge: Bridge, file: Path, tmp_path: Path) -> None:
    assert "known are es" in bridge("mapping", "what-if", file, "--store", "fr").output
    assert "has no zone" in bridge("mapping", "what-if", file, "--since", "2026-11-01T08:00").output
    assert "is no time" in bridge("mapping", "what-if", file, "--until", "yesterday").output
    nowhere = tmp_path / "no" / "report.json"
    assert "cannot be written" in bridge("mapping", "what-if", file, "--report", nowhere).output
