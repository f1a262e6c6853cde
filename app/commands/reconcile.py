"""``bridge reconcile``: hold the ledger against BlueCherry's own list of documents, now."""

from __future__ import annotations

import json
import sys
from datetime import timedelta

import click

from app.calls import CallError
from app.commands._shown import plain_database_errors, show_table
from app.commands._world import world
from app.services.books.reconciliation import Reading, read
from app.services.outside import Outside


@click.command()
@click.option("--days", type=click.IntRange(1, 3660), help="How far back. Default: sweep.reconcile_days.")
@click.option("--connection", help="One BlueCherry connection; all without it.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def reconcile(days: int | None, connection: str | None, as_json: bool) -> None:
    """Hold the ledger against BlueCherry's own list of documents.

    Exits with 1 when anything differs, and with 2 when BlueCherry could not be read. What differs is in the exception
    queue too, as books_differ.
    """
    found = world()
    known = sorted(found.config.connections)
    if connection is not None and connection not in known:
        raise click.ClickException(f"There is no connection {connection}: known are {', '.join(known)}.")
    back = timedelta(days=days) if days else found.config.sweep.reconcile_back
    readings = [_read(name, back, found) for name in ([connection] if connection else known)]
    if as_json:
        click.echo(json.dumps([_as_json(reading) for reading in readings], indent=2))
    else:
        for reading in readings:
            _show(reading)
    sys.exit(1 if any(reading.differences for reading in readings) else 0)


def _read(connection: str, back: timedelta, world: Outside) -> Reading:
    with plain_database_errors():
        try:
            return read(connection, world.now() - back, world)
        except CallError as error:
            click.echo(f"The books of {connection} could not be read: {error}", err=True)
            sys.exit(2)


def _as_json(reading: Reading) -> dict[str, object]:
    return {
        "connection": reading.connection,
        "since": reading.since.isoformat(),
        "compared": reading.compared,
        "others": reading.others,
        "differences": [
            {"how": each.sort.value, "key": each.key, "message": each.message} for each in reading.differences
        ],
    }


def _show(reading: Reading) -> None:
    count = f"{len(reading.differences)} differ" if reading.differences else "none differs"
    click.echo(
        f"{reading.connection}: {reading.compared} documents of the bridge since {reading.since:%Y-%m-%d %H:%M} UTC "
        f"compared, {count}; {reading.others} documents are not the bridge's."
    )
    if reading.differences:
        rows = [(each.sort.value, each.key, each.message) for each in reading.differences]
        show_table("What differs", ("how", "document", "what"), rows, lines=True)
