"""The documentation as its tests read it: pages, their headings and links, and the commands that they tell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_SPAN = re.compile(r"`(?P<text>[^`]+)`")
_INDENTED = re.compile(r"^ {4}(?P<text>\S.*)$", re.MULTILINE)
_TOLD = re.compile(r"(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?(?P<command>(?:bridge|make) .+)")


def name_of(page: Path) -> str:
    """The page's path in the repository."""
    return page.relative_to(ROOT).as_posix()


def prose(page: Path) -> str:
    """The page without its blocks of code."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def links(page: Path) -> Iterator[str]:
    """The targets of the page's links."""
    for found in _LINK.finditer(_SPAN.sub("", prose(page))):
        yield found["target"]


def anchors(page: Path) -> set[str]:
    """The anchors of the page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def commands(page: Path) -> Iterator[list[str]]:
    """The `bridge` and `make` commands that the page tells, in words, without brackets around what is optional."""
    text = page.read_text(encoding="utf-8")
    told = [line.removeprefix("$ ") for block in _FENCE.finditer(text) for line in block["text"].splitlines()]
    told += [found["text"] for found in _INDENTED.finditer(prose(page))]
    told += [found["text"] for found in _SPAN.finditer(prose(page))]
    for line in told:
        found = _TOLD.fullmatch(line.strip())
        if found is not None:
            yield [word.strip("[]") for word in shlex.split(found["command"], comments=True)]
