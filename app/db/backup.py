"""Backup and restore: all that the database holds, of one moment, in one file.

The file is a zip archive: `manifest.json`, and per table what PostgreSQL's COPY writes, so that it fits any server and
needs no other program. It holds personal data and is readable by its owner alone.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

import psycopg
from psycopg import sql
from sqlalchemy import Table

from app.db.grants import NOT_THE_OWNER
from app.db.tables.base import Base

_FORMAT = 1
_MANIFEST = "manifest.json"
_CHUNK = 1 << 20
_ENCRYPTED = 1
"""The flag of an entry of an archive."""
_LOCK_TIMEOUT = "5s"
_LEAVE_SECONDS = 2.0
_OTHERS = """
    select count(*) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and usename is not null
"""


class BackupFault(Exception):
    """A backup that cannot be made or restored; the message says why and what to do. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is: the schema's revision, the version of the bridge, its moment (UTC), the rows of each table."""

    revision: str
    bridge: str
    taken_at: datetime
    rows: Mapping[str, int]
    columns: Mapping[str, list[str]]


def back_up(url: str, path: Path) -> Manifest:
    """Write a backup of one moment while the system goes on. `url` as DATABASE_URL.

    Raises BackupFault when the file is there already or cannot be written, or the database cannot be read.
    """
    if path.exists():
        raise BackupFault(f"{path} is there already: name another file.")
    draft = path.with_name(f"{path.name}.part")
    try:
        with _draft(draft) as archive, _connected(url) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            manifest = _write(connection, archive)
        draft.replace(path)
    except OSError as error:
        raise BackupFault(f"{path} cannot be written: {error.strerror or error}.") from None
    finally:
        draft.unlink(missing_ok=True)
    return manifest


def restore(url: str, path: Path, *, replace: bool = False) -> Manifest:
    """Put a backup into a database with the same schema, in one transaction, and mark it as restored.

    A database that holds anything is left alone, unless it is to be replaced. Whoever works on it must have been
    stopped. Raises BackupFault.
    """
    with _opened(path) as archive:
        manifest = _manifest(archive, path)
        with _connected(url) as connection:
            connection.execute(sql.SQL("set lock_timeout = {}").format(_LOCK_TIMEOUT))
            _expect_schema(connection, manifest)
            _expect_nobody_else(connection)
            tables = Base.metadata.sorted_tables
            _lock(connection, tables)
            _expect_empty(connection, tables, replace)
            for table in tables:
                _trigger(connection, table, "disable")
            for table in tables:
                _fill(connection, archive, table, manifest)
            for table in tables:
                _trigger(connection, table, "enable")
                _set_sequences(connection, table)
            _mark(connection, manifest.taken_at)
    return manifest


def mark_restored(url: str, taken_at: datetime) -> None:
    """Mark a database that was restored by other means to how it was at a time. Raises BackupFault."""
    with _connected(url) as connection:
        _expect_nobody_else(connection)
        _mark(connection, taken_at)


@contextmanager
def _draft(path: Path) -> Iterator[ZipFile]:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        with ZipFile(file, "w", ZIP_DEFLATED) as archive:
            yield archive
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _opened(path: Path) -> Iterator[ZipFile]:
    try:
        with ZipFile(path) as archive:
            yield archive
    except OSError as error:
        raise BackupFault(f"{path} cannot be read: {error.strerror or error}.") from None
    except (BadZipFile, zlib.error, EOFError) as error:
        raise BackupFault(f"{path} is no whole backup of the bridge: {error}.") from None


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection]:
    """A connection in one transaction: committed at the end, rolled back on an error."""
    try:
        with psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://", 1)) as connection:
            yield connection
    except psycopg.errors.LockNotAvailable:
        raise BackupFault("Somebody works on the database: stop every part of the system first.") from None
    except psycopg.errors.InsufficientPrivilege:
        raise BackupFault(NOT_THE_OWNER) from None
    except psycopg.errors.UndefinedTable:
        raise BackupFault("The database has not the tables of this version: run `bridge db upgrade` first.") from None
    except psycopg.OperationalError:
        raise BackupFault("The database does not answer: start it, or correct DATABASE_URL.") from None
    except psycopg.Error as error:
        # The server's own words can hold a row.
        state = f"{type(error).__name__}, SQLSTATE {error.sqlstate}"
        raise BackupFault(f"PostgreSQL refused: {state}. Nothing was changed.") from None


def _write(connection: psycopg.Connection, archive: ZipFile) -> Manifest:
    taken_at, revision = _one(connection, "select now(), version_num from alembic_version")
    rows, columns = {}, {}
    for table in Base.metadata.sorted_tables:
        columns[table.name] = [column.name for column in table.columns]
        copy = sql.SQL("copy {} ({}) to stdout").format(*_names(table.name, columns[table.name]))
        with connection.cursor() as cursor:
            with cursor.copy(copy) as data, archive.open(_entry(table.name), "w", force_zip64=True) as file:
                for block in data:
                    file.write(block)
            rows[table.name] = cursor.rowcount
    manifest = Manifest(revision, version("reveni-bluecherry-bridge"), taken_at, rows, columns)
    content = {
        "format": _FORMAT,
        "revision": manifest.revision,
        "bridge": manifest.bridge,
        "taken_at": taken_at.isoformat(),
        "tables": {name: {"rows": rows[name], "columns": columns[name]} for name in rows},
    }
    archive.writestr(_MANIFEST, json.dumps(content, indent=2))
    return manifest


