"""The circuit breaker: when a system is away as a whole, and when it is asked again. Pure.

The rules only; `app.services.circuits` keeps the circuits. Only answers that speak of the system as a whole open one.
What a system says of one document (400, 404, 409, 422, 423) or of our access (401, 403) shows that it is there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from app.calls import CallError, Doubtful, TryLater

RUN = 8
"""Answers in a row, none good between them, after which a system is away.

Where one call in five fails by itself, a run of five comes every few thousand calls, one of eight in none of 300,000.
"""
BUSY_RUN = 3
"""The same for answers that say "not now" to everybody (429, 503 during the batch run)."""
LONG_WAIT = timedelta(seconds=5)
"""A Retry-After from here on is obeyed at the first such answer: a pause for less costs more than it spares."""
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(seconds=60)
"""Pauses double from the first to the longest, as long as probes fail; a Retry-After takes their place."""
RELAPSE = timedelta(seconds=60)
"""A circuit that opens so soon after it closed goes on with the pauses where it was."""
RAMP = timedelta(seconds=25)
"""How long after an outage what waited is set going slowly."""
_RAMP_FIRST = 50
_RAMP_DOUBLES = timedelta(seconds=5)


class Sign(Enum):
    """What the end of a call says of the system as a whole."""

    THERE = "there"
    BUSY = "busy"
    AWAY = "away"
    NONE = "none"


def sign_of(error: CallError | None) -> Sign:
    """What the end of a call (None: it ended well) says of the system as a whole."""
    match error:
        case TryLater(kind="throttled" | "processing"):
            return Sign.BUSY
        case TryLater(kind="unreachable") | Doubtful():
            return Sign.AWAY
        case TryLater(kind="paused"):
            return Sign.NONE
    return Sign.THERE


@dataclass(frozen=True, slots=True)
class Run:
    """Answers in a row that speak against a system, as one process counts them."""

    bad: int = 0
    busy: int = 0

    def after(self, error: CallError | None) -> Run:
        """The run after one more answer."""
        match sign_of(error):
            case Sign.THERE:
                return Run()
            case Sign.BUSY:
                return Run(self.bad + 1, self.busy + 1)
            case Sign.AWAY:
                return Run(self.bad + 1, 0)
        return self

    def opens(self, error: CallError) -> bool:
        """Whether the circuit opens now, this being the last answer."""
        asked = retry_after(error)
        return self.bad >= RUN or self.busy >= BUSY_RUN or (asked is not None and asked >= LONG_WAIT)


def retry_after(error: CallError) -> timedelta | None:
    """The wait that an answer asked for on behalf of the whole system; None when it asked for none."""
    return error.retry_after if isinstance(error, TryLater) and sign_of(error) is Sign.BUSY else None


@dataclass(frozen=True, slots=True)
class Circuit:
    """How it stands with one system. Closed: calls pass. Open: none does, and from `open_until` on one probe asks.

    `since`: when it went away. `openings`: in a row. `probe_until`: one process has the probe until then.
    `closed_at`: when it came back last. `why`: what was answered last.
    """

    open_until: datetime | None = None
    since: datetime | None = None
    openings: int = 0
    probe_until: datetime | None = None
    closed_at: datetime | None = None
    why: str = ""

    @property
    def closed(self) -> bool:
        """Whether calls pass."""
        return self.open_until is None

    def probe_is_due(self, now: datetime) -> bool:
        """Whether the system should be asked now, and nobody does."""
        rested = self.open_until is not None and self.open_until <= now
        return rested and (self.probe_until is None or self.probe_until <= now)

    def opened(self, now: datetime, error: CallError, jitter: float) -> Circuit:
        """Open it, or keep it open: as long as was asked for, else longer from time to time (`jitter`: 0 to 1).

        One that others opened meanwhile is opened no further, only for longer where that was asked for.
        """
        asked = retry_after(error)
        if not self.closed and self.probe_until is None:
            longer = max(self.open_until or now, now + asked) if asked else self.open_until
            return replace(self, open_until=longer)
        relapse = not self.closed or (self.closed_at is not None and now - self.closed_at < RELAPSE)
        openings = self.openings + 1 if relapse else 1
        grown = min(FIRST_PAUSE * 2.0 ** min(openings - 1, 10), LONGEST_PAUSE) * (0.8 + 0.2 * jitter)
        return replace(
            self,
            open_until=now + (asked or grown),
            since=self.since if not self.closed else now,
            openings=openings,
            probe_until=None,
            why=str(error),
        )

    def probed(self, until: datetime) -> Circuit:
        """The probe is somebody's until then."""
        return replace(self, probe_until=until)

    def shut(self, now: datetime) -> Circuit:
        """The system is there again."""
        return replace(self, open_until=None, since=None, probe_until=None, closed_at=now, why="")

    def allowance(self, now: datetime) -> int | None:
        """How many returns one sweep may set going: few after an outage, then twice as many; None for any number."""
        if self.closed_at is None or now - self.closed_at >= RAMP:
            return None
        # Whoever found it back may have a clock that is ahead.
        doublings = max(0, (now - self.closed_at) // _RAMP_DOUBLES)
        return _RAMP_FIRST << doublings
