"""The plans that both sandboxes follow: the day's own, and over them what the faults of this moment ask for."""

from __future__ import annotations

import threading
from collections import Counter
from typing import cast

from app.demo.sandboxes import Sandboxes
from app.demo.world import JsonObject

_AT_A_TIME = 2


def _asked(plan: JsonObject) -> set[str]:
    return {*plan, *cast(dict[str, object], plan.get("rate") or {})} - {"rate"}


class Plans:
    """Lays plans over the day's own and takes them off again; counts what the sandboxes made of all of them.

    A sandbox begins to count anew with each plan that it is given, hence the sums here.
    """

    def __init__(self, sandboxes: Sandboxes, bluecherry: JsonObject, reveni: JsonObject) -> None:
        self.sandboxes = sandboxes
        self._base = {"bluecherry": bluecherry, "reveni": reveni}
        self._over: dict[str, dict[str, JsonObject]] = {"bluecherry": {}, "reveni": {}}
        self._past: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._seed = int(cast(int, bluecherry.get("seed", 0)))

    def lay(self, side: str, name: str, plan: JsonObject) -> None:
        """Let a side follow this too, until ``lift``."""
        with self._lock:
            self._over[side][name] = plan
            self._follow()

    def lift(self, side: str, name: str) -> None:
        """Take what a fault laid over the plan off again."""
        with self._lock:
            self._over[side].pop(name, None)
            self._follow()

    def free(self, side: str, plan: JsonObject) -> bool:
        """Whether a plan can be laid: two of a side at most, and none that asks for the same as another."""
        laid = list(self._over[side].values())
        return len(laid) < _AT_A_TIME and not any(_asked(plan) & _asked(other) for other in laid)

    def made(self) -> Counter[str]:
        """Everything that the sandboxes made so far, by kind: ``bluecherry 429``, ``reveni 500``, ``webhooks lost``."""
        with self._lock:
            return self._past + self._made_now()

    def _made_now(self) -> Counter[str]:
        made: Counter[str] = Counter()
        for side, counts in (
            ("bluecherry", self.sandboxes.faults_made()),
            ("reveni", self.sandboxes.reveni_faults_made()),
            ("webhooks", self.sandboxes.webhooks()),
        ):
            made.update({f"{side} {name}": count for name, count in counts.items() if name != "pending"})
        return made

    def _follow(self) -> None:
        self._past += self._made_now()
        self._seed += 1
        bluecherry, reveni = (self._merged(side) for side in ("bluecherry", "reveni"))
        self.sandboxes.misbehave({**bluecherry, "seed": self._seed}, {**reveni, "seed": self._seed})

    def _merged(self, side: str) -> JsonObject:
        plan = dict(self._base[side])
        rate = dict(cast(dict[str, object], plan.get("rate") or {}))
        for over in self._over[side].values():
            rate |= cast(dict[str, object], over.get("rate") or {})
            plan |= over
        return {**plan, "rate": rate}
