"""A limit on how much one source may send."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

_BURST_SECONDS = 2.0


class Throttle:
    """At most `per_second` events of each source in the long run, and two seconds' worth at once. 0: no limit.

    Sources are the configured stores and sites, so their number is small.
    """

    def __init__(self, per_second: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = per_second
        self._clock = clock
        self._lock = threading.Lock()
        # The theoretical arrival time of the generic cell rate algorithm: one number per source, no counters.
        self._due: dict[tuple[str, str], float] = {}

    def seconds_to_wait(self, source: tuple[str, str]) -> int:
        """0 when the source may send now, and counts it; else whole seconds after which it may try again."""
        if not self._rate:
            return 0
        with self._lock:
            now = self._clock()
            due = max(self._due.get(source, now), now)
            ahead = due - now
            if ahead + 1 / self._rate > _BURST_SECONDS:
                return math.ceil(ahead + 1 / self._rate - _BURST_SECONDS)
            self._due[source] = due + 1 / self._rate
            return 0
