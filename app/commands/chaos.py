"""``bridge chaos``: the demo's day while the system is broken by a seed, and the books counted again at its end."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from app.chaos.kinds import KINDS
from app.chaos.kinds.frozen import LEASE_SECONDS
from app.chaos.rabbitmq import EmbeddedRabbitMQ
from app.chaos.report import ChaosReport
from app.chaos.run import Wanted, play
from app.chaos.table import show
from app.commands._stage import Stage, plain_errors, progress, set_up
from app.system.bridge import System, SystemConfig
from app.system.datadir import DataDirectory

_WORKERS = 2
_RESTARTS = 100_000
"""Parts are killed far more often than `bridge run` lets them die before it gives up."""


@click.command()
@click.option("--returns", type=click.IntRange(1, 100_000), default=200, show_default=True, help="Returns of the day.")
@click.option("--seed", type=int, default=5, show_default=True, help="Draws the day, the faults and their moments.")
@click.option(
    "--minutes", type=click.FloatRange(0.2, 600), help="How long it lasts; default: 1 and 1 more per 400 returns."
)
@click.option(
    "--report", "report_path", type=click.Path(dir_okay=False, path_type=Path), help="Write the result (JSON)."
)
@click.option("--broker", type=click.Choice(["redis", "rabbitmq"]), default="redis", show_default=True)
@click.option("--only", multiple=True, type=click.Choice([kind.name for kind in KINDS]), help="These kinds of faults.")
def chaos(
    returns: int, seed: int, minutes: float | None, report_path: Path | None, broker: str, only: Sequence[str]
) -> None:
    """Break the whole system by a seed while it plays a day of returns, and count BlueCherry's books again.

    Exits with 1 when a document is missing, doubled or wrong, or a return has no end. The data of the chaos before are
    thrown away.
    """
    console = Console()
    kinds = [kind for kind in KINDS if not only or kind.name in only]
    wanted = Wanted(returns, seed, minutes or 1 + returns / 400, kinds)
    with plain_errors(DataDirectory.from_environment(os.environ).path / "chaos" / "logs"):
        stage = set_up("chaos", console, lease_seconds=LEASE_SECONDS)
        with System(_broken(stage.config, broker)) as system:
            report = _play(wanted, system, stage, console)
    if report_path is not None:
        report_path.write_text(json.dumps(report.as_json(), indent=2) + "\n")
    show(report, console)
    if not report.good:
        raise SystemExit(1)


def _broken(config: SystemConfig, broker: str) -> SystemConfig:
    """Two workers, so that one goes on while the other does not, and a beat to spare."""
    config = replace(config, workers=_WORKERS, beats=2, flower=False, restarts=_RESTARTS)
    if broker == "redis":
        return config
    rabbitmq = EmbeddedRabbitMQ(config.data / "rabbitmq")
    rabbitmq.prepare()
    environment = {**config.environment, "BROKER_URL": rabbitmq.url}
    return replace(config, environment=environment, servers=rabbitmq.parts())


def _play(wanted: Wanted, system: System, stage: Stage, console: Console) -> ChaosReport:
    with progress(console) as bar:
        task = bar.add_task("Playing the day, and breaking it", total=None)
        return play(
            wanted,
            system,
            stage.places(system),
            tell=lambda what: bar.update(task, description=what),
            on_scene=lambda _: bar.advance(task),
        )
