"""No text of the console is untranslated, and no translation is of a text that is gone."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.pofile import read_po

from app.web.console.language import LANGUAGES

APP = Path(__file__).parents[4] / "app"
CONSOLE = APP / "web/console"
TRANSLATED = [name for name in LANGUAGES if name != "en"]
_KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2), "say": None}
_PLACE = re.compile(r"%\((\w+)\)")


@pytest.fixture(scope="module")
def source() -> Catalog:
    catalog = Catalog()
    for place in (CONSOLE, APP / "domain", APP / "services", APP / "ops", APP / "config"):
        found = extract_from_dir(
            place,
            [("**.py", "python"), ("**/templates/**.html", "jinja2")],
            {"**/templates/**.html": {"trimmed": "true"}},
            keywords=_KEYWORDS,
        )
        for _, _, message, _, _ in found:
            catalog.add(message)
    for _, message, _, _ in extract_from_file("python", APP / "toml_schema.py", _KEYWORDS):
        catalog.add(message)
    return catalog


def _read(name: str) -> Catalog:
    return read_po(BytesIO((CONSOLE / f"translations/{name}.po").read_bytes()), locale=name)


@pytest.mark.parametrize("name", TRANSLATED)
def test_every_text_has_a_translation(source: Catalog, name: str) -> None:
    known = {message.id: message.string for message in _read(name) if message.id and not message.fuzzy}

    missing = [message.id for message in source if message.id and not _whole(known.get(message.id))]

    assert missing == [], "run `make translations`, and fill in what is empty"


@pytest.mark.parametrize("name", TRANSLATED)
def test_no_translation_is_left_over(source: Catalog, name: str) -> None:
    texts = {message.id for message in source}

    assert [message.id for message in _read(name) if message.id not in texts] == []


@pytest.mark.parametrize("name", TRANSLATED)
def test_a_translation_fills_in_the_same_values(name: str) -> None:
    wrong = [message.id for message in _read(name) if message.id and _places(message.id) != _places(message.string)]

    assert wrong == []


def _whole(translation: object) -> bool:
    return all(translation) if isinstance(translation, tuple | list) else bool(translation)


def _places(text: object) -> set[str]:
    texts = text if isinstance(text, tuple | list) else (text,)
    return {name for each in texts for name in _PLACE.findall(str(each))}
