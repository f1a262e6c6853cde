"""``bridge doctor``: what is wrong with the running system, in words."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import timedelta

import click
from sqlalchemy.exc import OperationalError, ProgrammingError

from app.calls import CallError, Refused
from app.config import Config, ConfigError, load_config
from app.config.overlay import OverlayError, overlaid
from app.db.engine import DatabaseNotSet
from app.ops.diagnosis import STALE, Finding, findings, spell
from app.services.alerts.delivery import waiting
from app.services.mapping_edits import newest_overlay
from app.services.outside import Outside, build, config_path, reveni, utc_now
from app.services.views.health import health
from app.system.parts import QUEUES

_WORKERS_SECONDS = 3
_LATE = timedelta(minutes=5)
"""A message that a channel did not take for so long is told of."""


@click.command()
def doctor() -> None:
    """Say what is wrong with the running system: configuration, database, broker, workers, queues, both systems.

    Exits with 1 when anything is wrong. Changes nothing.
    """
    wrong = 0
    for name, found in _examinations():
        click.echo(f"{'✗' if found else '✓'} {name}")
        for finding in found:
            click.echo(f"    {finding.what}\n    → {finding.remedy}")
        wrong += len(found)
    if wrong:
        click.echo(f"{wrong} thing{'s' if wrong > 1 else ''} to mend.")
        sys.exit(1)
    click.echo("All is well.")


def _examinations() -> Iterator[tuple[str, list[Finding]]]:
    config, found = _configuration()
    yield "configuration", found
    every = config.sweep.reconcile_every.total_seconds() if config else 0.0
    yield "database and what waits in it", _database(every, config)
    workers = _workers()
    yield "broker and workers", workers
    if not workers:
        yield "beat", _beat()
    if config is not None:
        outside = build(config)
        for name in config.connections:
            yield f"BlueCherry {name}", _bluecherry(name, outside)
        for name in config.stores:
            yield f"Reveni of store {name}", _reveni(name, outside)


def _configuration() -> tuple[Config | None, list[Finding]]:
    try:
        return load_config(config_path(), os.environ), []
    except ConfigError as error:
        return None, [Finding(str(problem), "Mend the file, then restart.") for problem in error.problems]


def _database(books_every: float, config: Config | None) -> list[Finding]:
    try:
        found = [*findings(health(utc_now()), QUEUES, books_every), *_untold()]
        return found + (_edits(config) if config is not None else [])
    except DatabaseNotSet:
        return [Finding("No running system was found.", "Start it with bridge run, or set DATABASE_URL.")]
    except OperationalError:
        return [Finding("The database does not answer.", "Start it, or correct DATABASE_URL.")]
    except ProgrammingError:
        return [Finding("The database has not the tables of this version.", "Run bridge db upgrade.")]


def _untold() -> list[Finding]:
    late = [each for each in waiting() if utc_now() - each.since > _LATE]
    return [
        Finding(
            f"{each.count} messages wait for the channel {each.channel}, since {each.since:%Y-%m-%d %H:%M} UTC"
            f" ({each.error or 'not tried yet'}).",
            "See that it answers: bridge alerts test.",
        )
        for each in late
    ]


def _edits(config: Config) -> list[Finding]:
    _, overlay = newest_overlay()
    try:
        overlaid(config, overlay)
    except OverlayError as error:
        what = f"The edits of the mapping do not fit the file any more and are left out: {error.problems[0]}"
        return [Finding(what, "Edit or revert them on the console's page Mappings.")]
    return []


def _workers() -> list[Finding]:
    if not os.environ.get("BROKER_URL"):
        return [Finding("No broker is named.", "Start the system with bridge run, or set BROKER_URL.")]
    from celery import Celery
    from kombu.exceptions import OperationalError as BrokerError

    app = Celery("bridge-doctor", broker=os.environ["BROKER_URL"], set_as_current=False)
    with app.connection_for_write(connect_timeout=_WORKERS_SECONDS) as connection:
        away: tuple[type[BaseException], ...] = (BrokerError, *connection.connection_errors)
        try:
            connection.ensure_connection(max_retries=1, timeout=_WORKERS_SECONDS)
            inspect = app.control.inspect(timeout=_WORKERS_SECONDS, connection=connection)
            answers = inspect.active_queues() or {}
        except away as error:
            why = f"The broker does not answer ({type(error).__name__})."
            return [Finding(why, "Start it, or correct BROKER_URL.")]
    if not answers:
        return [Finding("No worker answers.", "Start one: its log says why it ended.")]
    consumed = {queue["name"] for queues in answers.values() for queue in queues}
    missing = sorted(set(QUEUES) - consumed)
    if missing:
        names = ", ".join(missing)
        return [Finding(f"No worker consumes {names}.", f"Start a worker with -Q {','.join(QUEUES)}.")]
    return []


def _beat() -> list[Finding]:
    """Whether beat sends: workers answer, so that nothing but beat can keep all canaries away."""
    try:
        seconds = health(utc_now()).beat
    except (DatabaseNotSet, OperationalError, ProgrammingError):
        return []
    if seconds is not None and seconds <= STALE:
        return []
    since = (
        f"Nothing of beat's came through for {spell(seconds)}" if seconds is not None else "Nothing of beat's ever came"
    )
    return [Finding(f"{since}, and workers answer.", "Start beat: its log says why it ended.")]


def _bluecherry(connection: str, outside: Outside) -> list[Finding]:
    if away := _away(connection, outside):
        return away
    try:
        outside.bluecherry[connection].periods()
    except CallError as error:
        return [Finding(str(error), "See that the base URL, key and code are right, and that BlueCherry is up.")]
    return []


def _away(name: str, outside: Outside) -> list[Finding]:
    """What the bridge knows of a system that it leaves alone; nothing of one that it calls."""
    circuit = outside.circuits.of(name)
    if circuit.since is None or circuit.open_until is None:
        return []
    now = outside.now()
    what = f"It is away since {spell((now - circuit.since).total_seconds())}: {circuit.why}."
    left = spell(max(0.0, (circuit.open_until - now).total_seconds()))
    return [Finding(what, f"It is asked again in {left}; sooner: bridge circuits close {name}.")]


def _reveni(store: str, outside: Outside) -> list[Finding]:
    if away := _away(reveni(store), outside):
        return away
    try:
        outside.reveni[store].get_return("0" * 32)
    except Refused as error:
        if error.status == 404:
            return []
        return [Finding(str(error), "See that the base URL and store id are right.")]
    except CallError as error:
        return [Finding(str(error), "See that the base URL, store id and key are right, and that Reveni is up.")]
    return []
