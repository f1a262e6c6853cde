"""JSON as it comes in and goes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

import orjson

# Containers are read-only in the type, so that a list of objects is JSON too.
Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
JsonObject: TypeAlias = Mapping[str, Json]


def dump(value: Json) -> bytes:
    """A value as UTF-8 JSON without spaces."""
    return orjson.dumps(value)


def load_object(text: bytes) -> dict[str, Json]:
    """The JSON object that a text holds.

    Raises ValueError for what is not JSON, or not an object.
    """
    value: Json = orjson.loads(text)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def rfc3339(at: datetime) -> str:
    """A time as RFC 3339 in UTC, with microseconds: ``2024-05-01T10:00:00.000000Z``."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_rfc3339(text: str) -> datetime:
    """The time of an RFC 3339 text (a time without zone is UTC). Raises ValueError for anything else."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
