"""The day from its first message to the recount, on a system that runs."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import requests

from app.demo.books import Books, ExceptionRow
from app.demo.bridge import Bridge, Settled
from app.demo.findings import Check
from app.demo.messenger import Messenger
from app.demo.player import Player
from app.demo.recount import recount
from app.demo.report import Report, count_documents, count_exceptions, latencies, without_end
from app.demo.sandboxes import Sandboxes
from app.demo.script import Scene, Script
from app.demo.station import Login, Station
from app.demo.world import JsonObject

BLUECHERRY_FAULTS: JsonObject = {
    "rate": {
        "latency": 0.02,
        "500": 0.01,
        "502": 0.005,
        "429": 0.01,
        "423": 0.01,
        "503": 0.005,
        "cut_before": 0.005,
        "cut_after": 0.01,
        "unreadable": 0.005,
    },
    "latency_ms": 150,
    "lookup_lag_seconds": 1.0,
    "batch_seconds": 0.5,
}
REVENI_FAULTS: JsonObject = {
    "lose": 0.01,
    "twice": 0.1,
    "late": 0.1,
    "late_seconds": [0.5, 3],
    "rate": {"500": 0.005, "429": 0.005, "cut_before": 0.005},
}
_WAYS = ("latency", "500", "502", "503_gateway", "504", "423", "429", "503", "cut_before", "cut_after", "unreadable")
_ASK_EVERY = 0.5
_CALM_SECONDS = 15.0
_STANDSTILL_SECONDS = 60.0
"""So long nothing may change in what the bridge has before it."""
_SECONDS_FOR_A_DAY, _SECONDS_FOR_A_RETURN = 120.0, 1.0
"""Longer than that, by the number of returns, a bridge is not waited for even if it moves."""


def each_fault(share: float) -> tuple[JsonObject, JsonObject]:
    """Plans for BlueCherry and Reveni by which this share of calls (0 to 0.09) fails in each way that there is."""
    rate = dict.fromkeys(_WAYS, share)
    bluecherry = {**BLUECHERRY_FAULTS, "rate": rate}
    return bluecherry, {**REVENI_FAULTS, "rate": rate, "lose": share, "twice": share, "late": share}


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything listens, and the keys to it. `logistics` is who receives goods at the receiving station."""

    bluecherry: str
    reveni: str
    receiver: str
    api_token: str
    secrets: Mapping[str, str]
    logistics: Login


class _End(NamedTuple):
    check: Check
    books: Books
    exceptions: Sequence[ExceptionRow]
    settled: Settled


class Day:
    """One day of the script on the system at `places`.

    `tell` hears what happens, `on_scene` of each scene's end. `faults`: the plans that BlueCherry and Reveni follow.
    `patience`: seconds for which a step waits for the bridge; `calm`: for which the bridge must have had nothing to do
    before books that are not right are called wrong.
    """

    def __init__(
        self,
        script: Script,
        seed: int,
        places: Places,
        *,
        speed: float = 1.0,
        tell: Callable[[str], None] = lambda _: None,
        on_scene: Callable[[Scene], None] = lambda _: None,
        faults: tuple[JsonObject, JsonObject] = (BLUECHERRY_FAULTS, REVENI_FAULTS),
        patience: float = 120.0,
        calm: float = _CALM_SECONDS,
    ) -> None:
        self._script = script
        self._seed = seed
        self._places = places
        self._tell = tell
        self._on_scene = on_scene
        self._faults = faults
        self._calm = calm
        station = Station(places.receiver, places.logistics)
        self._messenger = Messenger(places.bluecherry, places.reveni, places.receiver, places.secrets, station)
        self._player = Player(self._messenger, speed=speed, patience=patience)
        self._began = time.monotonic()
        self._sandboxes = Sandboxes(places.bluecherry, places.reveni)
        self._bridge = Bridge(places.receiver, places.api_token)

    def prepare(self) -> None:
        """Fills both sandboxes, and lets them misbehave."""
        self._sandboxes.seed_bluecherry(self._script.world.seed())
        self._sandboxes.open_stores(self._places.secrets, self._places.receiver)
        bluecherry, reveni = ({**plan, "seed": self._seed} for plan in self._faults)
        self._sandboxes.misbehave(bluecherry, reveni)

    def run(self) -> Report:
        """Plays it, waits until the bridge is done, counts again.

        Raises NotTaken when the receiver or a sandbox refuses what is played, requests.RequestException when one of
        them is gone.
        """
        self.play()
        return self.finish()

    def play(self) -> None:
        """Plays every scene. Raises NotTaken."""
        self._began = time.monotonic()
        self._player.play(self._script, self._on_scene)

    def finish(self, on_look: Callable[[Settled], None] = lambda _: None) -> Report:
        """Waits until the bridge is done, and counts again. `on_look` hears each time what the bridge says of itself.

        Raises requests.RequestException when the bridge or a sandbox is gone.
        """
        self._tell("Waiting until the bridge is done")
        self._sandboxes.flush_webhooks()
        end = self._wait(on_look)
        seconds = time.monotonic() - self._began
        outcomes = list(self._script.outcomes.values())
        states = self._bridge.states(outcomes)
        return Report(
            returns=len(outcomes),
            seed=self._seed,
            seconds=seconds,
            states=Counter(states.values()),
            without_end=without_end(states, end.exceptions),
            documents=count_documents(end.books),
            exceptions=count_exceptions(end.exceptions),
            faults=self._sandboxes.faults_made(),
            latencies=latencies(outcomes, end.books, self._messenger.taken),
            check=end.check,
            unsettled="" if end.settled.done else str(end.settled),
            stalled=self._player.stalled,
        )

    def _wait(self, on_look: Callable[[Settled], None]) -> _End:
        """Until the books are right and the bridge is done; or it is done for long, or gets no further.

        A message that Reveni lost is found by asking it, some time after all else is done: hence the calm. How long a
        day takes is the machine's matter: the bridge is waited for as long as what it has before it changes.
        """
        begin = time.monotonic()
        last = begin + _SECONDS_FOR_A_DAY + len(self._script.outcomes) * _SECONDS_FOR_A_RETURN
        deadline = begin + _STANDSTILL_SECONDS
        calm_since: float | None = None
        before: Settled | None = None
        while True:
            settled = self._settled()
            on_look(settled)
            now = time.monotonic()
            if settled != before:
                before, deadline = settled, min(last, now + _STANDSTILL_SECONDS)
            calm_since = (calm_since or now) if settled.done else None
            if settled.done or now > deadline:
                end = self._count(settled)
                calm = calm_since is not None and now - calm_since > self._calm
                if (end.check.clean and settled.done) or calm or now > deadline:
                    return end
            time.sleep(_ASK_EVERY)

    def _settled(self) -> Settled:
        try:
            return self._bridge.settled()
        except requests.RequestException:
            # Receivers may be killed and come back in a demo; the deadline decides.
            return Settled(settled=False, counts={})

    def _count(self, settled: Settled) -> _End:
        books, exceptions = self._sandboxes.books(), self._bridge.open_exceptions()
        check = recount(self._script, books, self._sandboxes.verdicts(), exceptions)
        return _End(check, books, exceptions, settled)
