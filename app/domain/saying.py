"""Sentences for people: English as they stand, and able to be said in another language where somebody reads them."""

from __future__ import annotations

from collections.abc import Mapping


class Said(str):
    """A sentence in English, with the template and the values that it was made of; a value may be a sentence itself.

    It is a text like any other to logs, the API and the command line; the console looks its template up.
    """

    template: str
    values: Mapping[str, str]

    def __new__(cls, template: str, values: Mapping[str, str]) -> Said:
        """Fill a template in."""
        made = super().__new__(cls, template % values)
        made.template, made.values = template, values
        return made


def say(template: str, **values: object) -> Said:
    """A sentence from a template with ``%(name)s`` in it. The template is a literal, so that it can be collected."""
    return Said(template, {name: each if isinstance(each, str) else str(each) for name, each in values.items()})


def quoted(text: str) -> Said:
    """Words that came from outside as a sentence: they stand as they are in every language."""
    return Said("%(words)s", {"words": text})


def pack(said: Said) -> dict[str, object]:
    """A sentence as JSON, for a row that keeps it."""
    values = {name: pack(each) if isinstance(each, Said) else each for name, each in said.values.items()}
    return {"say": said.template, "with": values}


def read(packed: object) -> Said:
    """What `pack` made, as the sentence again; a plain text stands as it is. Raises TypeError, KeyError, ValueError."""
    return quoted(packed) if isinstance(packed, str) else _unpacked(packed)


def unpack(packed: object, text: str) -> str:
    """The sentence of a row that has both; the text alone where it has no more, or where they do not fit."""
    try:
        made = _unpacked(packed)
    except (KeyError, TypeError, ValueError):
        return text
    return made if made == text else text


def _unpacked(packed: object) -> Said:
    if not isinstance(packed, dict):
        raise TypeError("no packed sentence")
    values = {name: each if isinstance(each, str) else _unpacked(each) for name, each in packed["with"].items()}
    return Said(packed["say"], values)
