"""Servers for tests: real ones, private to this run, and gone when it ends.

``DATABASE_URL`` (or ``TEST_DATABASE_URL``) puts a PostgreSQL of yours in the place of the one out of the wheel.
``BRIDGE_TEST_REQUIRE=rabbitmq`` makes tests fail, not skip, where there is no RabbitMQ.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from app.system.broker import EmbeddedRedis
from app.system.supervisor import Supervisor
from tests.support import postgres
from tests.support.rabbitmq import virtual_host

_PLACE = "BRIDGE_TEST_PLACE"
_CONTROLLER = "BRIDGE_TEST_CONTROLLER"


def _is_controller(config: pytest.Config) -> bool:
    return not hasattr(config, "workerinput")


def pytest_configure(config: pytest.Config) -> None:
    """The controller of the run names the place that its workers share."""
    if _is_controller(config):
        # A path of its own and a short one: sockets live below it.
        os.environ[_PLACE] = tempfile.mkdtemp(prefix="bridge-test-")
        os.environ[_CONTROLLER] = str(os.getpid())


def pytest_unconfigure(config: pytest.Config) -> None:
    """The controller ends what the workers started."""
    if _is_controller(config) and _PLACE in os.environ:
        place = Path(os.environ.pop(_PLACE))
        given = postgres.given_url()
        if given is None:
            postgres.end_shared_server(place)
        elif (place / "template.made").exists():
            postgres.drop_databases(given, _run_of(place))
        shutil.rmtree(place, ignore_errors=True)


def _run_of(place: Path) -> str:
    return place.name.removeprefix("bridge-test-").lower()


@pytest.fixture(scope="session")
def run_place() -> Path:
    """The directory that all workers of this run share."""
    return Path(os.environ[_PLACE])


@pytest.fixture(scope="session")
def postgres_url(run_place: Path) -> str:
    """A PostgreSQL server's URL (of its maintenance database): make databases of your own in it if you must."""
    return postgres.given_url() or postgres.shared_server(run_place)


@pytest.fixture(scope="session")
def _worker_database(postgres_url: str, run_place: Path, worker_id: str) -> str:
    run = _run_of(run_place)
    return postgres.fresh_database(postgres_url, run_place, f"bridge_{worker_id}_{run}", run)


@pytest.fixture
def database(_worker_database: str) -> str:
    """The URL of a migrated and empty database that belongs to this test."""
    postgres.empty(_worker_database)
    return _worker_database


@pytest.fixture(scope="session")
def _worker_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    place = tmp_path_factory.mktemp("broker")
    server = EmbeddedRedis(place / "redis", uuid.uuid4().hex)
    server.prepare()
    with Supervisor(place / "logs") as supervisor:
        supervisor.start(server.part())
        yield server.url


@pytest.fixture
def redis_url(_worker_redis: str) -> str:
    """The URL of an empty Redis that belongs to this test."""
    with redis.Redis.from_url(_worker_redis) as client:
        client.flushall()
    return _worker_redis


@pytest.fixture(scope="session")
def rabbitmq_url(run_place: Path, worker_id: str) -> Iterator[str]:
    """The URL of a RabbitMQ virtual host that belongs to this worker; skips (or fails) where there is no RabbitMQ."""
    with virtual_host(f"bridge-{worker_id}-{_run_of(run_place)}") as url:
        yield url
