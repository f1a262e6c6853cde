from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from app import cli
from app.system.datadir import DataDirectory


def test_every_command_that_is_shown_can_be_loaded() -> None:
    shown = cli.main.list_commands(click.Context(cli.main))

    assert {"run", "db"} <= set(shown)
    for name in shown:
        assert isinstance(cli.main.get_command(click.Context(cli.main), name), click.Command)


def test_every_command_module_is_in_the_table() -> None:
    modules = {path.stem for path in Path(import_module("app.commands").__path__[0]).glob("[a-z]*.py")}

    assert modules <= {place.partition(":")[0].rpartition(".")[2] for place in cli.COMMANDS.values()}


def test_a_command_without_a_module_is_neither_shown_nor_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cli.COMMANDS, "later", "app.commands.later:later")

    assert "later" not in cli.main.list_commands(click.Context(cli.main))
    assert "No such command 'later'" in CliRunner().invoke(cli.main, ["later"]).output


def test_a_command_is_loaded_only_when_it_is_used() -> None:
    heavy = ("app.commands", "flask", "celery", "sqlalchemy")
    code = f"import sys, app.cli; print([name for name in sys.modules if name.startswith({heavy!r})])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "[]"


def test_commands_reach_the_running_system_unless_the_environment_names_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = DataDirectory(tmp_path)
    running.hold()
    running.announce({"DATABASE_URL": "postgresql://running", "BROKER_URL": "redis://running"})
    monkeypatch.setattr(os, "environ", {"BRIDGE_DATA": str(tmp_path), "BROKER_URL": "redis://mine"})

    cli.reach_running_system()

    assert os.environ["DATABASE_URL"] == "postgresql://running"
    assert os.environ["BROKER_URL"] == "redis://mine"
    running.release()
