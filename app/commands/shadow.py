"""``bridge shadow``: what would have been posted for a store in shadow, and what people entered in its place."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from app.calls import CallError
from app.commands._shadow_tables import (
    COMPARED_COLUMNS,
    DOCUMENT_COLUMNS,
    compared_row,
    document_row,
    report_of,
    show_comparison,
    show_documents,
)
from app.commands._shown import plain_database_errors, write_csv
from app.commands._world import world_with
from app.domain.policy import Kind
from app.services.trial import shadow as shadow_books
from app.services.trial.shadow_comparison import NothingInShadow, compare_store


class Moment(click.ParamType[datetime]):
    """A day or a time, ISO 8601; without an offset, UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The time. Fails with what to write."""
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no time: write 2026-11-01, or 2026-11-01T08:00+01:00.", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_since = click.option("--since", type=Moment(), help="A day or time, ISO 8601; UTC where it has no offset.")
_csv = click.option("--csv", "csv_path", type=click.Path(dir_okay=False, path_type=Path), help="Write CSV here.")


@click.group()
def shadow() -> None:
    """See what would have been posted for a store in shadow, and compare it with what was entered by hand."""


@shadow.command("list")
@click.option("--store")
@_since
@click.option("--kind", type=click.Choice([kind.value for kind in Kind]))
@_csv
def list_(store: str | None, since: datetime | None, kind: str | None, csv_path: Path | None) -> None:
    """List what would have been posted, in the order in which it would have been."""
    with plain_database_errors():
        documents = shadow_books.list_documents(store=store, since=since, kind=Kind(kind) if kind else None)
    if csv_path is not None:
        write_csv(csv_path, DOCUMENT_COLUMNS, (document_row(each) for each in documents))
        click.echo(f"{len(documents)} documents in {csv_path}.")
    elif documents:
        show_documents(documents)
    else:
        click.echo("Nothing in shadow.")


@shadow.command()
@click.option("--store", required=True)
@_since
@_csv
@click.option(
    "--report", type=click.Path(dir_okay=False, path_type=Path), help="Write summary and differences here, as Markdown."
)
def compare(store: str, since: datetime | None, csv_path: Path | None, report: Path | None) -> None:
    """Compare with what was entered into BlueCherry by hand. Exits with 1 when anything differs.

    `--since` picks the returns that the bridge first saw since then, with all their documents.
    """
    world = world_with(store)
    with plain_database_errors():
        try:
            found = compare_store(store, since, world)
        except NothingInShadow as error:
            raise click.ClickException(f"{error}: set shadow = true in [stores.{store}] and restart.") from None
        except CallError as error:
            raise click.ClickException(f"BlueCherry could not be asked: {error}") from None
    if csv_path is not None:
        write_csv(csv_path, COMPARED_COLUMNS, (compared_row(each) for each in found.compared))
    if report is not None:
        _write(report, report_of(found))
    show_comparison(found)
    if not found.summary.all_same:
        raise SystemExit(1)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written ({error.strerror}).") from None
