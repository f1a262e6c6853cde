"""What came of a chaos, in numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.chaos.storm import Entry
from app.demo.report import Report


@dataclass(frozen=True, slots=True)
class Differing:
    """A difference that `bridge reconcile` named: how (doubled, missing, …), the document's key, both sides."""

    how: str
    key: str
    message: str


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What `bridge reconcile` found at the end."""

    compared: int
    differing: Sequence[Differing]


@dataclass(frozen=True, slots=True)
class ChaosReport:
    """The day's report, and what was done to it meanwhile.

    `times` and `hits` count by kind: how often it was made, and how many calls, webhooks or processes it hit.
    `impossible`: why a kind cannot be made on this system. `retries`: exceptions that a person would have retried, by
    code; the runner did, after the last fault. `heal_seconds`: from the end of the last fault until the bridge said
    that it was settled, and stayed so.
    """

    day: Report
    times: Mapping[str, int]
    hits: Mapping[str, int]
    impossible: Mapping[str, str]
    log: Sequence[Entry]
    retries: Mapping[str, int]
    reconciled: Reconciled
    heal_seconds: float | None

    @property
    def good(self) -> bool:
        """Whether nothing is missing, doubled, wrong or without an end, and reconciliation says the same."""
        return self.day.good and not self.reconciled.differing

    def as_json(self) -> dict[str, object]:
        """The file that ``--report`` writes."""
        return {
            **self.day.as_json(),
            "good": self.good,
            "chaos": {
                "kinds": len(self.times),
                "times": dict(self.times),
                "hits": dict(self.hits),
                "impossible": dict(self.impossible),
                "log": [entry.as_json() for entry in self.log],
            },
            "retries_by_a_person": dict(self.retries),
            "reconciled": {
                "compared": self.reconciled.compared,
                "differ": [
                    {"how": each.how, "key": each.key, "message": each.message} for each in self.reconciled.differing
                ],
            },
            "heal_seconds": None if self.heal_seconds is None else round(self.heal_seconds, 1),
        }
