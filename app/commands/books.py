"""``bridge books``: the lists that finance wants at a period's end."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import TextIO

import click

from app.commands._shown import money, plain_database_errors, show_table
from app.config import ConfigError
from app.services import period_end
from app.services.outside import Outside, outside
from app.services.period_end import PeriodEndLine

_COLUMNS = ("store", "return", "order", "SKU", "units", "amount", "currency", "since", "reason", "detail")
_List = Callable[[Outside, str | None, date | None], list[PeriodEndLine]]


@click.group()
def books() -> None:
    """See what stands on one side of BlueCherry's books only, and why."""


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--csv", "file", type=click.File("w", encoding="utf-8", lazy=True), help="Write the lines there."),
        click.option(
            "--at", type=click.DateTime(["%Y-%m-%d"]), help="By the documents dated until this day, included."
        ),
        click.option("--store"),
    ):
        command = option(command)
    return command


@books.command("received-not-credited")
@_options
def received_not_credited(store: str | None, at: datetime | None, file: TextIO | None) -> None:
    """Units that came and are not credited, with the reason."""
    _run("Received, not credited", period_end.list_received_not_credited, store, at, file)


@books.command("credited-not-received")
@_options
def credited_not_received(store: str | None, at: datetime | None, file: TextIO | None) -> None:
    """Units that are credited and did not come, with the reason."""
    _run("Credited, not received", period_end.list_credited_not_received, store, at, file)


def _run(title: str, listed: _List, store: str | None, at: datetime | None, file: TextIO | None) -> None:
    try:
        world = outside()
    except ConfigError as error:
        raise click.ClickException(str(error)) from None
    if store is not None and store not in world.config.stores:
        raise click.ClickException(f"There is no store {store}; there are {', '.join(sorted(world.config.stores))}.")
    with plain_database_errors():
        lines = listed(world, store, at.date() if at else None)
    if file is not None:
        _write(file, lines)
    elif lines:
        show_table(title, _COLUMNS, [_cells(line) for line in lines])
    until = at.date() if at else datetime.now(UTC).date()
    units = sum(line.units for line in lines)
    click.echo(f"{title} on {until}: {units} units on {len(lines)} lines.")
    for each in period_end.sums_of(lines):
        click.echo(f"  {each.reason}: {each.units} units, {money(each.amount)}")


def _cells(line: PeriodEndLine) -> tuple[object, ...]:
    amount = (line.amount, line.amount.currency) if line.amount is not None else (None, None)
    return (
        *(line.store, line.return_id, line.ord_num, line.sku, line.units, *amount),
        *(line.since, line.reason, line.detail),
    )


def _write(file: TextIO, lines: Sequence[PeriodEndLine]) -> None:
    writer = csv.writer(file)
    writer.writerow(_COLUMNS)
    writer.writerows([("" if cell is None else str(cell) for cell in _cells(line)) for line in lines])
