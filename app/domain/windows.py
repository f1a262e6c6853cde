"""Posting windows: when documents of a kind are posted, in the store's time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from app.domain.policy import AtOnce, Daily, Posting

_FIRST = datetime(2001, 1, 1, tzinfo=UTC)


def next_window(posting: Posting, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The moment (UTC) of the first window after `now`; None when documents are posted at once.

    A local time that a change of clocks skips is taken as if the clocks had not changed yet; one that comes twice
    is taken the first time. Windows at a distance are counted from one
    Monday, midnight UTC: those of a day or an hour begin with the day or the hour.
    """
    if isinstance(posting, AtOnce):
        return None
    if isinstance(posting, Daily):
        today = now.astimezone(zone).date()
        days = (today, today + timedelta(days=1), today + timedelta(days=2))
        moments = [datetime.combine(day, at, zone).astimezone(UTC) for day in days for at in posting.times]
        return min(moment for moment in moments if moment > now)
    return _FIRST + ((now - _FIRST) // posting.interval + 1) * posting.interval
