from __future__ import annotations

import psycopg
import pytest
import redis
from kombu import Connection
from sqlalchemy.engine import make_url

from tests.support.postgres import empty


def _connect(url: str) -> psycopg.Connection:
    return psycopg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))


def test_a_database_is_migrated_and_keeps_no_row_for_the_next_test(database: str) -> None:
    with _connect(database) as connection:
        migrated = connection.execute("SELECT count(*) FROM alembic_version").fetchone()
        connection.execute("CREATE TABLE of_this_test (turn integer)")
        connection.execute("INSERT INTO of_this_test VALUES (1)")

    empty(database)

    with _connect(database) as connection:
        kept = connection.execute("SELECT count(*) FROM of_this_test").fetchone()
        connection.execute("DROP TABLE of_this_test")
    assert migrated == (1,)
    assert kept == (0,)


@pytest.mark.parametrize("turn", [1, 2])
def test_a_redis_is_empty_in_every_test(redis_url: str, turn: int) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("turn", turn)


@pytest.mark.rabbitmq
def test_a_rabbitmq_takes_a_message_and_gives_it_back(rabbitmq_url: str) -> None:
    with Connection(rabbitmq_url) as connection, connection.SimpleQueue("letters") as queue:
        queue.put("hello")
        letter = queue.get(timeout=5)
        letter.ack()

    assert letter.payload == "hello"
