"""``bridge check``: read the configuration whole and name everything that is wrong with it."""

from __future__ import annotations

import os
from pathlib import Path

import click

from app.config import Config, ConfigError, load_config
from app.services.intake.station import sites_of


@click.command()
@click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path),
    envvar="BRIDGE_CONFIG",
    default="bridge.toml",
    show_default=True,
    help="The TOML file. [BRIDGE_CONFIG]",
)
def check(path: Path) -> None:
    """Check the configuration and the secrets that it names. Exits with 1 when it cannot be used; calls nobody."""
    try:
        config = load_config(path, os.environ)
    except ConfigError as error:
        for problem in error.problems:
            click.echo(f"✗ {problem}", err=True)
        count = len(error.problems)
        raise click.ClickException(f"{count} problem{'s' if count > 1 else ''} to mend.") from None
    for warning in config.warnings:
        click.echo(f"! {warning}", err=True)
    _tell(path, config)


def _tell(path: Path, config: Config) -> None:
    for name, store in config.stores.items():
        rules = store.rules
        feed = "warehouse feed" if rules.warehouse_feed else "no warehouse feed"
        click.echo(f"  store {name} → BlueCherry {store.connection}: judge {rules.judge}, {feed}")
        if store.shadow:
            click.echo(f"  store {name} is in SHADOW: returns that are new to the bridge are posted nowhere, ever")
    by_hand = {site.name for site in sites_of(config)}
    for name, site in config.sites.items():
        how = "signed feed" if site.has_feed else "receiving station" if name in by_hand else "no feed"
        click.echo(f"  site {name} → {site.place.location}, quarantine {site.place.quarantine.location}: {how}")
    click.echo(f"✓ {path} can be used (version {config.version})")
