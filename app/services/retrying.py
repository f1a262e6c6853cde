"""Retrying: whether an answer counts as a try, and how long to wait before the next one."""

from __future__ import annotations

import random

from app.calls import CallError, TryLater
from app.services.outside import Outside

_SPREAD_SECONDS = 5.0


class NotSent(CallError):
    """Something before the call went wrong: it is certain that nothing was sent."""


class LeaseRanOut(NotSent):
    """The lease ended before the call was begun: another worker may have the document by now."""


def counts(error: CallError) -> bool:
    """Whether an answer is a try: BlueCherry being busy or away as a whole says nothing of the document."""
    if isinstance(error, LeaseRanOut):
        return False
    return not (isinstance(error, TryLater) and error.kind in ("throttled", "processing", "unreachable", "paused"))


def grown(tries: int, outside: Outside) -> float:
    """Seconds until the next try after so many: doubled each time, varied by chance, never above the longest."""
    retry = outside.config.retry
    exponent = min(max(tries - 1, 0), 30)
    delay = min(retry.first_delay.total_seconds() * 2.0**exponent, retry.longest_delay.total_seconds())
    return delay * random.uniform(0.5, 1.5)  # noqa: S311 - jitter, no secret


def backoff(tries: int, error: CallError, outside: Outside) -> float:
    """Seconds until the next try: doubled each time, varied by chance, never before Retry-After and soon after it.

    It needs no wide spread: what waits for a system that was away is set going by the sweep, a little at a time.
    """
    asked = error.retry_after.total_seconds() if isinstance(error, TryLater) and error.retry_after else 0.0
    spread = min(asked * 0.2, _SPREAD_SECONDS)
    return max(asked, grown(tries, outside)) + random.uniform(0.0, spread)  # noqa: S311 - jitter, no secret
