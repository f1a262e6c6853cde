"""Fields of what the API takes: what they accept is what the description says of them, and no more.

A query's values are texts; a body's have the types of JSON. None of these takes null unless it says so.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from marshmallow import ValidationError, fields
from marshmallow.validate import Range, Regexp

from app.wire import is_storable

LARGEST_NUMBER = 2**63 - 1
"""Of a row: what a bigint of PostgreSQL holds."""
_DIGITS = re.compile(r"-?\d{1,30}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_ROW = Range(min=0, max=LARGEST_NUMBER)
_NO_NUL = Regexp(r"^[^\x00]*$", error="Holds a character that no text has.")


class Word(fields.String):
    """Text that PostgreSQL can hold."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("allow_none", False)
        validate = kwargs.pop("validate", [])
        super().__init__(validate=[_NO_NUL, *(validate if isinstance(validate, list) else [validate])], **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not is_storable(text):
            raise ValidationError("Holds a character that no text has.")
        return text


class RowNumber(fields.Integer):
    """The number of a row, in a body; 5.0 is one too, as JSON has it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strict=True, validate=_ROW, **kwargs)

    def _validated(self, value: Any) -> int:
        whole = isinstance(value, Decimal) and 0 <= value <= LARGEST_NUMBER and value == int(value)
        return super()._validated(int(value) if whole else value)


class QueryNumber(fields.Integer):
    """A whole number in a query: its digits."""

    def __init__(self, *, validate: Range = _ROW, **kwargs: Any) -> None:
        super().__init__(allow_none=False, validate=validate, **kwargs)

    def _validated(self, value: Any) -> int:
        if not isinstance(value, str) or not _DIGITS.fullmatch(value):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class Flag(fields.Boolean):
    """true or false, in a body."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class QueryFlag(fields.Boolean):
    """``true`` or ``false`` in a query."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_none=False, truthy={"true"}, falsy={"false"}, **kwargs)


class QueryDay(fields.Date):
    """A day in a query, YYYY-MM-DD."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_none=False, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        return super()._deserialize(value, attr, data, **kwargs)


class QueryMoment(fields.AwareDateTime):
    """A moment in a query: RFC 3339. One that lies in UTC beyond the years 1 to 9999 is the nearest within."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_none=False, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        if not isinstance(value, str) or not _MOMENT.fullmatch(value):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        moment = super()._deserialize(value.upper(), attr, data, **kwargs)
        try:
            return moment.astimezone(UTC)
        except OverflowError:
            return _FIRST if moment.year == 1 else _LAST
