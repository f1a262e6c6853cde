"""Faults on demand: which call is answered late, wrongly or not at all, drawn from a seed."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from app.sandbox.http import Answer, Cut, Reply
from app.sandbox.json import Json, JsonObject

# In these the call may have been carried out or not: the caller cannot tell, so a coin decides.
_DOUBTFUL = frozenset({"500", "502", "503_gateway", "504"})
_REFUSING = frozenset({"423", "429", "503"})
KINDS = ("latency", "cut_before", "cut_after", "unreadable", *sorted(_DOUBTFUL), *sorted(_REFUSING))

# Builds the answer of a kind of fault ("429") in the server's own error shape.
Spoilt = Callable[[str], Answer]


class FaultPlanError(ValueError):
    """A plan that cannot be followed."""


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """How often each kind of fault is made (`rate`: share of calls, 0 to 1), and how long what is late takes.

    `latency` comes beside the other kinds, of which a call suffers one at most. `only` names the calls that may
    suffer (``POST /credit_memos``); None means all.
    """

    rate: dict[str, float] = field(default_factory=dict)
    latency_ms: float = 150
    base_latency_ms: float = 0
    outage_seconds: float = 0
    only: frozenset[str] | None = None
    seed: int = 0

    @classmethod
    def from_json(cls, body: JsonObject) -> FaultPlan:
        """A plan out of its JSON; keys of other things in the same object are left alone. Raises FaultPlanError."""
        rates = body.get("rate") or {}
        if not isinstance(rates, dict):
            raise FaultPlanError("rate must be an object of shares by kind")
        if unknown := set(rates) - set(KINDS):
            raise FaultPlanError(f"rate knows no {', '.join(sorted(unknown))}; it knows {', '.join(KINDS)}")
        rate = {kind: number(rates, kind, 0) for kind in rates}
        if sum(share for kind, share in rate.items() if kind != "latency") > 1 or rate.get("latency", 0) > 1:
            raise FaultPlanError("the shares add up to more than 1")
        only = body.get("only")
        if only is not None and not isinstance(only, list):
            raise FaultPlanError("only must be a list of calls")
        return cls(
            rate=rate,
            latency_ms=number(body, "latency_ms", 150),
            base_latency_ms=number(body, "base_latency_ms", 0),
            outage_seconds=number(body, "outage_seconds", 0),
            only=None if only is None else frozenset(str(call) for call in only),
            seed=int(number(body, "seed", 0)),
        )

    def as_json(self) -> dict[str, Json]:
        """The plan as it was posted."""
        return {
            "rate": dict(self.rate),
            "latency_ms": self.latency_ms,
            "base_latency_ms": self.base_latency_ms,
            "outage_seconds": self.outage_seconds,
            "only": None if self.only is None else sorted(self.only),
            "seed": self.seed,
        }


def number(body: JsonObject, name: str, default: float) -> float:
    """A number of a plan that is not negative, or the default. Raises FaultPlanError."""
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise FaultPlanError(f"{name} must be a number, not below 0")
    return value


class Faults:
    """Follows a plan, and counts what it did by kind (`made_anyway`: 5xx after the call was carried out)."""

    def __init__(self, spoilt: Spoilt, now: Callable[[], datetime]) -> None:
        self._spoilt = spoilt
        self._now = now
        self.follow(FaultPlan())

    def follow(self, plan: FaultPlan) -> None:
        """Replaces the plan, and begins to count anew."""
        self.plan = plan
        self.made: Counter[str] = Counter()
        self._random = random.Random(plan.seed)
        self._outage_ends = self._now() + timedelta(seconds=plan.outage_seconds)

    def reply(self, call: str, carry_out: Callable[[], Answer]) -> Reply:
        """Carries a call out, or does to it what the plan asks for."""
        plan = self.plan
        if plan.outage_seconds and (left := (self._outage_ends - self._now()).total_seconds()) > 0:
            self.made["outage"] += 1
            return Reply(self._refusal("503", math.ceil(left)))
        if not plan.rate or (plan.only is not None and call not in plan.only):
            return Reply(carry_out(), plan.base_latency_ms / 1000)
        delay = plan.base_latency_ms
        if self._random.random() < plan.rate.get("latency", 0):
            self.made["latency"] += 1
            delay += plan.latency_ms
        kind = self._draw()
        if kind is None:
            return Reply(carry_out(), delay / 1000)
        self.made[kind] += 1
        return self._spoil(kind, carry_out, delay / 1000)

    def _draw(self) -> str | None:
        drawn = self._random.random()
        for kind, share in self.plan.rate.items():
            if kind == "latency":
                continue
            if drawn < share:
                return kind
            drawn -= share
        return None

    def _spoil(self, kind: str, carry_out: Callable[[], Answer], delay: float) -> Reply:
        if kind in _REFUSING:
            return Reply(self._refusal(kind, 1), delay)
        if kind in _DOUBTFUL:
            if self._random.random() < 0.5:
                carry_out()
                self.made["made_anyway"] += 1
            return Reply(self._spoilt(kind), delay)
        if kind == "cut_before":
            return Reply(Answer(500, b""), delay, Cut.SILENT)
        answer = carry_out()
        if kind == "cut_after":
            return Reply(answer, delay, self._random.choice((Cut.SILENT, Cut.HALFWAY)))
        # Unreadable: whole by its length, and yet no JSON.
        return Reply(Answer(answer.status, answer.body[: len(answer.body) // 2] or b"{"), delay)

    def _refusal(self, kind: str, seconds: int) -> Answer:
        answer = self._spoilt(kind)
        if kind == "423":
            return answer
        # HTTP lets Retry-After be either; a caller must read both.
        after = str(seconds)
        if self._random.random() < 0.5:
            after = format_datetime(self._now().astimezone(UTC) + timedelta(seconds=seconds), usegmt=True)
        return Answer(answer.status, answer.body, answer.content_type, {**answer.headers, "Retry-After": after})
