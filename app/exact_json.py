"""JSON whose numbers stay exact: what has a point becomes Decimal, and what JSON does not know is refused."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import NoReturn

DEEPEST = 64
"""No document of anybody nests deeper; what walks through one may therefore call itself."""


def loads(text: str | bytes) -> object:
    """The value of a JSON text. Raises ValueError for anything else, NaN and nesting beyond `DEEPEST` included."""
    try:
        value: object = json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except InvalidOperation:
        raise ValueError("a number that none can hold") from None
    brackets = text.count(b"[") + text.count(b"{") if isinstance(text, bytes) else text.count("[") + text.count("{")
    if brackets > DEEPEST and _is_deep(value):
        raise ValueError("nested too deeply")
    return value


def _is_deep(value: object) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
