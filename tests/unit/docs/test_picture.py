"""The README's picture of the way of a return: every task is in it, under its own name, and the table says where."""

from __future__ import annotations

import re

import pytest

from tasks.celery import app
from tests.unit.docs.pages import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
PICTURE = README.partition("## Architecture")[2].partition("```text")[2].partition("```")[0]
_ROW = re.compile(r"^\| (?P<names>.+?) \| (?P<task>.+?) \| (?P<service>.+?) \|", re.MULTILINE)
TABLE = [
    (row["names"], row["task"])
    for row in _ROW.finditer(README.partition("| in the picture |")[2].partition("\n\n")[0])
    if row["names"] != "---"
]
UNSEEN = {
    *("send_alerts", "send_urgent_alerts", "set_aside"),
    *("refresh_items", "refresh_figures", "carry_bulk_jobs", "make_reports"),
}
"""Tasks of the upkeep that no return passes through."""


def tasks() -> dict[str, str]:
    """The app's tasks: module by name."""
    app.loader.import_default_modules()
    own = [name for name in app.tasks if name.startswith("tasks.")]
    return {name.rpartition(".")[2]: name.rpartition(".")[0] for name in own}


def test_every_task_of_the_way_is_in_the_picture() -> None:
    assert [name for name in tasks() if name not in UNSEEN and name not in PICTURE] == []


def test_the_table_names_the_module_of_every_task_in_the_picture() -> None:
    wrong = []
    for name, module in tasks().items():
        place = f"({module.replace('.', '/')}.py)"
        rows = [row for row in TABLE if f"`{name}`" in row[0] + row[1]]
        if name not in ("refresh_items", "refresh_figures", "make_reports") and not any(
            place in row[1] for row in rows
        ):
            wrong.append(name)
    assert wrong == []


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row[0])
def test_what_the_table_names_is_in_the_picture(row: tuple[str, str]) -> None:
    names = re.findall(r"`(\w+)`", row[0]) or [row[0]]
    assert [name for name in names if name not in PICTURE] == []
