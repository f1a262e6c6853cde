"""The handbook inside the bridge: a runbook per exception code, and the operating model, as HTML that is safe to show.

The pages are the repository's own, `docs/runbooks/*.md` and `docs/operating-model.md`, and under `docs/<language>` the
same in another language; a wheel carries them in `app/handbook`. Each is read once by a process.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from app.domain.blockers import Code

OPERATING_MODEL = "operating-model"
LANGUAGES = ("en", "es")
"""The languages of the handbook. The first is that of the original."""


class NoSuchPage(LookupError):
    """The handbook has no such page. Each exception code has one in each language, and `operating-model` is one."""


@dataclass(frozen=True, slots=True)
class HandbookPage:
    """A page as HTML, without its heading. `title`: plain text."""

    name: str
    title: str
    html: str


def page(name: str, language: str, address: Callable[[str], str]) -> HandbookPage:
    """A page of the handbook in a language; `address` gives where another page of it is shown.

    Links to pages that are not in the handbook are shown as text. Raw HTML is shown, not run. Raises NoSuchPage.
    """
    tokens = _parser().parse(source(name, language))
    title, body = _without_heading(tokens)
    for place, token in enumerate(body):
        if token.children is not None:
            if body[place - 1].type == "heading_open":
                body[place - 1].attrSet("id", _anchor(token.content))
            token.children = _linked(token.children, address)
    html = _parser().renderer.render(body, _parser().options, {})
    return HandbookPage(name, title, html)


@cache
def anchor(name: str, heading: str, language: str) -> str:
    """What leads to a heading of a page in a language. `heading`: its anchor in the original, which has it there too.

    Raises NoSuchPage, and ValueError for a heading that the original does not have.
    """
    return _anchors(name, language)[_anchors(name, LANGUAGES[0]).index(heading)]


def _anchors(name: str, language: str) -> list[str]:
    tokens = _parser().parse(source(name, language))
    return [_anchor(tokens[place + 1].content) for place, token in enumerate(tokens) if token.type == "heading_open"]


@cache
def source(name: str, language: str) -> str:
    """The Markdown of a page in a language. Raises NoSuchPage."""
    if (name != OPERATING_MODEL and name not in list(Code)) or language not in LANGUAGES:
        raise NoSuchPage(f"the handbook has no page {name!r} in {language!r}")
    place = _place() if language == LANGUAGES[0] else _place() / language
    found = place / f"{name}.md" if name == OPERATING_MODEL else place / "runbooks" / f"{name}.md"
    return found.read_text(encoding="utf-8")


def _place() -> Traversable:
    packaged = files("app") / "handbook"
    return packaged if packaged.is_dir() else Path(str(files("app"))).parent / "docs"


@cache
def _parser() -> MarkdownIt:
    # Not even our own pages may bring HTML along: what is shown beside a customer's return stays text.
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def _without_heading(tokens: list[Token]) -> tuple[str, list[Token]]:
    heading = next(place for place, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h1")
    title = "".join(child.content for child in tokens[heading + 1].children or [])
    return title, tokens[:heading] + tokens[heading + 3 :]


def _anchor(heading: str) -> str:
    """What a link to a heading names it by, as in the repository."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def _linked(children: list[Token], address: Callable[[str], str]) -> list[Token]:
    """The tokens of a line, with links into the handbook led to its pages and links out of it taken away."""
    kept: list[Token] = []
    open_links: list[bool] = []
    for token in children:
        if token.type == "link_open":
            target = _target(str(token.attrs["href"]), address)
            open_links.append(target is not None)
            if target is None:
                continue
            token.attrs["href"] = target
        elif token.type == "link_close" and not open_links.pop():
            continue
        kept.append(token)
    return kept


def _target(href: str, address: Callable[[str], str]) -> str | None:
    if href.startswith("https://"):
        return href
    path, mark, anchor = href.partition("#")
    if not path:
        return href
    name = path.rpartition("/")[2].removesuffix(".md")
    if name != OPERATING_MODEL and name not in list(Code):
        return None
    return address(name) + mark + anchor
