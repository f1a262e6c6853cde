"""The inbox, store side: an event is written once and committed before anybody hears that it was stored.

Each thread of the receiver keeps a connection of its own, and PostgreSQL lets commits that come together share one wait
for the disk. libpq is used below psycopg's cursors: a request must not wait longer than its patience for a database
that hangs, and one INSERT per request is most of what the receiver does.
"""

from __future__ import annotations

import os
import select
import threading
import time
from typing import Literal

import psycopg
import structlog
from psycopg import pq

from app.db.engine import DatabaseNotSet

Channel = Literal["reveni", "warehouse"]
Row = tuple[str, str, str, str]
"""Channel, store or site, the event's own id, its text."""

PATIENCE_SECONDS = 5.0
"""How long a request waits for its row's commit."""
_CONNECT_SECONDS = 2
_STATEMENT = b"store_event"
_PREPARE = (
    "prepare store_event (text, text, text, text) as"
    " insert into inbox (channel, name, external_id, body) values ($1, $2, $3, $4)"
    " on conflict (channel, name, external_id) do nothing"
)
# Sent as they are, with their length: in libpq's text format a text would end at its first NUL, and silently.
_AS_BINARY = [pq.Format.BINARY] * 4

log = structlog.get_logger(__name__)


class NotStored(RuntimeError):
    """The event is not known to be in the database. Its sender must send it again, which is harmless."""


class _Lost(Exception):
    """The connection is gone, or cannot be made; a new one may do."""


class _Writer:
    """A connection that writes inbox rows, each in a commit of its own. Belongs to one thread."""

    def __init__(self, url: str) -> None:
        try:
            self._connection = psycopg.connect(
                _conninfo(url),
                autocommit=True,
                client_encoding="utf-8",
                connect_timeout=_CONNECT_SECONDS,
                application_name="bridge-inbox",
            )
            self._connection.execute(_PREPARE)
        except psycopg.Error as error:
            raise _Lost(type(error).__name__) from None
        self._libpq = self._connection.pgconn
        self._poll = select.poll()

    def write(self, row: Row, deadline: float) -> None:
        """Insert the row unless it is there, and return when that is committed. Raises _Lost and NotStored."""
        values = [text.encode() for text in row]
        try:
            self._libpq.send_query_prepared(_STATEMENT, values, _AS_BINARY)
            while self._libpq.flush():
                self._wait(select.POLLIN | select.POLLOUT, deadline)
                self._libpq.consume_input()
            while self._libpq.is_busy():
                self._wait(select.POLLIN, deadline)
                self._libpq.consume_input()
            answers = self._answers()
        except psycopg.Error as error:
            raise _Lost(type(error).__name__) from None
        if any(answer.status != pq.ExecStatus.COMMAND_OK for answer in answers):
            state = answers[0].error_field(pq.DiagnosticField.SQLSTATE) or b"?"
            if self._libpq.status != pq.ConnStatus.OK or state.startswith(b"57P"):
                raise _Lost(f"SQLSTATE {state.decode()}")
            raise NotStored(f"SQLSTATE {state.decode()}")

    def close(self) -> None:
        """Drop the connection, whatever state it is in."""
        self._connection.close()

    def _wait(self, events: int, deadline: float) -> None:
        left = deadline - time.monotonic()
        self._poll.register(self._libpq.socket, events)
        if left <= 0 or not self._poll.poll(left * 1000):
            raise NotStored("no answer in time")

    def _answers(self) -> list[pq.abc.PGresult]:
        answers = []
        while (answer := self._libpq.get_result()) is not None:
            answers.append(answer)
        return answers


class _Held(threading.local):
    """The writer of this thread, and what it was made for: neither a fork nor another database may use it."""

    writer: _Writer | None = None
    made_for: tuple[str, int] | None = None


_held = _Held()


def store_event(
    channel: Channel, name: str, external_id: str, body: str, *, patience: float = PATIENCE_SECONDS
) -> None:
    """Store a raw event once. `name` is the store or site of the URL, `external_id` what makes a repeat known.

    Returns when it is committed, also when it had been stored before. Raises NotStored when that is not certain within
    `patience` seconds (and the time that a new connection takes), and DatabaseNotSet.
    """
    url = _database_url()
    row = (channel, name, external_id, body)
    deadline = time.monotonic() + patience
    reused = _held.writer is not None and _held.made_for == (url, os.getpid())
    try:
        try:
            _write(url, row, deadline)
        except _Lost:
            # The server may have gone and come back since this thread's last event: written twice is stored once.
            if not reused:
                raise
            _write(url, row, deadline)
    except (_Lost, NotStored) as error:
        # The server's own words can hold the row; SQLSTATE and class cannot.
        log.error("inbox.not_stored", why=str(error))
        raise NotStored(str(error)) from None


def _write(url: str, row: Row, deadline: float) -> None:
    try:
        _writer_of_this_thread(url).write(row, deadline)
    except (_Lost, NotStored):
        _drop_writer()
        raise


def _writer_of_this_thread(url: str) -> _Writer:
    made_for = (url, os.getpid())
    if _held.writer is None or _held.made_for != made_for:
        _drop_writer()
        _held.writer, _held.made_for = _Writer(url), made_for
    return _held.writer


def _drop_writer() -> None:
    # A parent's connection is the parent's: closing it here would end its session there.
    if _held.writer is not None and _held.made_for is not None and _held.made_for[1] == os.getpid():
        _held.writer.close()
    _held.writer = _held.made_for = None


def database_answers() -> bool:
    """Whether an event could be stored now: the database answers, and has the inbox."""
    try:
        with psycopg.connect(_conninfo(_database_url()), connect_timeout=_CONNECT_SECONDS) as connection:
            connection.execute("select from inbox limit 1")
    except (psycopg.Error, DatabaseNotSet):
        return False
    return True


def _database_url() -> str:
    url = os.environ.get("DATABASE_URL")
    if not url:
        raise DatabaseNotSet(DatabaseNotSet.__doc__)
    return url


def _conninfo(url: str) -> str:
    """SQLAlchemy's URL as libpq reads it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)
