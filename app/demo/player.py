"""Plays the script: scenes side by side, each step by step, at its time."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from app.demo.script import Scene, Script
from app.demo.steps import Step

_HANDS = 12
_SOONEST = 0.25
_LATEST = 15.0


def look_again(waited: float) -> float:
    """Seconds until a step that has waited so long is looked at again.

    A quarter of that time, so that a day of thousands of returns that wait does not keep BlueCherry busy with
    questions; and within bounds, so that a long day does not wait for nothing at its end.
    """
    return min(_LATEST, max(_SOONEST, waited / 4))


@dataclass(frozen=True, slots=True)
class Stalled:
    """A step that waited in vain while the bridge did nothing else either; its scene ends there."""

    kind: str
    step: Step


class CarriesOut(Protocol):
    """Who carries steps out."""

    def carry_out(self, step: Step) -> bool:
        """Does it; False when it must wait, to be tried again."""


@dataclass(order=True)
class _Turn:
    """When a scene goes on, and where it stands."""

    due: float
    number: int
    scene: Scene = field(compare=False)
    place: int = field(compare=False, default=0)
    since: float = field(compare=False, default=0.0)


class Player:
    """Plays scenes side by side, each step by step. `stalled` holds the steps that were waited for in vain.

    A bridge that has much to do is waited for as long as it does something: `patience` is how long nothing at all that
    any scene waits for may come.
    """

    def __init__(self, messenger: CarriesOut, *, speed: float = 1.0, patience: float = 120.0) -> None:
        self._messenger = messenger
        self._speed = speed
        self._patience = patience
        self._turns: list[_Turn] = []
        self._playing = 0
        self._over = False
        self._moved = 0.0
        self._changed = threading.Condition()
        self.stalled: list[Stalled] = []

    def play(self, script: Script, on_scene: Callable[[Scene], None] = lambda _: None) -> None:
        """Plays everything and returns when the last step is done. Raises NotTaken."""
        begin = time.monotonic()
        self._turns = [
            _Turn(begin + scene.start / self._speed, number, scene)
            for number, scene in enumerate(script.scenes)
            if scene.steps
        ]
        heapq.heapify(self._turns)
        with ThreadPoolExecutor(_HANDS, thread_name_prefix="player") as pool:
            try:
                for hand in [pool.submit(self._work, on_scene) for _ in range(_HANDS)]:
                    hand.result()
            finally:
                # One hand failed, or Ctrl-C: the others must not play on.
                self._end()

    def _work(self, on_scene: Callable[[Scene], None]) -> None:
        try:
            while (turn := self._next()) is not None:
                following = self._step(turn)
                with self._changed:
                    self._playing -= 1
                    if following is not None:
                        heapq.heappush(self._turns, following)
                    self._changed.notify_all()
                if following is None:
                    on_scene(turn.scene)
        except Exception:
            self._end()
            raise

    def _end(self) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def _next(self) -> _Turn | None:
        """The turn that is due, once it is; None when the day is over."""
        with self._changed:
            while not self._over and (self._turns or self._playing):
                wait = self._turns[0].due - time.monotonic() if self._turns else None
                if wait is not None and wait <= 0:
                    self._playing += 1
                    return heapq.heappop(self._turns)
                self._changed.wait(wait)
            return None

    def _step(self, turn: _Turn) -> _Turn | None:
        now = time.monotonic()
        step = turn.scene.steps[turn.place]
        if not self._messenger.carry_out(step):
            since = turn.since or now
            if now - max(since, self._moved) > self._patience:
                self.stalled.append(Stalled(turn.scene.kind, step))
                return None
            return _Turn(now + look_again(now - since), turn.number, turn.scene, turn.place, since)
        if turn.since:
            self._moved = now
        if turn.place + 1 == len(turn.scene.steps):
            return None
        gap = turn.scene.steps[turn.place + 1].gap / self._speed
        return _Turn(time.monotonic() + gap, turn.number, turn.scene, turn.place + 1)
