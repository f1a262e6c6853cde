"""Every test that the page of promises names exists and is collected, and every promise names one."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.unit.docs.pages import ROOT

PAGE = ROOT / "docs" / "promises.md"
TEST = re.compile(r"`(tests/[\w/]+\.py)::([\w:]+)`")


def _rows() -> list[str]:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith("| ") and not line.startswith(("| promise", "|---"))]


def test_every_promise_names_a_test() -> None:
    assert len(_rows()) > 30
    assert [row for row in _rows() if not TEST.search(row.split(" | ")[-1])] == []


def test_every_named_test_is_collected() -> None:
    named = {(file, name) for row in _rows() for file, name in TEST.findall(row)}
    assert [file for file, _ in named if not (ROOT / file).is_file()] == []
    words = [
        "-m",
        "pytest",
        "--collect-only",
        "-q",
        "-n",
        "0",
        "-p",
        "no:cacheprovider",
        *sorted({f for f, _ in named}),
    ]
    told = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert told.returncode == 0, told.stdout[-2000:] + told.stderr[-2000:]
    collected = {line.partition("[")[0] for line in told.stdout.splitlines() if "::" in line}

    assert sorted(f"{file}::{name}" for file, name in named if f"{file}::{name}" not in collected) == []
