"""The schedule: which fault strikes when, drawn from a seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from app.chaos.fault import Fault

_APART = 2.0
"""Seconds between two faults, on average, where the storm is long enough for that."""
_BEGIN = 2.0
"""Seconds before the first: there must be something to break."""


class Planned(NamedTuple):
    """A fault and its moment, in seconds after the storm began."""

    at: float
    fault: Fault


def write_schedule(kinds: Sequence[Fault], seconds: float, rng: Random) -> list[Planned]:
    """Every kind once, in a drawn order, then again and again while the storm lasts."""
    count = max(len(kinds), int((seconds - _BEGIN) / _APART))
    apart = max(0.1, seconds - _BEGIN) / count
    drawn = _drawn(kinds, rng)
    return [
        Planned(_BEGIN + apart * (number + rng.uniform(0, 0.8)), next(drawn)) for number in range(count if kinds else 0)
    ]


def _drawn(kinds: Sequence[Fault], rng: Random) -> Iterator[Fault]:
    while True:
        yield from rng.sample(kinds, len(kinds))
