"""A page of a long list, and where the next one begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")
View = TypeVar("View")

LARGEST_PAGE = 500


@dataclass(frozen=True, slots=True)
class Page(Generic[View]):
    """Some rows of a list in the order of their numbers. `next`: the cursor of the next page, None at the end."""

    rows: tuple[View, ...]
    next: int | None


def page_of(found: Sequence[Row], limit: int, number: Callable[[Row], int], view: Callable[[Row], View]) -> Page[View]:
    """A page out of one row more than it may hold: that there is one more says that there is a next page."""
    kept = found[:limit]
    return Page(tuple(view(row) for row in kept), number(kept[-1]) if len(found) > limit else None)
