"""The world outside for a command that calls other systems, and what is said when the configuration lacks something."""

from __future__ import annotations

import click

from app.commands._shown import plain_database_errors
from app.config import ConfigError
from app.services.outside import Outside, outside


def world() -> Outside:
    """What the configuration of the running system names. Fails with the file that is wanted."""
    try:
        with plain_database_errors():
            return outside()
    except ConfigError as error:
        raise click.ClickException(f"{error}\nName the file of the running system in BRIDGE_CONFIG.") from None


def world_with(store: str) -> Outside:
    """The same, for a command that is about one store. Fails with the stores that there are."""
    found = world()
    if store not in found.config.stores:
        raise click.ClickException(f"There is no store {store}: known are {', '.join(sorted(found.config.stores))}.")
    return found
