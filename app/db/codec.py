"""Domain objects to JSON columns and back, exactly: decimals and money as text, times as RFC 3339."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar

from cattrs import Converter

from app.domain.model import Personal
from app.domain.money import Money
from app.domain.saying import Said, pack, read

T = TypeVar("T")


@lru_cache(maxsize=1)
def _converter() -> Converter:
    converter = Converter(omit_if_default=True)
    converter.register_unstructure_hook(Decimal, lambda value: format(value, "f"))
    converter.register_structure_hook(Decimal, lambda text, _: Decimal(text))
    converter.register_unstructure_hook(datetime, lambda value: value.isoformat())
    converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
    converter.register_unstructure_hook(date, lambda value: value.isoformat())
    converter.register_structure_hook(date, lambda text, _: date.fromisoformat(text))
    converter.register_unstructure_hook(Said, pack)
    converter.register_structure_hook(Said, lambda value, _: read(value))
    converter.register_unstructure_hook(Money, lambda money: f"{money} {money.currency}")
    converter.register_structure_hook(Money, lambda text, _: Money.of(*text.split(" ")))
    # An address is kept as it came. Registered for `object` alone: as a class it would stand for every other one too.
    converter.register_structure_hook_func(lambda cls: cls is object, lambda value, _: value)
    return converter


def dump(value: object) -> dict[str, Any]:
    """A domain dataclass as a JSON object. Personal data is left out of whatever holds it."""
    data: dict[str, Any] = _converter().unstructure(value)
    if not isinstance(value, Personal):
        data.pop("personal", None)
        data.pop("ship_to", None)
    return data


def load(cls: type[T], data: object) -> T:
    """The domain dataclass out of what `dump` made."""
    return _converter().structure(data, cls)
