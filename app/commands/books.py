"""``bridge books``: the lists that finance wants at a period's end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TextIO

import click

from app.commands._shown import counted, money, plain_database_errors, show_table
from app.commands._world import world
from app.services.books import period_end
from app.services.books.memo_sums import memo_sums, totals_of
from app.services.books.period_end import PeriodEndLine, PeriodEndSum
from app.services.outside import Outside

_DAY = click.DateTime(["%Y-%m-%d"])
_List = Callable[[Outside, str | None, date | None], list[PeriodEndLine]]


@click.group()
def books() -> None:
    """See what was credited, and what stands on one side of BlueCherry's books only."""


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--csv", "file", type=click.File("w", encoding="utf-8", lazy=True), help="Write the lines there."),
        click.option("--at", type=_DAY, help="By the documents dated until this day, included."),
        click.option("--store"),
    ):
        command = option(command)
    return command


@books.command("received-not-credited")
@_options
def received_not_credited(store: str | None, at: datetime | None, file: TextIO | None) -> None:
    """Units that came and are not credited, with the reason."""
    sums = _run("Received, not credited", period_end.list_received_not_credited, store, at, file)
    for amount in period_end.accrual_of(sums).values():
        click.echo(f"To be accrued, as a memo follows: {money(amount)}")
    if beside := period_end.not_in_accrual(sums):
        click.echo(f"Beside that, {beside} units whose amount is not known, as their order is gone.")


@books.command("credited-not-received")
@_options
def credited_not_received(store: str | None, at: datetime | None, file: TextIO | None) -> None:
    """Units that are credited and did not come, with the reason."""
    _run("Credited, not received", period_end.list_credited_not_received, store, at, file)


@books.command("credit-memos")
@click.option("--from", "first", type=_DAY, required=True, help="The first day, included.")
@click.option("--at", "last", type=_DAY, required=True, help="The last day, included.")
def credit_memos(first: datetime, last: datetime) -> None:
    """What the bridge's memos of these days add up to, by store, as BlueCherry's own sum of them does."""
    with plain_database_errors():
        sums = memo_sums(first.date(), last.date())
    for each in sums:
        parts = f"net {each.net}, tax {each.tax}, freight {each.freight} and its tax {each.freight_tax}"
        click.echo(f"{each.store}: {counted(each.memos, 'memo')}, {counted(each.units, 'unit')}, {money(each.total)}")
        click.echo(f"  {parts}, less fees {each.fees}")
    for amount in totals_of(sums).values():
        click.echo(f"Credited from {first.date()} to {last.date()}: {money(amount)}")


def _run(title: str, listed: _List, store: str | None, at: datetime | None, file: TextIO | None) -> list[PeriodEndSum]:
    here = world()
    if store is not None and store not in here.config.stores:
        raise click.ClickException(f"There is no store {store}; there are {', '.join(sorted(here.config.stores))}.")
    with plain_database_errors():
        lines = listed(here, store, at.date() if at else None)
    if file is not None:
        period_end.write_csv(file, lines)
    elif lines:
        show_table(title, period_end.COLUMNS, [period_end.cells(line) for line in lines])
    until = at.date() if at else datetime.now(UTC).date()
    units = sum(line.units for line in lines)
    click.echo(f"{title} on {until}: {counted(units, 'unit')} on {counted(len(lines), 'line')}.")
    sums = period_end.sums_of(lines)
    for each in sums:
        known = money(each.amount) or "of an amount that is not known"
        click.echo(f"  {each.reason}: {counted(each.units, 'unit')}, {known}")
    return sums
