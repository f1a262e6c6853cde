"""Whom a team's alerts go to, when it may not be disturbed, and who is told when nobody mends it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Hours of the team's day, in its own time zone, in which it is told of nothing but what is urgent.

    From `begins` until `ends`, over midnight when `ends` is the earlier; None for both: no hours of a day. `days`:
    whole days that are quiet (Monday is 0).
    """

    zone: ZoneInfo
    begins: time | None = None
    ends: time | None = None
    days: frozenset[int] = frozenset()

    def cover(self, now: datetime) -> bool:
        """Whether the team is left alone at this moment (aware, any zone)."""
        local = now.astimezone(self.zone)
        if local.weekday() in self.days:
            return True
        if self.begins is None or self.ends is None or self.begins == self.ends:
            return False
        at = local.time()
        if self.begins < self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends


@dataclass(frozen=True, slots=True)
class Step:
    """A step of an escalation path: who is told when something stands open for so long."""

    after: timedelta
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TeamAlerts:
    """How one team is told. `escalation`: its steps, the soonest first."""

    channels: tuple[str, ...]
    quiet: QuietHours | None = None
    escalation: tuple[Step, ...] = ()

    def may_be_told(self, now: datetime, *, urgent: bool) -> bool:
        """Whether it may be disturbed now; with what is urgent, always."""
        return urgent or self.quiet is None or not self.quiet.cover(now)


def retry_after(tries: int) -> timedelta:
    """How long a message waits after its so-many-th try failed: ten seconds, doubling up to five minutes."""
    return timedelta(seconds=min(10 * 2 ** min(tries - 1, 5), 300))
