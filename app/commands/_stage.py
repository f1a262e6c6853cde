"""The stage of demo and chaos: an empty data directory, both sandboxes, and the brand's configuration."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import requests
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.commands._staff import make_staff
from app.demo.config import make_secrets, write_config
from app.demo.day import Places
from app.demo.messenger import NotTaken
from app.demo.sandboxes import bluecherry_part, reveni_part
from app.demo.station import Login, NotReceived
from app.system.bridge import System, SystemConfig
from app.system.datadir import DataDirectory
from app.system.errors import SystemFault
from app.system.network import LOOPBACK, free_port


@dataclass(frozen=True, slots=True)
class Stage:
    """What a system is started with, and where the sandboxes will listen."""

    config: SystemConfig
    bluecherry: str
    reveni: str

    def places(self, system: System) -> Places:
        """Where everything listens, once the system runs; whoever works in its console has an account then."""
        urls, logistics = system.urls, Login("logistics", make_staff(system))
        return Places(self.bluecherry, self.reveni, urls.receiver, urls.api_token, self.config.environment, logistics)


def set_up(name: str, console: Console, *, lease_seconds: int = 30, tries: int = 8) -> Stage:
    """Empty the data directory of that name below BRIDGE_DATA and write the configuration of a day into it.

    Raises SystemFault when another one runs on it.
    """
    directory = _empty_directory(name)
    secrets = make_secrets()
    bluecherry, reveni = free_port(), free_port()
    urls = [f"http://{LOOPBACK}:{number}" for number in (bluecherry, reveni)]
    write_config(directory / "bridge.toml", *urls, lease_seconds=lease_seconds, tries=tries)
    config = SystemConfig(
        data=directory,
        config=directory / "bridge.toml",
        environment=secrets,
        companions=(bluecherry_part(bluecherry, secrets), reveni_part(reveni)),
        on_step=lambda step: console.print(f"{step} …"),
    )
    return Stage(config, *urls)


@contextmanager
def plain_errors(logs: Path) -> Iterator[None]:
    """Errors of a system that does not run become a sentence for the reader."""
    try:
        yield
    except (SystemFault, NotTaken, NotReceived) as fault:
        raise click.ClickException(str(fault)) from None
    except requests.RequestException as error:
        raise click.ClickException(f"A part of the system did not answer ({error}); logs: {logs}") from None


def progress(console: Console) -> Progress:
    """The bar that shows how many scenes are over."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)


def _empty_directory(name: str) -> Path:
    """A data directory of its own, emptied; never the one of `bridge run`."""
    directory = DataDirectory(DataDirectory.from_environment(os.environ).path / name)
    directory.hold()
    for child in directory.path.iterdir():
        if child.is_dir():
            shutil.rmtree(child)
        elif child.name != "lock":
            child.unlink()
    directory.release()
    return directory.path
