"""JSON whose numbers stay exact: what has a point becomes Decimal, and what JSON does not know is refused."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import NoReturn


def loads(text: str | bytes) -> object:
    """The value of a JSON text. Raises ValueError for anything else, NaN and bottomless nesting included."""
    try:
        value: object = json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
