"""Every exception code has its runbook, under its name, for its team, with a way out that can be typed."""

from __future__ import annotations

import pytest

from app.domain.blockers import REMEDIES, Code
from tests.unit.docs.pages import ROOT, commands

RUNBOOKS = ROOT / "docs" / "runbooks"


def test_there_is_a_page_for_each_code_and_for_nothing_else() -> None:
    assert {page.stem for page in RUNBOOKS.glob("*.md")} == {code.value for code in Code} | {"README"}


@pytest.mark.parametrize("code", Code)
def test_a_page_names_code_and_team(code: Code) -> None:
    remedy = REMEDIES[code]
    lines = (RUNBOOKS / f"{code.value}.md").read_text(encoding="utf-8").splitlines()
    assert lines[0] == f"# `{code.value}`"
    assert lines[2] == f"Team: {remedy.team.value}" + (" · **urgent**" if remedy.urgent else "")


@pytest.mark.parametrize("code", Code)
def test_a_page_tells_how_to_see_and_to_mend_it(code: Code) -> None:
    told = list(commands(RUNBOOKS / f"{code.value}.md"))
    assert ["bridge", "exceptions", "list", "--code", code.value] in told
    assert {words[2] for words in told if words[:2] == ["bridge", "exceptions"]} & {"retry", "resolve", "map-sku"}


@pytest.mark.parametrize("code", Code)
def test_the_index_has_the_page(code: Code) -> None:
    team = REMEDIES[code].team.value + (", urgent" if REMEDIES[code].urgent else "")
    index = (RUNBOOKS / "README.md").read_text(encoding="utf-8")
    assert f"| [`{code.value}`]({code.value}.md) | {team} |" in index
