from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from app.commands.check import check
from tests.support.configuration import ENVIRON, smallest, write_toml


@pytest.fixture
def runner() -> CliRunner:
    return CliRunner(env=dict(ENVIRON))


def test_a_configuration_that_can_be_used(runner: CliRunner, tmp_path: Path) -> None:
    path = write_toml(smallest(), tmp_path / "ours.toml")
    result = runner.invoke(check, ["--config", str(path)])

    assert result.exit_code == 0
    assert "store es → BlueCherry main: judge reveni, warehouse feed" in result.output
    assert "ours.toml can be used (version " in result.output
    assert "4711" not in result.output
    assert "SHADOW" not in result.output


def test_a_store_in_shadow_is_told_plainly(runner: CliRunner, tmp_path: Path) -> None:
    table = smallest()
    table["stores"]["es"]["shadow"] = True
    result = runner.invoke(check, ["--config", str(write_toml(table, tmp_path / "bridge.toml"))])

    assert result.exit_code == 0
    assert "store es is in SHADOW: returns that are new to the bridge are posted nowhere, ever" in result.output


def test_how_goods_are_received_at_each_site(runner: CliRunner, tmp_path: Path) -> None:
    table = smallest()
    table["sites"]["silent"] = {"location": "S", "quarantine": "Q"}
    table["sites"]["idle"] = {"location": "I", "quarantine": "Q"}
    table["stores"]["es"]["sites"] = ["madrid", "silent"]
    told = runner.invoke(check, ["--config", str(write_toml(table, tmp_path / "bridge.toml"))]).output

    assert "quarantine MADQ: signed feed" in told
    assert "site silent → S, quarantine Q: receiving station" in told
    assert "site idle → I, quarantine Q: no feed" in told


def test_warnings_do_not_fail(runner: CliRunner, tmp_path: Path) -> None:
    table = smallest()
    table["stores"]["es"]["grades"]["rejected"] = {}
    result = runner.invoke(check, env={"BRIDGE_CONFIG": str(write_toml(table, tmp_path / "bridge.toml"))})

    assert result.exit_code == 0
    assert "! " in result.output
    assert "stores.es.grades.rejected: has no place of its own" in result.output


def test_every_problem_is_told(runner: CliRunner, tmp_path: Path) -> None:
    table = smallest()
    table["stores"]["es"]["time_zone"] = "Mars"
    table["sites"]["madrid"]["quarantine"] = "MAD01"
    path = write_toml(table, tmp_path / "bridge.toml")
    result = runner.invoke(check, ["--config", str(path)])

    assert result.exit_code == 1
    assert f"✗ {path}: stores.es.time_zone: is 'Mars'. Write an IANA time zone" in result.output
    assert f"✗ {path}: sites.madrid.quarantine: " in result.output
    assert "2 problems to mend." in result.output


def test_a_file_that_is_not_there(runner: CliRunner, tmp_path: Path) -> None:
    result = runner.invoke(check, ["--config", str(tmp_path / "none.toml")])

    assert result.exit_code == 1
    assert "none.toml: cannot be read (No such file or directory)" in result.output
