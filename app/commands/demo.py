"""``bridge demo``: a believable day on the real system, and the books counted again at its end."""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import click
import requests
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.demo.config import make_secrets, write_config
from app.demo.day import Day, Places
from app.demo.messenger import NotTaken
from app.demo.report import Report
from app.demo.sandboxes import bluecherry_part, reveni_part
from app.demo.script import Script, write_script
from app.demo.table import show
from app.system.bridge import System, SystemConfig
from app.system.datadir import DataDirectory
from app.system.errors import SystemFault
from app.system.network import LOOPBACK, free_port


@click.command()
@click.option("--returns", type=click.IntRange(1, 100_000), default=200, show_default=True, help="Returns of the day.")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed tells the same day.")
@click.option("--speed", type=click.FloatRange(0.1, 100), default=1.0, show_default=True, help="How fast it is told.")
@click.option("--once", is_flag=True, help="Stop at the end; exit 1 when the books are not right.")
@click.option(
    "--report", "report_path", type=click.Path(dir_okay=False, path_type=Path), help="Write the result (JSON)."
)
@click.option("--port", type=click.IntRange(1, 65535), help="Receiver and API; default: a free one.")
@click.option("--flower-port", type=click.IntRange(1, 65535), help="Flower; default: a free one.")
def demo(
    returns: int,
    seed: int,
    speed: float,
    once: bool,
    report_path: Path | None,
    port: int | None,
    flower_port: int | None,
) -> None:
    """Play a day of returns on the whole system and count BlueCherry's books again.

    PostgreSQL, Redis, both sandboxes, receiver, worker, beat and Flower are started; Ctrl-C stops them. The data of
    the demo before are thrown away. DATABASE_URL and BROKER_URL put servers of yours (empty ones) in their place.
    """
    console = Console()
    directory = _empty_directory()
    secrets = make_secrets()
    bluecherry, reveni = free_port(), free_port()
    places = {name: f"http://{LOOPBACK}:{number}" for name, number in (("bluecherry", bluecherry), ("reveni", reveni))}
    write_config(directory / "bridge.toml", places["bluecherry"], places["reveni"])
    system = System(
        SystemConfig(
            data=directory,
            config=directory / "bridge.toml",
            environment=secrets,
            port=port,
            flower_port=flower_port,
            companions=(bluecherry_part(bluecherry, secrets), reveni_part(reveni)),
            on_step=lambda step: console.print(f"{step} …"),
        )
    )
    try:
        with system:
            reached = Places(**places, receiver=system.urls.receiver, api_token=system.urls.api_token, secrets=secrets)
            report = _play(write_script(returns, seed, datetime.now(UTC)), seed, speed, reached, console)
            if report_path is not None:
                report_path.write_text(json.dumps(report.as_json(), indent=2) + "\n")
            show(report, console)
            if not once:
                _stay(system, reached, console)
    except (SystemFault, NotTaken) as fault:
        raise click.ClickException(str(fault)) from None
    except requests.RequestException as error:
        raise click.ClickException(
            f"A part of the demo did not answer ({error}); logs: {system.directory.logs}"
        ) from None
    if once and not report.good:
        raise SystemExit(1)


def _empty_directory() -> Path:
    """The demo's own data directory, emptied; never the one of `bridge run`."""
    directory = DataDirectory(DataDirectory.from_environment(os.environ).path / "demo")
    try:
        directory.hold()
    except SystemFault as fault:
        raise click.ClickException(str(fault)) from None
    for child in directory.path.iterdir():
        if child.is_dir():
            shutil.rmtree(child)
        elif child.name != "lock":
            child.unlink()
    directory.release()
    return directory.path


def _play(script: Script, seed: int, speed: float, places: Places, console: Console) -> Report:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("Playing the day", total=len(script.scenes))
        day = Day(
            script,
            seed,
            places,
            speed=speed,
            tell=lambda what: progress.update(task, description=what),
            on_scene=lambda _: progress.advance(task),
        )
        day.prepare()
        return day.run()


def _stay(system: System, places: Places, console: Console) -> None:
    urls = system.urls
    console.print(f"\nReceiver    {urls.receiver}/webhooks/reveni/<store>")
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
