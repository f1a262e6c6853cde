"""``bridge run``: the whole system for your own configuration, without traffic."""

from __future__ import annotations

import os
from pathlib import Path

import click

from app.system.bridge import System, SystemConfig
from app.system.datadir import DataDirectory
from app.system.errors import SystemFault

DEFAULT_CONFIG = "bridge.toml"


@click.command()
@click.option("--config", "config_path", type=click.Path(path_type=Path), help="The TOML file; default: bridge.toml.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Receiver and API.")
@click.option("--flower-port", type=click.IntRange(1, 65535), default=5555, show_default=True, help="Flower.")
def run(config_path: Path | None, port: int, flower_port: int) -> None:
    """Start receiver, worker, beat and Flower, with a PostgreSQL and a Redis of their own.

    DATABASE_URL and BROKER_URL put servers of yours in their place. Ctrl-C stops everything; the data stay.
    """
    config_path = config_path or Path(os.environ.get("BRIDGE_CONFIG") or DEFAULT_CONFIG)
    if not config_path.is_file():
        raise click.ClickException(
            f"There is no configuration at {config_path}: copy bridge.example.toml there and fill it in, "
            "or name yours with --config."
        )
    system = System(
        SystemConfig(
            data=DataDirectory.from_environment(os.environ).path,
            config=config_path,
            port=port,
            flower_port=flower_port,
            on_step=lambda step: click.echo(f"{step} …"),
        )
    )
    system.supervisor.stop_on_signals()
    try:
        with system:
            _tell(system)
            system.wait()
    except SystemFault as fault:
        raise click.ClickException(str(fault)) from None
    if system.failure is not None:
        raise click.ClickException(system.failure)


def _tell(system: System) -> None:
    urls = system.urls
    click.echo(f"Console   {urls.receiver}/console/ (bridge people add LOGIN --role admin lets the first one in)")
    click.echo(f"Receiver  {urls.receiver}/webhooks/reveni/<store>")
    click.echo(f"API       {urls.receiver}/api (token: {_place_of(system, 'BRIDGE_API_TOKENS', 'api-token')})")
    click.echo(f"Flower    {urls.flower} (login: {_place_of(system, 'FLOWER_BASIC_AUTH', 'flower')})")
    click.echo(f"Logs      {system.directory.logs}")
    click.echo("Ctrl-C stops.")


def _place_of(system: System, variable: str, secret: str) -> str:
    """Where a person finds a secret: it is not printed, for output is often kept."""
    if os.environ.get(variable):
        return variable
    user = "user bridge, password " if secret == "flower" else ""  # noqa: S105 - the name of a file
    return f"{user}in {system.directory.path / 'secrets' / secret}"
