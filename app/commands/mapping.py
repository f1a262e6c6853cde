"""``bridge mapping``: the mappings of a file, those that documents were made by, and what others would have led to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import click
from marshmallow import ValidationError

from app.commands import _what_if
from app.commands._mapping import show_mapping
from app.commands._shown import (
    Moment,
    as_json,
    csv_file,
    plain_database_errors,
    report_file,
    show_json,
    write_csv,
    write_report,
)
from app.commands._world import world, world_with
from app.config import ConfigError, Mappings, load_mappings
from app.config.mapping import keys_of, mapping_of, read_mapping
from app.domain.policy import StoreRules
from app.services.facts.mappings import MappingView, NoSuchMapping, mappings_of_version
from app.services.mapping_edits import current_rules
from app.services.outside import config_path
from app.services.trial.what_if import what_if as run_what_if
from app.services.views import codes_seen

_file = click.Path(path_type=Path)


@click.group()
def mapping() -> None:
    """See and compare mappings: sites, grades, reasons, statuses, posting, policy."""


@mapping.command()
@click.argument("file", type=_file, required=False)
def check(file: Path | None) -> None:
    """Check the mappings of FILE (default: BRIDGE_CONFIG), and warn of codes that came in and it does not map.

    Needs no secrets. Exits with 1 when the file cannot be used.
    """
    path = file or Path(config_path())
    mappings = _load(path)
    for warning in mappings.warnings:
        click.echo(f"! {warning}", err=True)
    try:
        with plain_database_errors():
            seen = codes_seen.codes_seen()
    except click.ClickException as error:
        click.echo(f"! Codes that came in are not compared. {error.message}", err=True)
        seen = []
    for problem in codes_seen.unmapped(seen, mappings.stores, str(path)):
        click.echo(f"! {problem}", err=True)
    for name, rules in mappings.stores.items():
        click.echo(f"  store {name}: version {rules.version}")
    click.echo(f"✓ {path} can be used (version {mappings.version})")


@mapping.command()
@click.option("--store", help="This store's only.")
@click.option("--version", help="A version that stands on a document, instead of the one in force.")
@as_json
def show(store: str | None, version: str | None, as_json: bool) -> None:
    """Show the mapping in force, or an old one by which documents were made."""
    in_force = _in_force_now()
    found = [_in_force(name, rules) for name, rules in in_force.items()]
    if version is not None:
        with plain_database_errors():
            try:
                found = mappings_of_version(version, in_force)
            except NoSuchMapping as error:
                raise click.ClickException(f"{error}; `bridge returns show` tells each document's.") from None
    found = [view for view in found if store in (None, view.store)]
    if not found:
        raise click.ClickException(f"There is no such mapping of store {store}: known are {', '.join(in_force)}.")
    for view in found:
        if as_json:
            show_json({"store": view.store, "version": view.version, "mapping": view.content})
        else:
            show_mapping(_read(view), view)


def _read(view: MappingView) -> StoreRules:
    try:
        return read_mapping(view.store, view.content)
    except ValidationError:
        raise click.ClickException(
            f"Version {view.version} was written by another release and cannot be shown as tables: use --json."
        ) from None


def _in_force(name: str, rules: StoreRules) -> MappingView:
    return MappingView(name, rules.version, None, True, mapping_of(rules))


@mapping.command()
@click.argument("other", type=_file)
def diff(other: Path) -> None:
    """Compare the mapping in force with the file OTHER, key by key, defaults included."""
    mine, theirs = keys_of(_in_force_now()), keys_of(_load(other).stores)
    count = 0
    for key in sorted(mine | theirs):
        before, after = mine.get(key), theirs.get(key)
        if before == after:
            continue
        count += 1
        if after is None:
            click.echo(f"- {key} = {before}")
        elif before is None:
            click.echo(f"+ {key} = {after}")
        else:
            click.echo(f"~ {key}: {before} → {after}")
    click.echo(f"{count} key{'s differ' if count != 1 else ' differs'}." if count else "The mappings are the same.")


@mapping.command("what-if")
@click.argument("other", type=_file)
@click.option("--store", help="This store's returns only.")
@click.option("--since", type=Moment(), help="Returns that changed in Reveni since then.")
@click.option("--until", type=Moment(), help="Returns that changed in Reveni before then.")
@report_file
@csv_file
def what_if(
    other: Path,
    store: str | None,
    since: datetime | None,
    until: datetime | None,
    report_path: Path | None,
    csv_path: Path | None,
) -> None:
    """Tell what would have been different under the file OTHER, over returns that are known.

    Each return is counted from scratch under both mappings. Posts nothing and stores nothing.
    """
    theirs = _load(other)
    outside = world() if store is None else world_with(store)
    stores = [store] if store is not None else list(outside.config.stores)
    with plain_database_errors():
        result = run_what_if(theirs.stores, outside, stores=stores, since=since, until=until)
    _what_if.show(result)
    if report_path is not None:
        write_report(report_path, _what_if.report(result))
    if csv_path is not None:
        write_csv(csv_path, _what_if.COLUMNS, _what_if.rows(result))


def _in_force_now() -> Mapping[str, StoreRules]:
    """The mappings of the file, and the edits above them where a database is named."""
    with plain_database_errors():
        return current_rules(_load(Path(config_path())).stores)


def _load(path: Path) -> Mappings:
    try:
        return load_mappings(path)
    except ConfigError as error:
        for problem in error.problems:
            click.echo(f"✗ {problem}", err=True)
        count = len(error.problems)
        raise click.ClickException(f"{count} problem{'s' if count > 1 else ''} to mend.") from None
