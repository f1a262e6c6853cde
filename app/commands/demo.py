"""``bridge demo``: a believable day on the real system, and the books counted again at its end."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from app.commands._staff import STAFF
from app.commands._stage import plain_errors, progress, set_up
from app.demo.brand import STATION
from app.demo.day import BLUECHERRY_FAULTS, REVENI_FAULTS, Day, Places, each_fault
from app.demo.report import Report
from app.demo.script import Script, write_script
from app.demo.table import show
from app.demo.world import JsonObject
from app.system.bridge import System
from app.system.datadir import DataDirectory
from app.system.errors import SystemFault

# Where a fifth of all calls fails, eight tries of three calls each are used up now and then, rightly.
_TRIES_UNDER_FIRE = 24
_PATIENCE_SECONDS = 120.0
# On a long day the bridge may fall behind what is played.
_PATIENCE_PER_RETURN = 0.5


@click.command()
@click.option("--returns", type=click.IntRange(1, 100_000), default=200, show_default=True, help="Returns of the day.")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed tells the same day.")
@click.option("--speed", type=click.FloatRange(0.1, 100), default=1.0, show_default=True, help="How fast it is told.")
@click.option("--once", is_flag=True, help="Stop at the end; exit 1 when the books are not right.")
@click.option(
    "--report", "report_path", type=click.Path(dir_okay=False, path_type=Path), help="Write the result (JSON)."
)
@click.option(
    "--fault-rate",
    type=click.FloatRange(0, 0.09),
    help="Share of all calls that fail in each way there is (0.02: 1 in 50 in each); default: a day's usual faults.",
)
@click.option("--port", type=click.IntRange(1, 65535), help="Receiver and API; default: a free one.")
@click.option("--flower-port", type=click.IntRange(1, 65535), help="Flower; default: a free one.")
def demo(
    returns: int,
    seed: int,
    speed: float,
    once: bool,
    report_path: Path | None,
    fault_rate: float | None,
    port: int | None,
    flower_port: int | None,
) -> None:
    """Play a day of returns on the whole system and count BlueCherry's books again.

    PostgreSQL, Redis, both sandboxes, receiver, worker, beat and Flower are started; Ctrl-C stops them. The data of
    the demo before are thrown away. DATABASE_URL and BROKER_URL put servers of yours (empty ones) in their place.
    """
    console = Console()
    data = DataDirectory.from_environment(os.environ).path / "demo"
    faults = (BLUECHERRY_FAULTS, REVENI_FAULTS) if fault_rate is None else each_fault(fault_rate)
    with plain_errors(data / "logs"):
        stage = set_up("demo", console, tries=8 if fault_rate is None else _TRIES_UNDER_FIRE)
        with System(replace(stage.config, port=port, flower_port=flower_port)) as system:
            reached = stage.places(system)
            script = write_script(returns, seed, datetime.now(UTC))
            report = _play(script, seed, speed, faults, reached, console)
            if report_path is not None:
                report_path.write_text(json.dumps(report.as_json(), indent=2) + "\n")
            show(report, console)
            if not once:
                _stay(system, reached, script, console)
    if once and not report.good:
        raise SystemExit(1)


def _play(
    script: Script, seed: int, speed: float, faults: tuple[JsonObject, JsonObject], places: Places, console: Console
) -> Report:
    with progress(console) as bar:
        task = bar.add_task("Playing the day", total=len(script.scenes))
        day = Day(
            script,
            seed,
            places,
            speed=speed,
            tell=lambda what: bar.update(task, description=what),
            on_scene=lambda _: bar.advance(task),
            faults=faults,
            patience=_PATIENCE_SECONDS + _PATIENCE_PER_RETURN * len(script.outcomes),
        )
        day.prepare()
        return day.run()


def _stay(system: System, places: Places, script: Script, console: Console) -> None:
    urls = system.urls
    parcels = [outcome.to_scan for outcome in script.outcomes.values() if outcome.to_scan]
    console.print(f"\nConsole     {urls.receiver}/console/")
    console.print(f"Sign in as  {', '.join(STAFF)} (password {places.logistics.password})")
    console.print(f"Station     {urls.receiver}/console/station/{STATION.name} (as {places.logistics.name})")
    if parcels:
        console.print(f"Parcels     {', '.join(parcels)} (lie there unopened: scan one)")
    console.print(f"Receiver    {urls.receiver}/webhooks/reveni/<store>")
    console.print(f"API         {urls.receiver}/api")
    console.print(f"API token   {urls.api_token}")
    console.print(f"Flower      {urls.flower} (login {urls.flower_login})")
    console.print(f"BlueCherry  {places.bluecherry}/_sandbox/books")
    console.print(f"Reveni      {places.reveni}/_sandbox/deliveries")
    console.print(f"Commands    BRIDGE_DATA={system.directory.path} bridge exceptions list")
    console.print("Ctrl-C stops everything.")
    system.supervisor.stop_on_signals()
    system.wait()
    if system.failure is not None:
        raise SystemFault(system.failure)
