"""``bridge demo`` as a visitor runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

_REPLACED = {"DATABASE_URL", "BROKER_URL", "BRIDGE_API_TOKENS", "FLOWER_BASIC_AUTH", "BRIDGE_CONFIG"}


@pytest.mark.timeout(260)
def test_a_small_day_ends_with_the_books_right(tmp_path: Path) -> None:
    report = tmp_path / "out.json"
    environment = {name: value for name, value in os.environ.items() if name not in _REPLACED}
    done = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("bridge")), "demo", "--once", "--returns", "60", "--seed", "3"),
            *("--report", str(report)),
        ],
        env={**environment, "BRIDGE_DATA": str(tmp_path / "data")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

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
