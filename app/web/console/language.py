"""Languages of the console: which one a request is in, and the words in it. The .po files are read as they are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.core import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import g, request

from app.domain.saying import Said

LANGUAGES: Mapping[str, Locale] = {"en": Locale("en", "GB"), "es": Locale("es")}
"""By the name that a person chooses; the first is the one of the source text."""
LANGUAGE_NAMES: Mapping[str, str] = {"en": "English", "es": "Español"}
COOKIE = "language"
_FILES = Path(__file__).parent / "translations"


def N_(text: str) -> str:  # noqa: N802 - the name that extraction tools know
    """Mark a text for translation; it is translated where it is shown."""
    return text


def gettext(text: str, **values: object) -> str:
    """A text in the request's language, its ``%(name)s`` filled in."""
    found = _translations(language()).ugettext(text)
    return found % values if values else found


def in_words(text: str) -> str:
    """A sentence of the bridge in the request's language; any other text as it stands."""
    if not isinstance(text, Said):
        return text
    return _translations(language()).ugettext(text.template) % {n: in_words(each) for n, each in text.values.items()}


def ngettext(one: str, many: str, number: int, **values: object) -> str:
    """A text in the request's language for a number of things, which ``%(num)s`` stands for."""
    return _translations(language()).ungettext(one, many, number) % {"num": number, **values}


def language() -> str:
    """The language of this request: the person's choice, else this browser's cookie, else what the browser prefers."""
    if "language" not in g:
        person = g.get("person")
        chosen = (person.language if person else None) or request.cookies.get(COOKIE)
        g.language = chosen if chosen in LANGUAGES else _preferred()
    return str(g.language)


def _preferred() -> str:
    # es-MX wants Spanish before English, whatever English it names behind it.
    wanted = [tag.partition("-")[0].lower() for tag in request.accept_languages.values()]
    return next((tag for tag in wanted if tag in LANGUAGES), next(iter(LANGUAGES)))


def locale() -> Locale:
    """The locale by which numbers, dates and money of this request are written."""
    return LANGUAGES[language()]


@cache
def _translations(name: str) -> NullTranslations:
    path = _FILES / f"{name}.po"
    if not path.exists():
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=name))
    compiled.seek(0)
    return Translations(compiled)
