"""A short chaos, as an operator runs it: real processes, every kind of fault that this machine can make."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.chaos.kinds import KINDS
from tests.support.command import run_bridge

pytestmark = [pytest.mark.faults, pytest.mark.e2e, pytest.mark.slow]


@pytest.mark.timeout(400)
def test_whatever_is_broken_the_books_are_right(tmp_path: Path) -> None:
    report = tmp_path / "chaos.json"
    words = ("--returns", 60, "--seed", 3, "--minutes", 1, "--report", report)
    done = run_bridge("chaos", *words, place=tmp_path, seconds=390)

    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(report.read_text())
    assert (told["missing"], told["doubled"], told["wrong"], told["without_end"]) == (0, 0, 0, [])
    assert told["reconciled"]["differ"] == []
    assert told["reconciled"]["compared"] == sum(told["documents"].values())
    assert told["chaos"]["kinds"] >= 15, told["chaos"]
    assert set(told["chaos"]["times"]) <= {kind.name for kind in KINDS}
    assert set(told["chaos"]["impossible"]) == {"rabbitmq_stopped"}
