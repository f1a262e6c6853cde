"""Circuits: one per system outside, in the database, shared by all processes; and the gate of every call.

Each process counts the answers that it gets, and looks about once a second at what the others found. Nothing is written
as long as a system is there.
"""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.calls import CallError, TryLater
from app.circuit import Circuit, Run, Sign, sign_of
from app.db.engine import DatabaseNotSet, transaction
from app.db.tables.upkeep import CircuitRow
from app.http import Gate

_FRESH_SECONDS = 1.0
_PROBE = timedelta(seconds=30)
"""How long a probe is one process's. Longer than a call takes; one whose process died is made again after it."""
_SLOTS = timedelta(seconds=0.25)
"""Calls of about so long are taken together from the rate of a connection: a round trip for many calls."""
_LONGEST_QUEUE = timedelta(minutes=10)
"""A turn that is farther away was taken by a clock that is ahead: calls would not queue for so long."""
_SHUT = Circuit()

log = structlog.get_logger(__name__)


class Circuits:
    """The circuits as one process sees them. Safe between threads.

    `now` is the bridge's clock, `wait` waits so many seconds for a turn, `fresh` is how old (seconds) a view may be.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        wait: Callable[[float], None] = time.sleep,
        fresh: float = _FRESH_SECONDS,
    ) -> None:
        self._now = now
        self._wait = wait
        self._fresh = fresh
        self._lock = threading.Lock()
        self._turns_lock = threading.Lock()
        self._looked_at: float | None = None
        self._view: Mapping[str, Circuit] = {}
        self._runs: dict[str, Run] = defaultdict(Run)
        self._turns: dict[str, list[datetime]] = defaultdict(list)
        self._probing = threading.local()

    def gate(self, name: str, calls_per_second: int | None = None) -> Gate:
        """The gate of one system's calls."""
        return partial(self._pass, name, calls_per_second)

    def of(self, name: str) -> Circuit:
        """The circuit of one system, at most about a second old."""
        return self._look().get(name, _SHUT)

    def ready(self, name: str, ask: Callable[[], object]) -> bool:
        """Whether calls to a system pass now. One whose pause is over is asked first, by one process at a time."""
        circuit = self.of(name)
        if circuit.closed:
            return True
        if not circuit.probe_is_due(self._now()) or not self._take_probe(name):
            return False
        self._probing.name = name
        try:
            ask()
        except CallError as error:
            log.info("circuit.probed", name=name, answer=str(error))
        finally:
            self._probing.name = None
        return self.of(name).closed

    def close(self, name: str) -> None:
        """Close a circuit because a person says so; a system that is still away opens it again."""
        self._change(name, lambda circuit: circuit.shut(self._now()))

    @contextmanager
    def _pass(self, name: str, calls_per_second: int | None, call: str, seconds: float) -> Iterator[None]:
        probe = getattr(self._probing, "name", None) == name
        circuit = self.of(name)
        if not circuit.closed and not probe:
            raise TryLater(call, "paused", self._left(circuit))
        if calls_per_second is not None:
            self._take_turn(name, calls_per_second, call, seconds)
        began = self._now()
        try:
            yield
        except CallError as error:
            self._ended(name, began, error)
            raise
        self._ended(name, began, None)

    def _left(self, circuit: Circuit) -> timedelta:
        return max((circuit.open_until or self._now()) - self._now(), timedelta(seconds=1))

    def _ended(self, name: str, began: datetime, error: CallError | None) -> None:
        """Take note of how a call ended, unless it began before the system came back."""
        probe = getattr(self._probing, "name", None) == name
        circuit = self.of(name)
        if circuit.closed_at is not None and began < circuit.closed_at:
            return
        with self._lock:
            self._runs[name] = run = self._runs[name].after(error)
        if error is None or sign_of(error) is Sign.THERE:
            if probe:
                self._change(name, lambda circuit: circuit.shut(self._now()))
        elif probe or run.opens(error):
            jitter = random.random()  # noqa: S311 - jitter, no secret
            self._change(name, lambda circuit: circuit.opened(self._now(), error, jitter))
            with self._lock:
                self._runs[name] = Run()

    def _take_probe(self, name: str) -> bool:
        now = self._now()
        taken: list[bool] = []

        def take(circuit: Circuit) -> Circuit:
            if not circuit.probe_is_due(now):
                return circuit
            taken.append(True)
            return circuit.probed(now + _PROBE)

        self._change(name, take)
        return bool(taken)

    def _take_turn(self, name: str, calls_per_second: int, call: str, seconds: float) -> None:
        """Wait for this call's turn. Raises TryLater when it would come too late for the call's time."""
        with self._turns_lock:
            now = self._now()
            # A moment that passed unused is gone: many of them together would be a burst.
            turns = [turn for turn in self._turns[name] if turn > now - _SLOTS]
            turns = turns or self._next_turns(name, calls_per_second)
            wait = (turns[0] - now).total_seconds()
            # Half of its time is the call's own.
            too_late = wait > seconds / 2
            self._turns[name] = turns if too_late else turns[1:]
        if too_late:
            raise TryLater(call, "paused", timedelta(seconds=wait))
        if wait > 0:
            self._wait(wait)

    def _next_turns(self, name: str, calls_per_second: int) -> list[datetime]:
        """The next free moments for calls, taken from those of all processes."""
        apart = timedelta(seconds=1) / calls_per_second
        count = max(1, int(_SLOTS / apart))
        with transaction() as session:
            row = _locked(session, name)
            now = self._now()
            first = max(row.next_call_at or now, now)
            if first - now > _LONGEST_QUEUE:
                first = now
            row.next_call_at = first + apart * count
        return [first + apart * n for n in range(count)]

    def _change(self, name: str, change: Callable[[Circuit], Circuit]) -> None:
        """Move a circuit on by what it is in the database now. What a call found is not lost because that is away."""
        try:
            with transaction() as session:
                row = _locked(session, name)
                before = _circuit(row)
                after = change(before)
                for field in ("open_until", "since", "openings", "probe_until", "closed_at", "why"):
                    setattr(row, field, getattr(after, field))
        except (SQLAlchemyError, DatabaseNotSet) as error:
            log.warning("circuit.not_written", name=name, error=type(error).__name__)
            return
        with self._lock:
            self._view = {**self._view, name: after}
        if before.closed and not after.closed:
            log.warning("circuit.opened", name=name, until=after.open_until, why=after.why)
        elif after.closed and not before.closed:
            log.warning("circuit.closed", name=name, away_since=before.since)

    def _look(self) -> Mapping[str, Circuit]:
        with self._lock:
            now = time.monotonic()
            if self._looked_at is not None and now - self._looked_at < self._fresh:
                return self._view
            # The others go on with the old view meanwhile.
            self._looked_at = now
        try:
            with transaction() as session:
                view = {row.name: _circuit(row) for row in session.scalars(select(CircuitRow))}
        except (SQLAlchemyError, DatabaseNotSet) as error:
            log.warning("circuit.not_read", error=type(error).__name__)
            return self._view
        with self._lock:
            self._view = view
        return view


def all_circuits() -> dict[str, Circuit]:
    """Every circuit that was ever opened, as the database has it."""
    with transaction() as session:
        return {row.name: _circuit(row) for row in session.scalars(select(CircuitRow).order_by(CircuitRow.name))}


def _locked(session: Session, name: str) -> CircuitRow:
    session.execute(insert(CircuitRow).values(name=name).on_conflict_do_nothing())
    return session.get_one(CircuitRow, name, with_for_update=True)


def _circuit(row: CircuitRow) -> Circuit:
    return Circuit(row.open_until, row.since, row.openings, row.probe_until, row.closed_at, row.why)