def _manifest(archive: ZipFile, path: Path) -> Manifest:
    if any(entry.flag_bits & _ENCRYPTED for entry in archive.infolist()):
        raise BackupFault(f"{path} is encrypted: decrypt it first.")
    try:
        content = json.loads(archive.read(_MANIFEST))
        if content["format"] != _FORMAT:
            raise BackupFault(f"{path} has the format {content['format']}; this version of the bridge reads {_FORMAT}.")
        tables = content["tables"]
        if not {_entry(name) for name in tables} <= set(archive.namelist()):
            raise BackupFault(f"{path} is no whole backup of the bridge: tables are missing.")
        return Manifest(
            revision=str(content["revision"]),
            bridge=str(content["bridge"]),
            taken_at=datetime.fromisoformat(content["taken_at"]),
            rows={name: int(table["rows"]) for name, table in tables.items()},
            columns={name: [str(column) for column in table["columns"]] for name, table in tables.items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BackupFault(f"{path} is no backup of the bridge.") from None


def _expect_schema(connection: psycopg.Connection, manifest: Manifest) -> None:
    (revision,) = _one(connection, "select version_num from alembic_version")
    if revision != manifest.revision:
        raise BackupFault(
            f"The backup has the schema {manifest.revision} (bridge {manifest.bridge}), the database {revision}: "
            "restore it with the version of the bridge that made it, then upgrade that one."
        )


def _expect_nobody_else(connection: psycopg.Connection) -> None:
    """Refuse while others are connected; PostgreSQL's own helpers have no user."""
    deadline = time.monotonic() + _LEAVE_SECONDS
    while others := _one(connection, _OTHERS)[0]:
        if time.monotonic() < deadline:
            # One that has just gone is still listed for a moment; a transaction reads the list once unless told.
            time.sleep(0.1)
            connection.execute("select pg_stat_clear_snapshot()")
            continue
        raise BackupFault(f"{others} others are connected to the database: stop every part of the system first.")


def _lock(connection: psycopg.Connection, tables: list[Table]) -> None:
    names = sql.SQL(", ").join(sql.Identifier(table.name) for table in tables)
    connection.execute(sql.SQL("lock table {} in access exclusive mode").format(names))


def _expect_empty(connection: psycopg.Connection, tables: list[Table], replace: bool) -> None:
    there = [
        table.name
        for table in tables
        if _one(connection, sql.SQL("select exists (select from {})").format(sql.Identifier(table.name)))[0]
    ]
    if there and not replace:
        raise BackupFault(
            f"The database is not empty ({', '.join(sorted(there))}): --replace throws away what it holds, for good."
        )
    names = sql.SQL(", ").join(sql.Identifier(table.name) for table in tables)
    connection.execute(sql.SQL("truncate {}").format(names))


def _trigger(connection: psycopg.Connection, table: Table, what: str) -> None:
    """The triggers that write versions must not write those of the restored rows anew."""
    statement = sql.SQL("alter table {} {} trigger user").format(sql.Identifier(table.name), sql.SQL(what))
    connection.execute(statement)


def _fill(connection: psycopg.Connection, archive: ZipFile, table: Table, manifest: Manifest) -> None:
    columns = manifest.columns.get(table.name)
    if columns is None or sorted(columns) != sorted(column.name for column in table.columns):
        raise BackupFault(f"The backup's table {table.name} is not that of this version of the bridge.")
    copy = sql.SQL("copy {} ({}) from stdin").format(*_names(table.name, columns))
    with connection.cursor() as cursor:
        with archive.open(_entry(table.name)) as file, cursor.copy(copy) as data:
            while block := file.read(_CHUNK):
                data.write(block)
        if cursor.rowcount != manifest.rows[table.name]:
            raise BackupFault(f"The backup's table {table.name} has not the rows that it should have.")


def _set_sequences(connection: psycopg.Connection, table: Table) -> None:
    for column in table.columns:
        if column.identity is not None:
            names = {"table": sql.Identifier(table.name), "column": sql.Identifier(column.name)}
            statement = sql.SQL(
                "select setval(pg_get_serial_sequence({name}, {text}), coalesce(max({column}), 1),"
                " max({column}) is not null) from {table}"
            ).format(name=f'"{table.name}"', text=column.name, **names)
            connection.execute(statement)


def _mark(connection: psycopg.Connection, taken_at: datetime) -> None:
    """From now on nothing that is not posted is sent before BlueCherry was asked for it, and its list is read first."""
    connection.execute("insert into restores (taken_at) values (%s)", [taken_at])
    connection.execute("update ledger set look_first = true where state <> 'posted' and not shadow")
    connection.execute("delete from marks where name like 'books round:%'")


def _names(table: str, columns: list[str]) -> tuple[sql.Composable, sql.Composable]:
    return sql.Identifier(table), sql.SQL(", ").join(sql.Identifier(column) for column in columns)


def _entry(table: str) -> str:
    return f"tables/{table}.copy"


def _one(connection: psycopg.Connection, query: str | sql.Composed) -> tuple:  # type: ignore[type-arg]
    row = connection.execute(query).fetchone()
    if row is None:
        raise BackupFault("The database has not the tables of this version: run `bridge db upgrade` first.")
    return row
