"""A kind of scene: how often it is played, in which stores, and how many returns it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.demo.tale import Stage

Tell = Callable[[Stage], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """`weight` against the other kinds; `returns` of 0 is an incident that belongs to none."""

    tell: Tell
    weight: int
    stores: tuple[str, ...]
    returns: int = 1

    @property
    def name(self) -> str:
        """The name it has in reports."""
        return self.tell.__name__
