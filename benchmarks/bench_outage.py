"""BlueCherry away for minutes while returns come in: what it costs, and how soon all is settled afterwards.

    make bench-outage ARGS="--seconds 600 --per-second 20 --report outage.json"

The whole system runs, as `bridge run` starts it, between both sandboxes. Signed events come at a steady pace through
the receiver: for a while as on any day, then while BlueCherry is away. Then nothing more comes, and the clock runs
until `/api/settled` says so. The books are counted again as the demo does it.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import click
import requests

from app.commands._staff import make_staff
from app.demo.brand import FED, store_of
from app.demo.bridge import Bridge
from app.demo.config import make_secrets, write_config
from app.demo.day import Places
from app.demo.expect import Outcome
from app.demo.findings import Check
from app.demo.recount import recount
from app.demo.sandboxes import Sandboxes, bluecherry_part, reveni_part
from app.demo.script import Scene, Script
from app.demo.station import Login
from app.demo.steps import Put, Report
from app.demo.tale import Stage
from app.demo.world import JsonObject, World
from app.system.bridge import System, SystemConfig
from app.system.network import LOOPBACK, free_port
from benchmarks.pace import Delivery, send_at_a_pace
from benchmarks.watch import Watch

_CALM: JsonObject = {"lookup_lag_seconds": 1.0, "batch_seconds": 0.5}
_APART = 20.0
"""Seconds between the events of one return."""
_ASK_EVERY = 1.0


def announced(stage: Stage) -> None:
    """A return is asked for; nothing has come yet."""
    tale = stage.tale(stage.order(), instant=False)
    tale.put("in_progress", "return.created")
    tale.authorised("A")


def whole(stage: Stage) -> None:
    """A return is asked for, comes in and is accepted."""
    tale = stage.tale(stage.order(), instant=False)
    tale.put("in_progress", "return.created")
    tale.arrive(grade="A", by=stage.rng.choice(("return_id", "tracking_number")))
    tale.accept()
    tale.authorised("R")
    tale.credited()


STORIES: dict[str, Callable[[Stage], None]] = {"announced": announced, "whole": whole}


@dataclass(frozen=True, slots=True)
class Setting:
    """What is played; the options say what each means."""

    seconds: int
    quiet: int
    per_second: float
    story: str
    outage: str
    processes: int
    seed: int


@dataclass(slots=True)
class Figures:
    """What was measured. Latencies in milliseconds, memory in MiB, times in seconds."""

    setting: dict[str, object]
    returns: int = 0
    events: int = 0
    quiet_p50_ms: float = 0
    quiet_p99_ms: float = 0
    outage_p50_ms: float = 0
    outage_p99_ms: float = 0
    not_answered_200: int = 0
    calls_during_outage: int | None = None
    seconds_to_settle: float | None = None
    returns_per_second_afterwards: float | None = None
    missing: int = 0
    doubled: int = 0
    wrong: int = 0
    findings: list[dict[str, object]] = field(default_factory=list)
    watched: dict[str, object] = field(default_factory=dict)


def tell(story: str, events: int, seed: int) -> tuple[Script, list[Put | Report]]:
    """Returns of one story that make at least so many events, and the events in the order in which they come."""
    now, rng = datetime.now(UTC), Random(seed)
    world = World(rng, now.date())
    scenes: list[Scene] = []
    outcomes: dict[str, Outcome] = {}
    coming: list[tuple[float, int, Put | Report]] = []
    while len(coming) < events:
        store = store_of(rng.choices(FED, [store_of(name).share for name in FED])[0])
        stage = Stage(world, rng, store, now, story)
        STORIES[story](stage)
        scenes.append(Scene(story, 0.0, tuple(stage.steps)))
        outcomes.update((tale.id, tale.outcome) for tale in stage.tales)
        for place, step in enumerate(stage.steps):
            assert isinstance(step, Put | Report)
            coming.append((len(coming) + place * _APART * 20, len(coming), step))
    return Script(world, tuple(scenes), outcomes, ()), [step for _, _, step in sorted(coming, key=lambda x: x[:2])]


@contextmanager
def running(directory: Path, processes: int) -> Iterator[tuple[System, Places]]:
    """The whole system with its usual settings, between both sandboxes."""
    secrets, bluecherry, reveni = make_secrets(), free_port(), free_port()
    sides = {"bluecherry": f"http://{LOOPBACK}:{bluecherry}", "reveni": f"http://{LOOPBACK}:{reveni}"}
    config = directory / "bridge.toml"
    write_config(config, sides["bluecherry"], sides["reveni"])
    # The demo is in a hurry; here the defaults of retries and sweep are measured.
    config.write_text(config.read_text().partition("[retry]")[0])
    system = System(
        SystemConfig(
            data=directory / "data",
            config=config,
            environment=secrets,
            flower=False,
            worker_processes=processes,
            companions=(bluecherry_part(bluecherry, secrets), reveni_part(reveni)),
        )
    )
    with system:
        urls, logistics = system.urls, Login("logistics", make_staff(system))
        places = Places(**sides, receiver=urls.receiver, api_token=urls.api_token, secrets=secrets, logistics=logistics)
        yield system, places


@contextmanager
def away(how: str, seconds: float, system: System, sandboxes: Sandboxes) -> Iterator[None]:
    """BlueCherry is away: it answers 503 with Retry-After, or it does not answer at all."""
    if how == "busy":
        sandboxes.misbehave({**_CALM, "outage_seconds": seconds}, {})
        yield
        return
    os.kill(system.pid("bluecherry"), signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(system.pid("bluecherry"), signal.SIGCONT)


def wait_until_settled(bridge: Bridge, seconds: float, tell: Callable[[str], None]) -> float | None:
    """Seconds until nothing is left to do; None when it took longer than that."""
    begin = time.monotonic()
    told = begin
    while (passed := time.monotonic() - begin) < seconds:
        try:
            settled = bridge.settled()
        except requests.RequestException:
            continue
        if settled.done:
            return passed
        if time.monotonic() - told > 10:
            told = time.monotonic()
            tell(f"{passed:.0f} s after the end: {settled}")
        time.sleep(_ASK_EVERY)
    return None


def measure(setting: Setting, tell_it: Callable[[str], None]) -> Figures:
    """Play it once on a system of its own, in a directory that goes afterwards."""
    script, events = tell(setting.story, int(setting.per_second * (setting.quiet + setting.seconds)), setting.seed)
    figures = Figures(asdict(setting), returns=len(script.outcomes), events=len(events))
    with tempfile.TemporaryDirectory(prefix="bridge-bench-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        with running(directory, setting.processes) as (system, places):
            sandboxes = Sandboxes(places.bluecherry, places.reveni)
            bridge = Bridge(places.receiver, places.api_token)
            sandboxes.seed_bluecherry(script.world.seed())
            # Without the webhooks of the sandbox: the events are sent, and measured, from here.
            sandboxes.open_stores(places.secrets, places.receiver)
            sandboxes.misbehave(_CALM, {})
            with Watch(system) as watch:
                count = int(setting.per_second * setting.quiet)
                tell_it(f"{count} events while all is well")
                before = send_at_a_pace(events[:count], setting.per_second, places)
                watch.mark("outage begins")
                with away(setting.outage, setting.seconds, system, sandboxes):
                    ends = time.monotonic() + setting.seconds
                    tell_it(f"{len(events) - count} events while BlueCherry is away")
                    during = send_at_a_pace(events[count:], setting.per_second, places)
                    time.sleep(max(0.0, ends - time.monotonic()))
                    if setting.outage == "busy":
                        figures.calls_during_outage = sandboxes.faults_made().get("outage", 0)
                    left = bridge.settled()
                watch.mark("outage ends")
                tell_it(f"BlueCherry is back: {left}")
                figures.seconds_to_settle = wait_until_settled(bridge, 1800, tell_it)
                watch.mark("settled")
            check = recount(script, sandboxes.books(), sandboxes.verdicts(), bridge.open_exceptions())
    _latencies(figures, before, during)
    _counts(figures, check)
    if figures.seconds_to_settle:
        backlog = len(script.outcomes) * setting.seconds / (setting.quiet + setting.seconds)
        figures.returns_per_second_afterwards = round(backlog / figures.seconds_to_settle, 1)
        figures.seconds_to_settle = round(figures.seconds_to_settle, 1)
    figures.watched = watch.as_json()
    return figures


def _latencies(figures: Figures, before: list[Delivery], during: list[Delivery]) -> None:
    for name, deliveries in (("quiet", before), ("outage", during)):
        taken = sorted(delivery.milliseconds for delivery in deliveries)
        setattr(figures, f"{name}_p50_ms", round(statistics.median(taken), 2))
        setattr(figures, f"{name}_p99_ms", round(taken[int(0.99 * len(taken))], 2))
    figures.not_answered_200 = sum(delivery.status != 200 for delivery in (*before, *during))


def _counts(figures: Figures, check: Check) -> None:
    figures.missing, figures.doubled, figures.wrong = (check.count(w) for w in ("missing", "doubled", "wrong"))
    figures.findings = [finding.as_json() for finding in check.findings[:20]]


@click.command()
@click.option("--seconds", default=60, show_default=True, help="How long BlueCherry is away.")
@click.option("--quiet", default=30, show_default=True, help="Seconds of events before, while all is well.")
@click.option("--per-second", default=20.0, show_default=True, help="Events per second, before and during.")
@click.option(
    "--story",
    type=click.Choice(list(STORIES)),
    default="whole",
    show_default=True,
    help="announced: one event per return; whole: three, from the request to the credit memo.",
)
@click.option(
    "--outage",
    type=click.Choice(["busy", "frozen"]),
    default="busy",
    show_default=True,
    help="busy: 503 with Retry-After; frozen: no answer at all.",
)
@click.option("--processes", default=2, show_default=True, help="Worker processes.")
@click.option("--seed", default=7, show_default=True)
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path(".bridge/bench-outage.json"),
    show_default=True,
    help="Where the figures are written as JSON.",
)
def main(
    seconds: int, quiet: int, per_second: float, story: str, outage: str, processes: int, seed: int, report: Path
) -> None:
    """Measure an outage and print what was found."""
    figures = measure(Setting(seconds, quiet, per_second, story, outage, processes, seed), click.echo)
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps(asdict(figures), indent=2) + "\n")
    shown = asdict(figures)
    shown["watched"] = {name: value for name, value in figures.watched.items() if name != "samples"}
    click.echo(json.dumps(shown, indent=2))
    if figures.missing or figures.doubled or figures.wrong or figures.seconds_to_settle is None:
        raise click.ClickException("the books are not right, or not everything was settled")


if __name__ == "__main__":
    main()
