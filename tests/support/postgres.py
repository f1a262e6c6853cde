"""One PostgreSQL for a whole test run, and an empty, migrated database in it for each xdist worker."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from app.system.leftovers import end_leftovers
from app.system.postgres import EmbeddedPostgres
from tests.support.waiting import wait_until

_PASSWORD = "only-for-tests"
_LOCK_TIMEOUT = "15s"


def given_url() -> str | None:
    """The server that this run was told to use instead of one of its own."""
    return os.environ.get("TEST_DATABASE_URL") or os.environ.get("DATABASE_URL")


@contextmanager
def exclusively(place: Path, name: str) -> Iterator[None]:
    """Only one process of the test run at a time does this."""
    with (place / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def shared_server(place: Path) -> str:
    """The URL of the run's own server, which the first who asks starts in this directory.

    It outlives the xdist worker that started it; ``end_shared_server`` ends it, and so does the end of pytest itself.
    """
    told = place / "postgres.url"
    with exclusively(place, "postgres"):
        if not told.exists():
            server = EmbeddedPostgres(place / "postgres", _PASSWORD, durable=False)
            server.prepare()
            _start(server, place)
            told.write_text(server.url("postgres"))
    return told.read_text()


def end_shared_server(place: Path) -> None:
    """Stop the run's own server, if anybody started one."""
    if (place / "postgres.url").exists():
        end_leftovers(place / "postgres", "postgres", signal.SIGINT)


def fresh_database(server: str, place: Path, name: str, run: str) -> str:
    """A migrated, empty database of this name on the server, copied from a template that is migrated once per run."""
    template = f"bridge_template_{run}"
    with exclusively(place, "template"):
        made = place / "template.made"
        if not made.exists():
            # Tests without a database need not wait until all of this is loaded.
            from app.db.migrate import upgrade

            _create(server, template)
            upgrade(_renamed(server, template))
            made.touch()
        _create(server, name, template)
    return _renamed(server, name)


def drop_databases(server: str, run: str) -> None:
    """Take away what the run made on a server that is not its own."""
    with _admin(server) as connection:
        names = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"bridge%\\_{run}"])
        for (name,) in names.fetchall():
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def empty(url: str) -> None:
    """Take every row out of a migrated database; sequences start anew."""
    with psycopg.connect(_conninfo(url), autocommit=True) as connection:
        connection.execute(sql.SQL("SET lock_timeout = {}").format(_LOCK_TIMEOUT))
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        ).fetchall()
        if tables:
            names = sql.SQL(", ").join(sql.Identifier(name) for (name,) in tables)
            connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(names))


def _start(server: EmbeddedPostgres, place: Path) -> None:
    part = server.part()
    server.clear()
    with (place / "postgres.log").open("ab") as log:
        process = subprocess.Popen(
            part.command, cwd=part.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    # Should pytest be killed, nobody is left to stop the server: this process waits for that.
    subprocess.Popen(
        [sys.executable, "-P", "-m", "tests.support.mourner", os.environ["BRIDGE_TEST_CONTROLLER"], str(process.pid)],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_until(lambda: part.ready(""), seconds=part.ready_seconds, what="PostgreSQL accepts connections")


def _create(server: str, name: str, template: str = "template0") -> None:
    with _admin(server) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )


def _admin(server: str) -> psycopg.Connection:
    return psycopg.connect(_conninfo(server), autocommit=True)


def _renamed(url: str, database: str) -> str:
    changed: URL = make_url(url).set(database=database)
    return changed.render_as_string(hide_password=False)


def _conninfo(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
