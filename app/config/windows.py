"""The grammar of posting windows: ``"at_once"``, ``["06:00", "18:00"]``, ``"every 15m"``."""

from __future__ import annotations

import re
from datetime import time, timedelta
from typing import Any

from marshmallow import ValidationError, fields

from app.domain.policy import AtOnce, Daily, Every, Posting
from app.domain.saying import say
from app.toml_schema import is_, message

_EVERY = re.compile(r"every\s+([0-9]{1,6})\s*([smh])")
TIME_OF_DAY = r"([01][0-9]|2[0-3]):([0-5][0-9])"
_TIME = re.compile(TIME_OF_DAY)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}
_REMEDY = say(
    'Write "at_once", a list of times as ["06:00", "18:00"], or a distance as "every 15m", "every 20s", "every 2h".'
)


def parse_posting(value: object) -> Posting:
    """When documents of a kind are posted. Times are of the store's day. Raises ValueError on anything else."""
    if value == "at_once":
        return AtOnce()
    if isinstance(value, str) and (distance := _EVERY.fullmatch(value)):
        interval = timedelta(**{_UNITS[distance[2]]: int(distance[1])})
        if timedelta(0) < interval <= timedelta(days=7):
            return Every(interval)
    if isinstance(value, list) and value:
        found = [_TIME.fullmatch(entry) if isinstance(entry, str) else None for entry in value]
        times = {time(int(match[1]), int(match[2])) for match in found if match}
        if len(times) == len(value):
            return Daily(tuple(sorted(times)))
    raise ValueError(is_(value))


def text_of(posting: Posting) -> str | list[str]:
    """A posting as the file writes it; `parse_posting` reads it back."""
    match posting:
        case AtOnce():
            return "at_once"
        case Daily(times):
            return [f"{each:%H:%M}" for each in times]
        case Every(interval):
            seconds = int(interval.total_seconds())
            unit, length = next((unit, n) for unit, n in (("h", 3600), ("m", 60), ("s", 1)) if seconds % n == 0)
            return f"every {seconds // length}{unit}"


class Window(fields.Field[Posting]):
    """A posting window of the file."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Posting:
        try:
            return parse_posting(value)
        except ValueError:
            raise ValidationError(message(is_(value), _REMEDY)) from None
