"""Stock, kept as movements by type, and the two formulas that BlueCherry counts it with."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from app.sandbox.json import Json, JsonObject

_ON_HAND = {"SA": 1, "RT": 1, "R1": 1, "R2": 1, "IN": -1, "CM": -1, "RV": 1, "RI": -1}
_TO_SELL = {"SA": 1, "RT": 1, "R1": 1, "R2": 1, "IN": -1, "CM": -1, "PK": -1, "RS": -1, "OP": -1, "DM": -1}
MOVEMENTS = frozenset(_ON_HAND) | frozenset(_TO_SELL)


@dataclass(frozen=True, slots=True)
class Place:
    """Where units of a SKU lie; a location without lots has the lot ""."""

    division: str
    sku: str
    location: str
    lot: str = ""


def on_hand(movements: Counter[str]) -> int:
    """QOH = SA + RT + R1 + R2 − IN − CM + RV − RI."""
    return sum(sign * movements[kind] for kind, sign in _ON_HAND.items())


def open_to_sell(movements: Counter[str]) -> int:
    """OTS = SA + RT + R1 + R2 − IN − CM − PK − RS − OP − DM."""
    return sum(sign * movements[kind] for kind, sign in _TO_SELL.items())


def count(movements: Counter[str]) -> dict[str, Json]:
    """The answer of ``GET /stock``; movements that add up to nothing are left out."""
    return {
        "qoh": on_hand(movements),
        "ots": open_to_sell(movements),
        "movements": {kind: units for kind, units in sorted(movements.items()) if units},
    }


class Stock:
    """Units by movement type at each place."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, str], dict[Place, Counter[str]]] = defaultdict(dict)

    def move(self, place: Place, rec_type: str, units: int) -> None:
        """Adds a movement of so many units (below zero: takes them out again)."""
        places = self._places[place.division, place.sku]
        places.setdefault(place, Counter())[rec_type] += units

    def of(self, division: str, sku: str, location: str | None) -> Counter[str]:
        """The movements of a SKU at a location, all its lots together; at all locations for None."""
        result: Counter[str] = Counter()
        for place, movements in self._places.get((division, sku), {}).items():
            if location is None or place.location == location:
                # Counter's own addition would drop what is below zero.
                result.update(movements)
        return result

    def rows(self) -> Iterator[JsonObject]:
        """Every place with its count, for the books."""
        for places in self._places.values():
            for place, movements in places.items():
                yield {
                    "division": place.division,
                    "sku": place.sku,
                    "location": place.location,
                    "lot": place.lot,
                    **count(movements),
                }
