"""How commands show what they found, and how they say that the database is away."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from psycopg.errors import InsufficientPrivilege
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import OperationalError, ProgrammingError

from app import spreadsheet
from app.db.engine import DatabaseNotSet
from app.db.grants import NOT_THE_OWNER
from app.domain.money import Money

_PIPE_WIDTH = 160
_NUMBERS = frozenset({"#", "units", "price", "money", "documents", "net", "discount", "tax"})


def user() -> str:
    """The name of whoever runs the command; `cli` where the system has no name for them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "cli"


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, in the shape of the API's answer.")
by = click.option("--by", default=user, show_default="the system's user", help="Who asks, for the history.")


class Moment(click.ParamType[datetime]):
    """A day (its beginning in UTC) or a time with its zone."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The aware time that a word means."""
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no time: write 2026-11-01, or 2026-11-01T08:00+01:00.", param, ctx)
        if moment.tzinfo is None:
            if moment.time() != datetime.min.time():
                self.fail(f"{value!r} has no zone: write it with one, as {value}+01:00 or {value}Z.", param, ctx)
            moment = moment.replace(tzinfo=UTC)
        return moment


def counted(number: int, one: str) -> str:
    """A number of things by the name of one: `1 unit`, `2 units`."""
    return f"{number} {one}" if number == 1 else f"{number} {one}s"


csv_file = click.option("--csv", "csv_path", type=click.Path(path_type=Path), help="Also write every line as CSV.")
report_file = click.option(
    "--report", "report_path", type=click.Path(path_type=Path), help="Also write all of it as JSON."
)


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows as CSV, UTF-8, with a line of names."""
    with _writable(path).open("w", newline="", encoding="utf-8") as file:
        spreadsheet.write_csv(file, columns, rows)


def write_report(path: Path, value: object) -> None:
    """Write a value as JSON."""
    _writable(path).write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _writable(path: Path) -> Path:
    try:
        path.touch()
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}.") from None
    return path


def show_json(value: object) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def show_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, lines: bool = False) -> None:
    """Print rows as a table; the text of a cell is printed as it is, without markup. `lines`: one below each row."""
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        # A pipe has no width: what reads it wants whole lines, not those of a narrow terminal.
        console.width = _PIPE_WIDTH
    table = Table(title=title, title_justify="left", show_lines=lines)
    for column in columns:
        table.add_column(column, overflow="fold", justify="right" if column in _NUMBERS else "left")
    for row in rows:
        table.add_row(*(cell(value) for value in row))
    console.print(table)


def money(amount: Money | None) -> str | None:
    """An amount with its currency."""
    return None if amount is None else f"{amount} {amount.currency}"


def cell(value: object) -> str:
    """A value as a person reads it: nothing for None, times to the minute in UTC."""
    if value is None:
        return ""
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value)


@contextmanager
def for_the_owner() -> Iterator[None]:
    """Say in one line what to do when the role may not do what only the owner of the tables may."""
    try:
        yield
    except ProgrammingError as error:
        if isinstance(error.orig, InsufficientPrivilege):
            raise click.ClickException(NOT_THE_OWNER) from None
        raise


@contextmanager
def plain_database_errors() -> Iterator[None]:
    """Say in one line what to do when the database cannot be used."""
    try:
        with for_the_owner():
            yield
    except DatabaseNotSet:
        raise click.ClickException(
            "No running system was found: start it with `bridge run`, or name its database in DATABASE_URL."
        ) from None
    except OperationalError:
        raise click.ClickException("The database does not answer: start the system, or correct DATABASE_URL.") from None
    except ProgrammingError:
        raise click.ClickException(
            "The database has not the tables of this version: run `bridge db upgrade`."
        ) from None
