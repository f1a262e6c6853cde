"""``bridge sandbox``: BlueCherry and Reveni to run at home."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click


@click.group()
def sandbox() -> None:
    """Run BlueCherry or Reveni at home, with faults on demand."""


def _ready(address: str) -> None:
    click.echo(f"listening on {address}")


@sandbox.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=9100, show_default=True, help="0 takes a free one.")
@click.option("--data", type=click.Path(dir_okay=False, path_type=Path), help="File that keeps the books between runs.")
@click.option("--key", envvar="BLUECHERRY_KEY", default="sandbox-key", help="Subscription key. [BLUECHERRY_KEY]")
@click.option("--code", envvar="BLUECHERRY_CODE", default="sandbox-code", help="Environment code. [BLUECHERRY_CODE]")
@click.option("--inactive-returnable", is_flag=True, help="Let inactive items come back, as some installations do.")
def bluecherry(host: str, port: int, data: Path | None, key: str, code: str, inactive_returnable: bool) -> None:
    """Serve BlueCherry: the calls, its rules, its stock."""
    from app.sandbox.bluecherry.server import run
    from app.sandbox.tape import TapeError

    try:
        asyncio.run(run(host, port, data, key, code, _ready, inactive_returnable=inactive_returnable))
    except (TapeError, OSError) as error:
        raise click.ClickException(str(error)) from error


@sandbox.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=9200, show_default=True, help="0 takes a free one.")
@click.option("--data", type=click.Path(dir_okay=False, path_type=Path), help="File that keeps returns between runs.")
def reveni(host: str, port: int, data: Path | None) -> None:
    """Serve Reveni: stores, returns, verdicts, and webhooks that get lost, doubled or late."""
    from app.sandbox.reveni.server import run
    from app.sandbox.tape import TapeError

    try:
        asyncio.run(run(host, port, data, _ready))
    except (TapeError, OSError) as error:
        raise click.ClickException(str(error)) from error
