"""``bridge demo`` as a visitor runs it."""

from __future__ import annotations

import json
from pathlib import Path

import psutil
import pytest

from tests.support.command import run_bridge

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.mark.timeout(260)
def test_a_small_day_ends_with_the_books_right(tmp_path: Path) -> None:
    report = tmp_path / "out.json"
    words = ("--once", "--returns", 60, "--seed", 3, "--report", report)
    done = run_bridge("demo", *words, place=tmp_path, seconds=240)

    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(report.read_text())
    assert (told["missing"], told["doubled"], told["wrong"]) == (0, 0, 0)
    assert told["returns"] == 60
    assert told["seconds"] > 0
    assert told["documents"]["return_authorisation"] > 0
    assert told["documents"]["credit_memo"] > 0
    assert told["exceptions"]
    assert _left_over(tmp_path) == []


def _left_over(directory: Path) -> list[str]:
    """Processes that work in the demo's directory still."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(directory) in " ".join(process.cmdline()):
                found.append(process.name())
        except psutil.Error:
            continue
    return found
