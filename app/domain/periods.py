"""Posting periods: on which day a credit memo may stand in BlueCherry's books."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal


@dataclass(frozen=True, slots=True)
class Period:
    """A posting period, both days included."""

    period: str
    start: date
    end: date
    open: bool


def is_open(day: date, periods: Sequence[Period]) -> bool:
    """Whether a day lies in an open period; a day in no period at all does not."""
    return any(each.open and each.start <= day <= each.end for each in periods)


def posting_date(day: date, periods: Sequence[Period], closed: Literal["next_open", "exception"]) -> date | None:
    """The day to date a memo with that is sent on `day`; None when there is none.

    `closed` is the store's policy for a day in no open period: the first day of the next open one, or none.
    Where no periods are known the day stands: BlueCherry says no if it must.
    """
    if not periods or is_open(day, periods):
        return day
    if closed == "exception":
        return None
    return min((each.start for each in periods if each.open and each.start > day), default=None)
