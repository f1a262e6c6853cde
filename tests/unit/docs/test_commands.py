"""Every command that the documentation tells can be given: it is there, and it has the options that are told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import click
import pytest

from app.cli import main as bridge
from benchmarks.bench_receiver import main as bench
from tests.unit.docs.pages import PAGES, ROOT, commands, name_of

_TARGETS = dict(re.findall(r"^([a-z-]+):.*?## (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
_STARTED_BY = {"demo": ["demo"], "chaos": ["chaos"], "run": ["run"]}
"""Targets that hand ARGS to a command of the bridge."""


def unknown_words(command: click.Command, words: Sequence[str]) -> list[str]:
    """Words of a command line that are neither a command nor an option where they stand."""
    context = click.Context(command, info_name="")
    options = {option for parameter in command.get_params(context) for option in parameter.opts}
    options |= {option for parameter in command.params for option in parameter.secondary_opts} | {"-h", "--help"}
    for place, word in enumerate(words):
        if word.startswith("-") and word.partition("=")[0] not in options:
            return [word]
        if isinstance(command, click.Group) and not word.startswith("-"):
            below = command.get_command(context, word)
            return [word] if below is None else unknown_words(below, words[place + 1 :])
    return []


def problems(words: list[str]) -> list[str]:
    """What is wrong with a command of a page."""
    program, *rest = words
    if program == "bridge":
        return unknown_words(bridge, rest)
    wrong = [word for word in rest if "=" not in word and word not in _TARGETS]
    for target in rest:
        given = next((word.removeprefix("ARGS=").split() for word in rest if word.startswith("ARGS=")), [])
        if target in _STARTED_BY:
            wrong += unknown_words(bridge, [*_STARTED_BY[target], *given])
        if target == "bench":
            wrong += unknown_words(bench, given)
    return wrong


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_commands_of_a_page_exist(page: Path) -> None:
    assert {" ".join(words): problems(words) for words in commands(page) if problems(words)} == {}


def test_the_readme_tells_commands_of_both_kinds() -> None:
    told = list(commands(ROOT / "README.md"))
    assert ["make", "demo", "ARGS=--once --returns 200 --seed 7"] in told
    assert ["bridge", "exceptions", "list", "--team", "merchandising"] in told


@pytest.mark.parametrize(
    "line",
    [
        ["bridge", "excuses"],
        ["bridge", "exceptions", "forget"],
        ["bridge", "exceptions", "retry", "ID", "--because"],
        ["make", "tea"],
        ["make", "demo", "ARGS=--twice"],
        ["make", "bench", "ARGS=--quick"],
    ],
    ids=" ".join,
)
def test_what_is_not_there_is_found(line: list[str]) -> None:
    assert problems(line)
