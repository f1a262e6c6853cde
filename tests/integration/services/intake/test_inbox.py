from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from app.services.intake.inbox import NotStored, database_answers, store_event
from tests.support.http_server import closed_port
from tests.support.waiting import wait_until


@pytest.fixture
def connection(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection]:
    """A connection beside the inbox's own, on the same empty database."""
    monkeypatch.setenv("DATABASE_URL", database)
    with psycopg.connect(database.replace("+psycopg", "", 1), autocommit=True) as connection:
        yield connection


def _bodies(connection: psycopg.Connection) -> list[str]:
    return [body for (body,) in connection.execute("select body from inbox order by id").fetchall()]


def _store(number: int) -> None:
    store_event("reveni", "es", f"e{number}", f"body {number}")


def test_an_event_is_committed_when_it_is_stored(connection: psycopg.Connection) -> None:
    store_event("warehouse", "madrid", "w1", "Ñandú")

    found = connection.execute("select channel, name, external_id, body, state, tries from inbox").fetchall()
    assert found == [("warehouse", "madrid", "w1", "Ñandú", "new", 0)]


def test_a_repeat_keeps_the_first_body_and_what_became_of_it(connection: psycopg.Connection) -> None:
    store_event("reveni", "es", "e1", "first")
    connection.execute("update inbox set state = 'done'")

    store_event("reveni", "es", "e1", "second")

    assert connection.execute("select body, state from inbox").fetchall() == [("first", "done")]


def test_events_that_come_at_once_are_each_stored_once(connection: psycopg.Connection) -> None:
    with ThreadPoolExecutor(8) as threads:
        for _ in threads.map(_store, [number % 100 for number in range(300)]):
            pass

    assert sorted(_bodies(connection)) == sorted(f"body {number}" for number in range(100))


def test_a_large_body_goes_through_whole(connection: psycopg.Connection) -> None:
    body = "ñ" * 5_000_000

    store_event("reveni", "es", "e1", body)

    assert _bodies(connection) == [body]


def test_a_nul_is_refused_and_nothing_is_cut_off_at_it(connection: psycopg.Connection) -> None:
    with pytest.raises(NotStored, match="22021"):
        store_event("reveni", "es", "e1", "before\x00after")
    _store(1)

    assert _bodies(connection) == ["body 1"]


def test_a_database_that_hangs_is_not_waited_for(connection: psycopg.Connection) -> None:
    _store(1)
    with connection.transaction():
        connection.execute("lock table inbox in access exclusive mode")
        began = time.monotonic()
        with pytest.raises(NotStored, match="in time"):
            store_event("reveni", "es", "e2", "body 2", patience=0.2)
        waited = time.monotonic() - began
    _store(3)

    assert 0.2 <= waited < 2
    assert {"body 1", "body 3"} <= set(_bodies(connection))


def test_a_connection_that_the_server_ended_is_made_anew(connection: psycopg.Connection) -> None:
    _store(1)
    ended = connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where application_name = 'bridge-inbox' and datname = current_database()"
    ).fetchall()

    _store(2)

    assert (True,) in ended
    assert _bodies(connection) == ["body 1", "body 2"]


def test_a_table_that_is_missing_is_an_error_until_it_is_there(connection: psycopg.Connection) -> None:
    connection.execute("alter table inbox rename to elsewhere")
    try:
        with pytest.raises(NotStored):
            _store(1)
        assert not database_answers()
    finally:
        connection.execute("alter table elsewhere rename to inbox")
    _store(2)

    assert database_answers()
    assert _bodies(connection) == ["body 2"]


def test_a_database_that_is_away_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql+psycopg://127.0.0.1:{closed_port()}/nowhere")

    with pytest.raises(NotStored):
        _store(1)
    assert not database_answers()


def test_a_forked_child_writes_over_a_connection_of_its_own(connection: psycopg.Connection) -> None:
    _store(1)

    child = os.fork()
    if child == 0:
        try:
            _store(2)
            os._exit(0)
        except NotStored:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    _store(3)

    assert os.waitstatus_to_exitcode(status) == 0
    assert _bodies(connection) == ["body 1", "body 2", "body 3"]


def test_a_thread_that_ends_leaves_no_connection_behind(connection: psycopg.Connection) -> None:
    def others() -> int:
        row = connection.execute(
            "select count(*) from pg_stat_activity"
            " where application_name = 'bridge-inbox' and datname = current_database()"
        ).fetchone()
        assert row is not None
        return int(row[0])

    before = others()
    threads = [threading.Thread(target=_store, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    wait_until(lambda: others() <= before, what="the connections of ended threads are closed")
    assert len(_bodies(connection)) == 4
