"""Diagnosis: what figures of the bridge's health mean, in words, and what to do about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from app.domain.saying import say

CANARY_SECONDS = 30.0
"""How often beat sends a canary through every queue."""
STALE = 4 * CANARY_SECONDS
"""How long no canary may come through before something is wrong."""
_LONGEST = {"inbox": 60.0, "sweep": 120.0, "ledger": 600.0, "windows": 300.0}


@dataclass(frozen=True, slots=True)
class Lag:
    """How many wait for something that the bridge should have done, and for how many seconds the oldest of them."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Health:
    """How far behind the bridge is.

    `lags`: `inbox` (events that nobody took in), `sweep` (returns whose time has come), `ledger` (documents in
    doubt), `windows` (documents whose window has opened). `canaries`: seconds since a canary came through each queue;
    `books`: seconds since each connection's books were read, or since that was first tried. A queue or connection that
    is not there had none yet. `restored_to`: the moment to which the database was restored, as long as BlueCherry's
    list of documents since then is not read.
    """

    lags: Mapping[str, Lag]
    canaries: Mapping[str, float]
    books: Mapping[str, float]
    restored_to: datetime | None = None

    @property
    def beat(self) -> float | None:
        """Seconds since anything that beat sent came through; None when nothing ever did."""
        return min(self.canaries.values(), default=None)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong: what, and what to do."""

    what: str
    remedy: str


def findings(health: Health, queues: Collection[str], books_every: float) -> list[Finding]:
    """What the figures say is wrong; empty when all is well. Books are read every `books_every` seconds."""
    found = [_of_restore(health.restored_to)] if health.restored_to is not None else []
    found += _of_canaries(health.canaries, queues)
    for name, lag in health.lags.items():
        if lag.count and lag.seconds > _LONGEST[name]:
            found.append(_means(name, lag.count, spell(lag.seconds)))
    for connection, seconds in health.books.items():
        if seconds > 3 * books_every + STALE:
            what = say(
                "The books of %(connection)s have not been compared for %(time)s.",
                connection=connection,
                time=spell(seconds),
            )
            remedy = say(
                "Run bridge reconcile --connection %(connection)s: it says what is in the way.", connection=connection
            )
            found.append(Finding(what, remedy))
    return found


def _of_restore(restored_to: datetime) -> Finding:
    what = say(
        "The database was restored to %(moment)s UTC, and BlueCherry's list of documents since then is not read yet. "
        "Until it is, events and receipts are taken in, but no document is planned or sent, and no window opens.",
        moment=f"{restored_to.astimezone(UTC):%Y-%m-%d %H:%M}",
    )
    remedy = say("See that every BlueCherry connection answers and that a worker consumes the queue clock.")
    return Finding(what, remedy)


def _of_canaries(canaries: Mapping[str, float], queues: Collection[str]) -> list[Finding]:
    silent = [name for name in sorted(queues) if canaries.get(name, float("inf")) > STALE]
    if not silent:
        return []
    if len(silent) == len(queues):
        what = say("No task came through any queue lately.")
        return [Finding(what, say("See that beat, a worker and the broker run: without them nothing moves."))]
    names = ", ".join(silent)
    what = say("No task came through %(queues)s lately, through the other queues it did.", queues=names)
    return [Finding(what, say("A worker must consume %(queues)s (-Q), or is too busy: add workers.", queues=names))]


def _means(name: str, count: int, time: str) -> Finding:
    """What a lag means, and what to do about it."""
    told = {"count": count, "time": time}
    match name:
        case "inbox":
            return Finding(
                say("%(count)s events wait to be taken in, the oldest for %(time)s.", **told),
                say(
                    "See that Reveni answers and that a worker consumes the queue take-in: "
                    "the worker's log says what fails."
                ),
            )
        case "sweep":
            return Finding(
                say("%(count)s returns whose time has come were not picked up, the oldest for %(time)s.", **told),
                say(
                    "See that a worker consumes the queues clock and steps, and that it keeps up: "
                    "add workers if it does not."
                ),
            )
        case "ledger":
            return Finding(
                say(
                    "%(count)s documents are in doubt, the oldest for %(time)s: their look-ups do not go through.",
                    **told,
                ),
                say("See that BlueCherry answers; bridge returns show names the call that fails."),
            )
        case _:
            return Finding(
                say(
                    "The window of %(count)s documents has opened, the oldest %(time)s ago, "
                    "and they were not handed in.",
                    **told,
                ),
                say("See that a worker consumes the queue batches and that BlueCherry takes batches."),
            )


def spell(seconds: float) -> str:
    """A time in words that a person takes in at a glance."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h"
