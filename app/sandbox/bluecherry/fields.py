"""One JSON object read strictly: what is missing, or of another shape, is refused with the path of its field."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from app.sandbox.bluecherry.refusal import Refusal
from app.sandbox.json import Json, JsonObject

_NO_DECIMALS = set("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split())
_THREE_DECIMALS = set("BHD IQD JOD KWD LYD OMR TND".split())
_CURRENCY = re.compile(r"[A-Z]{3}")
_FINE = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]+)?")
_AMOUNTS = {
    0: re.compile(r"0|[1-9][0-9]*"),
    2: re.compile(r"(0|[1-9][0-9]*)\.[0-9]{2}"),
    3: re.compile(r"(0|[1-9][0-9]*)\.[0-9]{3}"),
}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_REFERENCE = 40  # characters that a reference field holds


def decimals_of(currency: str) -> int:
    """Digits after the point that amounts of a currency have."""
    if currency in _NO_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2


class Fields:
    """The fields of one object. Every reader raises Refusal (400 BAD_REQUEST) naming the field."""

    __slots__ = ("_body", "_path")

    def __init__(self, body: JsonObject, path: str = "") -> None:
        self._body = body
        self._path = path

    @property
    def body(self) -> JsonObject:
        """The object itself."""
        return self._body

    def path(self, name: str) -> str:
        """Where a field stands in the document: ``lines[0].qty``."""
        return f"{self._path}{name}"

    def bad(self, name: str, why: str) -> Refusal:
        """The refusal of a field."""
        return Refusal("BAD_REQUEST", f"{self.path(name)} {why}", self.path(name))

    def _required(self, name: str) -> Json:
        value = self._body.get(name)
        if value is None:
            raise self.bad(name, "is required")
        return value

    def text(self, name: str, *, empty: bool = False) -> str:
        """A required string (a code: never a number)."""
        value = self._required(name)
        if not isinstance(value, str):
            raise self.bad(name, "must be a string")
        if not value and not empty:
            raise self.bad(name, "must not be empty")
        return value

    def optional_text(self, name: str) -> str | None:
        """A string that may be null or absent."""
        return None if self._body.get(name) is None else self.text(name)

    def reference(self, name: str) -> str:
        """A required reference of at most 40 characters."""
        value = self.text(name)
        if len(value) > _REFERENCE:
            raise self.bad(name, f"is longer than {_REFERENCE} characters")
        return value

    def one_of(self, name: str, *choices: str) -> str:
        """A required string out of a few."""
        value = self.text(name)
        if value not in choices:
            raise self.bad(name, f"must be one of {', '.join(choices)}")
        return value

    def integer(self, name: str, least: int | None = None) -> int:
        """A required whole number, not below `least`."""
        value = self._required(name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.bad(name, "must be an integer")
        if least is not None and value < least:
            raise self.bad(name, f"must be at least {least}")
        return value

    def optional_integer(self, name: str) -> int | None:
        """A whole number that may be null or absent."""
        return None if self._body.get(name) is None else self.integer(name)

    def currency(self, name: str) -> str:
        """A required ISO 4217 code."""
        value = self.text(name)
        if not _CURRENCY.fullmatch(value):
            raise self.bad(name, "must be a currency code of three letters")
        return value

    def amount(self, name: str, currency: str) -> Decimal:
        """A required amount: a decimal string with exactly the currency's decimals, never negative."""
        decimals = decimals_of(currency)
        value = self._required(name)
        if not isinstance(value, str) or not _AMOUNTS[decimals].fullmatch(value):
            raise self.bad(name, f"must be a string with {decimals} decimals, not below zero ({currency})")
        return Decimal(value)

    def fine(self, name: str) -> Decimal:
        """A required decimal string that may be finer than the currency: a unit price, a tax rate."""
        value = self._required(name)
        if not isinstance(value, str) or not _FINE.fullmatch(value):
            raise self.bad(name, "must be a decimal string, not below zero")
        return Decimal(value)

    def date(self, name: str) -> date:
        """A required date, YYYY-MM-DD."""
        value = self.text(name)
        try:
            if _DATE.fullmatch(value):
                return date.fromisoformat(value)
        except ValueError:
            pass
        raise self.bad(name, "must be a date, YYYY-MM-DD")

    def address(self, name: str) -> Json:
        """A required address: an object, or a text."""
        value = self._required(name)
        if not isinstance(value, str | dict):
            raise self.bad(name, "must be an object or a string")
        return value

    def strings(self, name: str) -> list[str]:
        """A list of strings; none when absent."""
        value = self._body.get(name, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.bad(name, "must be a list of strings")
        return [str(each) for each in value]

    def objects(self, name: str, *, empty: bool = False) -> list[Fields]:
        """A required list of objects."""
        value = self._required(name)
        if not isinstance(value, list):
            raise self.bad(name, "must be a list")
        if not value and not empty:
            raise self.bad(name, "must not be empty")
        result = []
        for place, each in enumerate(value):
            if not isinstance(each, dict):
                raise self.bad(f"{name}[{place}]", "must be an object")
            result.append(Fields(each, f"{self._path}{name}[{place}]."))
        return result

    def has(self, name: str) -> bool:
        """Whether a field is there and not null."""
        return self._body.get(name) is not None

    def raw(self, name: str) -> Json:
        """A field as it is."""
        return self._body.get(name)
