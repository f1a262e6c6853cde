"""Every exception code has its runbook, under its name, for its team, with a way out that can be typed."""

from __future__ import annotations

import re

import pytest

from app.domain.blockers import REMEDIES, Code
from tests.unit.docs.pages import ROOT, commands

RUNBOOKS = ROOT / "docs" / "runbooks"
PARTS = ["What it means", "What to look at", "What to do", "When to escalate", "Afterwards"]
LABEL = re.compile(r"\*\*([^*]+)\*\*")
BUTTONS = {
    label
    for template in (ROOT / "app/web/console/templates").rglob("*.html")
    for label in re.findall(r'<button[^>]*>\{\{ _\("([^"]+)"\) \}\}', template.read_text(encoding="utf-8"))
}
"""What the console's buttons are called."""
STEP = re.compile(r"^\d+\. (.+)$", re.MULTILINE)


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
def test_a_page_has_its_parts(code: Code) -> None:
    text = (RUNBOOKS / f"{code.value}.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == PARTS
    assert all(part.strip() for part in re.split(r"^## .+$", text, flags=re.MULTILINE))


@pytest.mark.parametrize("code", Code)
def test_every_step_names_something_that_can_be_done_here(code: Code) -> None:
    """A command, which `test_commands` holds against the command line as those of every page, or a button."""
    steps = STEP.findall((RUNBOOKS / f"{code.value}.md").read_text(encoding="utf-8"))
    assert steps
    assert [step for step in steps if "`bridge " not in step and not LABEL.search(step)] == []


@pytest.mark.parametrize("code", Code)
def test_every_button_that_a_page_names_is_in_the_console(code: Code) -> None:
    told = LABEL.findall((RUNBOOKS / f"{code.value}.md").read_text(encoding="utf-8").partition("## What to look at")[2])
    assert [label for label in told if label not in BUTTONS] == []


def test_buttons_are_found_in_the_templates() -> None:
    assert {"Sign out", "Save", "Receive"} <= BUTTONS


@pytest.mark.parametrize("code", Code)
def test_the_index_has_the_page(code: Code) -> None:
    team = REMEDIES[code].team.value + (", urgent" if REMEDIES[code].urgent else "")
    index = (RUNBOOKS / "README.md").read_text(encoding="utf-8")
    assert f"| [`{code.value}`]({code.value}.md) | {team} |" in index
