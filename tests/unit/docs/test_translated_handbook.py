"""The handbook says the same in every language: the same pages, parts, steps, commands and links, and real buttons."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from app.domain.blockers import REMEDIES, Code
from app.services.views.handbook import LANGUAGES, OPERATING_MODEL
from app.web.console.names import TEAMS
from tests.unit.docs.pages import ROOT, commands, links

DOCS = ROOT / "docs"
TRANSLATED = LANGUAGES[1:]
PAGES = [f"{OPERATING_MODEL}.md", *(f"runbooks/{code.value}.md" for code in Code)]
HEADINGS: Mapping[str, Mapping[str, str]] = {
    "es": {
        "What it means": "Qué significa",
        "What to look at": "Qué mirar",
        "What to do": "Qué hacer",
        "When to escalate": "Cuándo escalarlo",
        "Afterwards": "Después",
        "Who owns what": "De quién es cada cosa",
        "Every day": "Cada día",
        "Every week": "Cada semana",
        "Month-end": "Cierre de mes",
    }
}
TEAM = {"es": "Equipo"}
NOTE = re.compile(r'--note "[^"]*"')
PART = re.compile(r"^## ", re.MULTILINE)
STEP = re.compile(r"^\d+\. .+$", re.MULTILINE)
POINT = re.compile(r"^- .+$", re.MULTILINE)
ROW = re.compile(r"^\|.+\|$", re.MULTILINE)
SPAN = re.compile(r"`[^`]+`")
BOLD = re.compile(r"\*\*([^*]+)\*\*")
ITALIC = re.compile(r"(?<!\*)\*([^*]+)\*(?!\*)")

each_language = pytest.mark.parametrize("language", TRANSLATED)
each_page = pytest.mark.parametrize("name", PAGES)


@cache
def words(language: str) -> Mapping[str, str]:
    """What the console calls its buttons and pages in a language; texts before a value without it."""
    file = ROOT / f"app/web/console/translations/{language}.po"
    texts = {
        str(each.id): str(each.string)
        for each in read_po(BytesIO(file.read_bytes()), locale=language)
        if isinstance(each.id, str) and each.id
    }
    return {text.partition(": %(")[0]: told.partition(": %(")[0] for text, told in texts.items()}


def text_of(language: str, name: str) -> str:
    return page_of(language, name).read_text(encoding="utf-8")


def page_of(language: str, name: str) -> Path:
    return (DOCS if language == LANGUAGES[0] else DOCS / language) / name


def headings(text: str) -> list[str]:
    return re.findall(r"^## (.+)$", text, re.MULTILINE)


def without_note(command: Sequence[str]) -> tuple[str, ...]:
    """A command but for what a person writes as the reason, which is in their language."""
    return tuple(word for place, word in enumerate(command) if not place or command[place - 1] != "--note")


def targets(page: Path) -> Counter[str]:
    """Where a page's links lead: pages of the handbook by name, others with their heading, its own headings counted."""
    found: Counter[str] = Counter()
    for link in links(page):
        path, _, anchor = link.partition("#")
        place = (page.parent / path).resolve().relative_to(DOCS) if path else Path()
        parts = [part for part in place.parts if part not in TRANSLATED]
        name = "/".join(parts).removesuffix("README.md").removesuffix("runbooks/")
        found[name if name in PAGES or not name else f"{name}#{anchor}"] += 1
    return found


@each_language
def test_every_page_is_translated_and_nothing_else(language: str) -> None:
    there = {page.relative_to(DOCS / language).as_posix() for page in (DOCS / language).rglob("*.md")}
    assert there == {*PAGES, "README.md"}


@each_language
@each_page
def test_a_page_has_the_same_parts_in_the_same_order(language: str, name: str) -> None:
    english, theirs = text_of("en", name), text_of(language, name)
    assert headings(theirs) == [HEADINGS[language][heading] for heading in headings(english)]
    for part, their_part in zip(PART.split(english), PART.split(theirs), strict=True):
        for kind in (STEP, POINT, ROW):
            assert len(kind.findall(their_part)) == len(kind.findall(part)), their_part


@each_language
@each_page
def test_a_page_names_the_same_commands_and_words_of_files(language: str, name: str) -> None:
    def told(text: str) -> set[str]:
        return {NOTE.sub('--note "…"', span) for span in SPAN.findall(text)}

    assert told(text_of(language, name)) == told(text_of("en", name))
    ours, theirs = (Counter(map(without_note, commands(page_of(each, name)))) for each in ("en", language))
    assert theirs == ours


@each_language
@each_page
def test_a_page_leads_to_the_same_places(language: str, name: str) -> None:
    assert targets(page_of(language, name)) == targets(page_of("en", name))


@each_language
@each_page
def test_a_page_calls_buttons_and_pages_as_the_console_does(language: str, name: str) -> None:
    english, theirs = text_of("en", name), text_of(language, name)
    assert BOLD.findall(theirs) == [words(language)[label] for label in BOLD.findall(english)]
    ours = Counter(words(language)[label] for label in ITALIC.findall(english) if label in words(language))
    assert ours - Counter(ITALIC.findall(theirs)) == Counter()


@each_language
@pytest.mark.parametrize("code", Code)
def test_a_page_and_the_index_name_code_and_team(language: str, code: Code) -> None:
    remedy, said = REMEDIES[code], words(language)
    team, urgent = said[TEAMS[remedy.team]], said["urgent"]
    lines = text_of(language, f"runbooks/{code.value}.md").splitlines()
    assert lines[0] == f"# `{code.value}`"
    assert lines[2] == f"{TEAM[language]}: {team}" + (f" · **{urgent}**" if remedy.urgent else "")
    row = f"| [`{code.value}`](runbooks/{code.value}.md) | {team}" + (f", {urgent}" if remedy.urgent else "")
    assert f"{row} |" in text_of(language, "README.md")


@each_language
def test_the_glossary_has_the_words_of_the_console(language: str) -> None:
    glossary = text_of(language, "README.md").partition("## Glos")[2]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|", glossary, re.MULTILINE)[1:]
    pairs = {english: theirs for theirs, english in rows if not theirs.startswith("-")}
    assert len(pairs) > 20
    assert pairs == {english: words(language).get(english) for english in pairs}
