"""Which entries of the item master a SKU that BlueCherry does not know may be meant for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from app.domain.model import Item

_WORD = re.compile(r"[A-Z]+|[0-9]+")
_LEAST = 0.45
"""Below this a SKU is a stranger, unless something else speaks for it."""


class Sign(StrEnum):
    """What speaks for a suggestion."""

    SAME_UPC = "same_upc"
    ON_ORDER = "on_order"
    SAME_STYLE = "same_style"
    SAME_COLOUR = "same_colour"
    SAME_SIZE = "same_size"
    NEAR = "near"


_WEIGHTS = {
    Sign.SAME_UPC: 10.0,
    Sign.ON_ORDER: 2.0,
    Sign.SAME_STYLE: 0.6,
    Sign.SAME_COLOUR: 0.3,
    Sign.SAME_SIZE: 0.3,
    Sign.NEAR: 0.0,
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An item that an unknown SKU may be meant for, with what speaks for it."""

    item: Item
    signs: tuple[Sign, ...]
    score: float


def suggestions(sku: str, items: Iterable[Item], on_order: frozenset[str], limit: int = 8) -> list[Suggestion]:
    """The likeliest items, the best first. `on_order`: SKUs that the order sold, which is a strong sign.

    An inactive item is none, for it would only be the next obstacle.
    """
    found = [_suggestion(sku, item, on_order) for item in items if item.active]
    likely = [each for each in found if each.signs]
    return sorted(likely, key=lambda each: (-each.score, each.item.sku))[:limit]


def _suggestion(sku: str, item: Item, on_order: frozenset[str]) -> Suggestion:
    wanted = _plain(sku)
    words = set(_WORD.findall(sku.upper()))
    nearness = SequenceMatcher(None, wanted, _plain(item.sku), autojunk=False).ratio()
    signs = [
        sign
        for sign, holds in (
            (Sign.SAME_UPC, item.upc is not None and _plain(item.upc) == wanted),
            (Sign.ON_ORDER, item.sku in on_order),
            (Sign.SAME_STYLE, len(item.style) > 2 and _plain(item.style) in wanted),
            (Sign.SAME_COLOUR, item.color_code.upper() in words),
            (Sign.SAME_SIZE, item.size_name.upper() in words or item.size_bucket.upper() in words),
            (Sign.NEAR, nearness >= _LEAST),
        )
        if holds
    ]
    # Colour and size are the same on thousands of items: they only add to what else speaks for one.
    if not set(signs) - {Sign.SAME_COLOUR, Sign.SAME_SIZE}:
        signs = []
    return Suggestion(item, tuple(signs), nearness + sum(_WEIGHTS[sign] for sign in signs))


def _plain(text: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", text.upper())
