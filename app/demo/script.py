"""The day's script: which scenes are played, and when each begins, all from one seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random

from app.demo.brand import store_of
from app.demo.expect import Incident, Outcome
from app.demo.scenes import KINDS
from app.demo.scenes.kind import Kind
from app.demo.steps import Step
from app.demo.tale import Stage
from app.demo.world import World

ALL_KINDS_FROM = 100
"""From so many returns on, every kind of scene is played at least once."""
PACE = 0.05
"""Seconds of the day per return."""
_INCIDENTS = 0.03
"""Messages that belong to no return, per return."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Steps that follow each other; scenes run side by side. `start` in seconds after the day's beginning."""

    kind: str
    start: float
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """The whole day: what to seed, what to play, what must stand in the end (by return id)."""

    world: World
    scenes: tuple[Scene, ...]
    outcomes: Mapping[str, Outcome]
    incidents: tuple[Incident, ...]


def write_script(returns: int, seed: int, now: datetime) -> Script:
    """A day of so many returns. The same seed tells the same day; only its dates follow `now` (aware)."""
    rng = Random(seed)
    world = World(rng, now.date())
    scenes: list[Scene] = []
    outcomes: dict[str, Outcome] = {}
    incidents: list[Incident] = []
    for kind in _kinds(returns, rng):
        store = store_of(rng.choices(kind.stores, [store_of(name).share for name in kind.stores])[0])
        stage = Stage(world, rng, store, now, kind.name)
        kind.tell(stage)
        scenes.append(Scene(kind.name, rng.uniform(0, returns * PACE), tuple(stage.steps)))
        outcomes.update((tale.id, tale.outcome) for tale in stage.tales)
        incidents += stage.incidents
    return Script(world, tuple(sorted(scenes, key=lambda scene: scene.start)), outcomes, tuple(incidents))


def _kinds(returns: int, rng: Random) -> Iterator[Kind]:
    told = [kind for kind in KINDS if kind.returns]
    left = returns
    if returns >= ALL_KINDS_FROM:
        yield from KINDS
        left -= sum(kind.returns for kind in told)
    while left > 0:
        fitting = [kind for kind in told if kind.returns <= left]
        [kind] = rng.choices(fitting, [kind.weight for kind in fitting])
        left -= kind.returns
        yield kind
    untold = [kind for kind in KINDS if not kind.returns]
    yield from rng.choices(untold, [kind.weight for kind in untold], k=int(returns * _INCIDENTS))
