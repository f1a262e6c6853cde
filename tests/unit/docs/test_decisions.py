"""Decisions are short, numbered without gaps, and say what a decision must say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.docs.pages import ROOT

ADRS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))


@pytest.mark.parametrize("page", ADRS, ids=lambda page: page.stem)
def test_a_decision_has_its_parts_on_forty_lines(page: Path) -> None:
    lines = page.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 40
    parts = [line.removeprefix("## ") for line in lines if line.startswith("## ")]
    assert parts == ["Context", "Decision", "Consequences", "Alternatives"]


def test_decisions_are_numbered_and_listed() -> None:
    index = (ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8")
    for number, page in enumerate(ADRS, start=1):
        assert page.name.startswith(f"{number:04d}-")
        title = page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
        assert title.startswith(f"{number:04d} · ")
        assert f"- [{title}]({page.name})" in index
