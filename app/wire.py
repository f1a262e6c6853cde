"""Fields of what comes from outside: read tolerantly where the other side is not certain, exactly where money is.

No message of these fields repeats a value: it may be personal data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from app.domain.money import MoneyError, parse_decimal


class Unreadable(Exception):
    """What came does not fit its schema. `problems` name each field and what is wrong, never its value.

    `legible`: the fields that could be read all the same.
    """

    def __init__(self, what: str, problems: Sequence[str], legible: Mapping[str, object] | None = None) -> None:
        super().__init__(what, tuple(problems))
        self.what = what
        self.problems = tuple(problems)
        self.legible = dict(legible or {})

    def __str__(self) -> str:
        return f"{self.what} cannot be read: {'; '.join(self.problems)}"


class WireSchema(Schema):
    """A schema that ignores unknown fields and names the missing ones."""

    class Meta:
        """What is unknown is left out."""

        unknown = EXCLUDE

    error_messages = {"type": "is not an object"}  # noqa: RUF012 (declared so by marshmallow)


def read(schema: Schema, document: object, what: str) -> Any:
    """What the schema makes of a document. Raises Unreadable with its problems, the first ones of very many."""
    if not isinstance(document, Mapping):
        raise Unreadable(what, ["it is not an object"])
    try:
        return schema.load(document)
    except ValidationError as error:
        # The name of a field can be the other side's own.
        problems = sorted(printable(text) for text in _problems(error.messages, ""))
        more = [f"and {len(problems) - _MOST_TOLD} more"] if len(problems) > _MOST_TOLD else []
        legible = error.valid_data if isinstance(error.valid_data, Mapping) else {}
        raise Unreadable(what, problems[:_MOST_TOLD] + more, legible) from None


def _problems(messages: Any, path: str) -> Iterator[str]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            yield from _problems(inner, path if key == "_schema" else f"{path}.{key}" if path else str(key))
    else:
        yield from (f"{path} {text}" if path else str(text) for text in messages)


_MOST_TOLD = 20
"""Problems of a document that are told one by one: a list of 100,000 wrong things is one mistake."""
_COMMON: dict[str, str | list[Any] | dict[Any, Any]] = {"required": "is missing", "null": "is null"}


_LONGEST_CODE = 200
"""Characters of an id or a code: each may stand in an index of PostgreSQL, which takes no long ones."""
_LONGEST_CURSOR = 4000
_MOST = 100_000
"""Units of a line, or lines: beyond what any order holds, and what the database's whole numbers hold as a sum."""
_LARGEST_AMOUNT, _FINEST = Decimal(10) ** 12, -40
_EARLIEST, _LATEST = 1970, 2200
"""Years: a time beyond them is a mistake, and days added to it may be none."""


def printable(text: str) -> str:
    """A text with a question mark for each character that cannot be printed, as no column of text may hold it."""
    return "".join(char if char.isprintable() else "?" for char in text)


def is_code(value: object) -> bool:
    """Whether a value can be an id or a code: a text that is not empty and not long, or a whole number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return abs(value) < 10**40
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_CODE and is_storable(value)


def is_cursor(value: object) -> bool:
    """Whether a value can be the cursor of a list: a text (a URL in some) or a whole number."""
    if isinstance(value, str):
        return 0 < len(value) <= _LONGEST_CURSOR and is_storable(value)
    return is_code(value)


def is_storable(value: object) -> bool:
    """Whether PostgreSQL can hold every text of a JSON value: none with NUL or half a surrogate pair."""
    if isinstance(value, Mapping):
        return all(is_storable(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return all(is_storable(part) for part in value)
    return not isinstance(value, str) or not any(char == "\0" or "\ud800" <= char <= "\udfff" for char in value)


class Address(fields.Field[Any]):
    """An address, kept as it came, in the other side's own form (`of_any_form`: not even an object). No money in it."""

    default_error_messages = _COMMON

    def __init__(self, *, of_any_form: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._of_any_form = of_any_form

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, Mapping) and not self._of_any_form:
            raise ValidationError("is not an object")
        if not is_storable(value):
            raise ValidationError("holds a text that is none")
        try:
            return _plain(value)
        except OverflowError:
            raise ValidationError("holds a number that is none") from None


