"""The configured world of commands that work on the running system's stores."""

from __future__ import annotations

import click

from app.config import ConfigError
from app.services.outside import Outside, outside


def configured() -> Outside:
    """This process's world, or one line about the file that it wants."""
    try:
        return outside()
    except ConfigError as error:
        raise click.ClickException(f"{error}\nName the file of the running system in BRIDGE_CONFIG.") from None


def check_store(store: str, world: Outside) -> None:
    """Say which stores there are, when it is none of them."""
    if store not in world.config.stores:
        raise click.ClickException(f"There is no store {store}: known are {', '.join(sorted(world.config.stores))}.")
