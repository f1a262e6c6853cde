"""``bridge backup`` and ``bridge restore``: all that the bridge knows, in one file and back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from app.commands._shown import for_the_owner
from app.db import backup as backups
from app.db.backup import BackupFault
from app.db.migrate import upgrade
from app.system.datadir import DataDirectory
from app.system.errors import SystemFault
from app.system.own_database import own_database


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write all that the database holds into FILE, as it is at one moment; the system may go on meanwhile.

    The database is that of the running system or DATABASE_URL, else that of the data directory (BRIDGE_DATA). FILE
    holds personal data: only its owner may read it.
    """
    with _database(make=False) as url:
        manifest = backups.back_up(url, file)
    click.echo(f"{file}: {sum(manifest.rows.values())} rows as of {_moment(manifest.taken_at)}, {_size(file)}.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Throw away what the database holds now.")
def restore(file: Path, replace: bool) -> None:
    """Put the backup FILE back, whole or not at all. Every part of the system must be stopped.

    Once it is started again, the bridge reads what BlueCherry holds since the backup before it sends anything, and
    looks up whatever it might have sent already.
    """
    with _database(make=True) as url:
        with for_the_owner():
            upgrade(url)
        manifest = backups.restore(url, file, replace=replace)
    taken = _moment(manifest.taken_at)
    click.echo(f"Restored {sum(manifest.rows.values())} rows, as of {taken}. Start the system, and then:")
    click.echo(f"  - have every warehouse send all that it reported since {taken} once more;")
    click.echo("  - see bridge exceptions list --code receipt_lost: it names what BlueCherry journalled meanwhile.")


@contextmanager
def _database(*, make: bool) -> Iterator[str]:
    try:
        url = os.environ.get("DATABASE_URL")
        if url:
            yield url
        else:
            with own_database(DataDirectory.from_environment(os.environ), make=make) as own:
                yield own
    except (BackupFault, SystemFault) as fault:
        raise click.ClickException(str(fault)) from None


def _moment(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _size(file: Path) -> str:
    return f"{file.stat().st_size / 1024:.0f} KiB"
