"""A kind of fault: its name, what it does, how it is undone, and how often it really happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.chaos.target import Target


class NotNow(RuntimeError):
    """The fault cannot be made at this moment; the storm tries it again a little later."""


Undo = Callable[[], int]
"""Ends a fault, and says how often it hit: calls that suffered, webhooks that were lost. Zero: it never happened."""


@dataclass(frozen=True, slots=True)
class Struck:
    """A fault that was made. `undo` None: it is over at once, and counts as one."""

    detail: str = ""
    undo: Undo | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault. `seconds`: how long it lasts before it is undone, 0 for what is over at once.

    `strike` raises NotNow. `needs` says why the kind cannot be made on this system at all, or nothing ("").
    """

    name: str
    what: str
    strike: Callable[[Target], Struck]
    seconds: float = 0.0
    needs: Callable[[Target], str] = lambda _: ""
