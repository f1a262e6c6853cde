"""A chaos from its first fault to the recount, on a system that runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random

from app.chaos.fault import Fault
from app.chaos.plans import Plans
from app.chaos.report import ChaosReport, Differing, Reconciled
from app.chaos.schedule import write_schedule
from app.chaos.storm import Storm
from app.chaos.target import Target
from app.demo.bridge import Bridge, Settled
from app.demo.day import BLUECHERRY_FAULTS, REVENI_FAULTS, Day, Places
from app.demo.sandboxes import Sandboxes
from app.demo.script import PACE, Scene, write_script
from app.system.bridge import System
from app.system.errors import SystemFault

CAUSED = frozenset({"tries_used_up", "task_lost"})
"""Exceptions that faults may rightly cause: a person looks at them, and tries again when the fault is over."""
PATIENCE_SECONDS = 300.0
CALM_SECONDS = 75.0
"""Goods whose return nobody could name during the faults are looked for again within a minute."""
_RECONCILE_SECONDS = 300
_RECONCILE_TRIES = 10


class _Person:
    """Whoever is on call after the last fault: retries what the faults made the bridge give up. Counts it, by code."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self.retries: Counter[str] = Counter()
        self.settled_at: float | None = None

    def look(self, settled: Settled) -> None:
        """Notes since when the bridge is done, and retries then."""
        if not settled.done:
            self.settled_at = None
            return
        self.settled_at = self.settled_at or time.monotonic()
        caused = [row for row in self._bridge.open_exceptions() if row["code"] in CAUSED]
        if caused:
            self._bridge.retry([row["id"] for row in caused])
            self.retries.update(row["code"] for row in caused)
            self.settled_at = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: so many returns within so many minutes, and the kinds of faults that are made meanwhile."""

    returns: int
    seed: int
    minutes: float
    kinds: Sequence[Fault]


def play(
    wanted: Wanted,
    system: System,
    places: Places,
    *,
    tell: Callable[[str], None] = lambda _: None,
    on_scene: Callable[[Scene], None] = lambda _: None,
) -> ChaosReport:
    """Play the day, break what the kinds break, let a person look once all is over, and count again.

    Raises NotTaken, SystemFault and requests.RequestException as the day does.
    """
    script = write_script(wanted.returns, wanted.seed, datetime.now(UTC))
    seconds = wanted.minutes * 60
    day = Day(
        script,
        wanted.seed,
        places,
        speed=wanted.returns * PACE / seconds,
        tell=tell,
        on_scene=on_scene,
        patience=PATIENCE_SECONDS,
        calm=CALM_SECONDS,
    )
    day.prepare()
    rng = Random(wanted.seed)  # noqa: S311 - the same seed breaks the same things
    seed = {"seed": wanted.seed}
    plans = Plans(Sandboxes(places.bluecherry, places.reveni), BLUECHERRY_FAULTS | seed, REVENI_FAULTS | seed)
    target = Target(system, plans, rng)
    impossible = {kind.name: why for kind in wanted.kinds if (why := kind.needs(target))}
    kinds = [kind for kind in wanted.kinds if kind.name not in impossible]
    storm = Storm(write_schedule(kinds, seconds, rng), target)
    for name in target.spare_beats():
        system.halt(name)
    storm.start()
    day.play()
    tell("Waiting for the end of the last fault")
    storm.join()
    person = _Person(Bridge(places.receiver, places.api_token))
    report = day.finish(person.look)
    faults = {kind.removeprefix("bluecherry "): n for kind, n in plans.made().items() if kind.startswith("bluecherry ")}
    return ChaosReport(
        day=replace(report, faults=faults),
        times=storm.times,
        hits=storm.hits,
        impossible=impossible,
        log=storm.log,
        retries=person.retries,
        reconciled=reconcile(system),
        heal_seconds=None if person.settled_at is None else person.settled_at - storm.ended_at,
    )


def reconcile(system: System) -> Reconciled:
    """Run `bridge reconcile` as an operator would: again while BlueCherry, which has its usual faults, does not answer.

    Raises SystemFault when it could not read the books in many tries.
    """
    for _ in range(_RECONCILE_TRIES):
        done = subprocess.run(
            [sys.executable, "-c", "from app.cli import main; main()", "reconcile", "--json"],
            env={**os.environ, **system.environment},
            capture_output=True,
            text=True,
            timeout=_RECONCILE_SECONDS,
            check=False,
        )
        if done.returncode in (0, 1):
            break
    else:
        raise SystemFault(f"bridge reconcile ended with {done.returncode}: {done.stderr[-500:]}")
    readings = json.loads(done.stdout)
    return Reconciled(
        compared=sum(reading["compared"] for reading in readings),
        differing=[Differing(**each) for reading in readings for each in reading["differences"]],
    )
