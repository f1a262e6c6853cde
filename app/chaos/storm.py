"""The storm: carries the schedule out beside the day, undoes what it did, and writes down what happened when."""

from __future__ import annotations

import heapq
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field

import psutil
import psycopg
import redis
import requests
from kombu.exceptions import OperationalError

from app.chaos.fault import Fault, NotNow, Struck
from app.chaos.schedule import Planned
from app.chaos.target import Target
from app.system.errors import SystemFault

_AGAIN_SECONDS = 2.0
_TRIES = 40
_UNDO_TRIES = 60
# What a fault meets when another one hit the same thing a moment before.
_IN_THE_WAY = (
    NotNow,
    SystemFault,
    OSError,
    OperationalError,
    psutil.Error,
    psycopg.Error,
    redis.RedisError,
    requests.RequestException,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What was done, in seconds after the storm began: `struck`, `undone`, `skipped`. `hits`: how often it hit."""

    at: float
    kind: str
    did: str
    detail: str = ""
    hits: int = 0

    def as_json(self) -> dict[str, object]:
        """For the report."""
        return {**asdict(self), "at": round(self.at, 1)}


@dataclass(order=True)
class _Turn:
    at: float
    number: int
    fault: Fault = field(compare=False)
    struck: Struck | None = field(compare=False, default=None)
    tries: int = field(compare=False, default=0)


class Storm:
    """Strikes in a thread of its own. `times` and `hits` count by kind only what really happened."""

    def __init__(self, schedule: Sequence[Planned], target: Target) -> None:
        self._target = target
        self._turns = [_Turn(planned.at, number, planned.fault) for number, planned in enumerate(schedule)]
        heapq.heapify(self._turns)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="storm")
        self._running: Future[None] | None = None
        self._began = 0.0
        self.log: list[Entry] = []
        self.times: Counter[str] = Counter()
        self.hits: Counter[str] = Counter()
        self.ended_at = 0.0

    def start(self) -> None:
        """Begin."""
        self._began = time.monotonic()
        self._running = self._thread.submit(self._run)

    def join(self) -> None:
        """Wait until the last fault is undone. Raises what broke the storm itself."""
        if self._running is not None:
            self._running.result()
        self._thread.shutdown()

    def _run(self) -> None:
        try:
            while self._turns:
                turn = heapq.heappop(self._turns)
                time.sleep(max(0.0, self._began + turn.at - time.monotonic()))
                if turn.struck is None:
                    self._strike(turn)
                else:
                    self._undo(turn, turn.struck)
        finally:
            self.ended_at = time.monotonic()

    def _strike(self, turn: _Turn) -> None:
        fault = turn.fault
        try:
            struck = fault.strike(self._target)
        except _IN_THE_WAY as why:
            if turn.tries < _TRIES:
                self._push(turn, None, self._now() + _AGAIN_SECONDS)
            else:
                self._note(fault, "skipped", f"{type(why).__name__}: {why}")
            return
        self._note(fault, "struck", struck.detail, 0 if struck.undo else 1)
        if struck.undo is not None:
            self._push(turn, struck, self._now() + fault.seconds)

    def _undo(self, turn: _Turn, struck: Struck) -> None:
        try:
            hits = struck.undo() if struck.undo is not None else 0
        except _IN_THE_WAY as why:
            if turn.tries >= _UNDO_TRIES:
                raise SystemFault(f"{turn.fault.name} could not be undone: {why}") from why
            self._push(turn, struck, self._now() + _AGAIN_SECONDS)
            return
        self._note(turn.fault, "undone", "" if hits else "it hit nothing", hits)

    def _push(self, turn: _Turn, struck: Struck | None, at: float) -> None:
        tries = turn.tries + 1 if (struck is None) == (turn.struck is None) else 0
        heapq.heappush(self._turns, _Turn(at, turn.number, turn.fault, struck, tries))

    def _note(self, fault: Fault, did: str, detail: str, hits: int = 0) -> None:
        self.log.append(Entry(self._now(), fault.name, did, detail, hits))
        if hits:
            self.times[fault.name] += 1
            self.hits[fault.name] += hits

    def _now(self) -> float:
        return time.monotonic() - self._began