def _plain(value: object) -> Any:
    """JSON as the json module writes it: exact numbers are for money."""
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, Decimal):
        plain = float(value)
        if not isfinite(plain):
            raise OverflowError
        return plain
    return value


class Code(fields.Field[str | None]):
    """An id or a code: text that is not empty; a whole number is its digits. Where null may stand, "" means null."""

    default_error_messages = _COMMON

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str | None:
        if value == "" and self.allow_none:
            return None
        if not is_code(value):
            too_long = isinstance(value, str) and len(value) > _LONGEST_CODE
            raise ValidationError(f"is longer than {_LONGEST_CODE} characters" if too_long else "is not a text")
        return str(value)


class Currency(fields.Field[str]):
    """A currency's code, of three letters (ISO 4217), in capitals."""

    default_error_messages = _COMMON

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch("[A-Za-z]{3}", value):
            raise ValidationError("is not the code of a currency")
        return value.upper()


class Words(fields.Field[str]):
    """Text that may be empty. Where one that is left out is read as "", null is, too."""

    default_error_messages = _COMMON

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **kwargs: Any) -> Any:
        """The text; None only where that is what one that is left out is read as. Raises ValidationError."""
        if value is None and self.allow_none and self.load_default == "":
            return ""
        return super().deserialize(value, attr, data, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or not is_storable(value):
            raise ValidationError("is not a text")
        return value


class Yes(fields.Field[bool]):
    """true or false."""

    default_error_messages = _COMMON

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("is neither true nor false")
        return value


class Count(fields.Field[int]):
    """A whole number, not below `least` (None: any) and of no more than `most`, whatever its sign."""

    default_error_messages = _COMMON

    def __init__(self, *, least: int | None = 1, most: int = _MOST, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._least = least
        self._most = most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValidationError("is not a whole number")
        if abs(value) > self._most:
            raise ValidationError("is more than there can be")
        if self._least is not None and value < self._least:
            raise ValidationError(f"is below {self._least}")
        return value


class Amount(fields.Field[Decimal]):
    """An amount: a decimal string, or a number of exact JSON; below zero only where `signed`."""

    default_error_messages = _COMMON

    def __init__(self, *, signed: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._signed = signed

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise ValidationError("is not an amount")
        try:
            amount = parse_decimal(str(value))
        except MoneyError:
            raise ValidationError("is not an amount") from None
        exponent = amount.as_tuple().exponent
        if abs(amount) >= _LARGEST_AMOUNT or not isinstance(exponent, int) or exponent < _FINEST:
            raise ValidationError("is no amount that anybody pays")
        if amount < 0 and not self._signed:
            raise ValidationError("is below zero")
        return amount


class Moment(fields.Field[datetime]):
    """A time: RFC 3339 (its `t` and `z` in either case), or unix seconds; in UTC, also where it names no zone."""

    default_error_messages = _COMMON

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        try:
            if isinstance(value, int | Decimal) and not isinstance(value, bool):
                moment = datetime.fromtimestamp(float(value), UTC)
            else:
                moment = datetime.fromisoformat(value.upper())
                moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (AttributeError, ValueError, OverflowError, OSError):
            raise ValidationError("is not a time") from None
        if not _EARLIEST <= moment.year <= _LATEST:
            raise ValidationError(f"lies not between {_EARLIEST} and {_LATEST}")
        return moment


class Day(fields.Field[date]):
    """A date, YYYY-MM-DD."""

    default_error_messages = _COMMON

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        try:
            return date.fromisoformat(value)
        except (TypeError, ValueError):
            raise ValidationError("is not a date") from None


class Many(fields.Field[list[Any]]):
    """A list of objects of one schema; `least` of them."""

    default_error_messages = _COMMON

    def __init__(self, schema: type[Schema], *, least: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._schema = schema()
        self._least = least

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list):
            raise ValidationError("is not a list")
        if len(value) < self._least:
            raise ValidationError("is empty")
        loaded: list[Any] = self._schema.load(value, many=True)
        return loaded


class One(fields.Field[Any]):
    """An object of one schema."""

    default_error_messages = _COMMON

    def __init__(self, schema: type[Schema], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._schema = schema()

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return self._schema.load(value)
