"""The RabbitMQ of this machine, and a virtual host of a worker's own in it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from kombu import Connection
from kombu.exceptions import OperationalError

_ADDRESS = "amqp://guest:guest@127.0.0.1:5672/"
_CONTROL_SECONDS = 30


def required(server: str) -> bool:
    """Whether BRIDGE_TEST_REQUIRE (names, comma separated) says that tests with this server must not be skipped."""
    return server in os.environ.get("BRIDGE_TEST_REQUIRE", "").replace(",", " ").split()


def reachable(url: str) -> bool:
    """Whether a broker takes connections there."""
    try:
        with Connection(url, connect_timeout=3) as connection:
            connection.connect()
    except (OSError, OperationalError):
        return False
    return True


@contextmanager
def virtual_host(name: str) -> Iterator[str]:
    """The URL of an empty virtual host, gone afterwards; where we may not make one, of the default one."""
    if not reachable(_ADDRESS + "/"):
        reason = "no RabbitMQ on 127.0.0.1:5672"
        if required("rabbitmq"):
            pytest.fail(f"{reason}, and BRIDGE_TEST_REQUIRE names it: start rabbitmq-server", pytrace=False)
        pytest.skip(f"{reason}: start rabbitmq-server to run this test")
    if not _control("add_vhost", name):
        yield _ADDRESS + "/"
        return
    try:
        _control("set_permissions", "-p", name, "guest", ".*", ".*", ".*")
        yield _ADDRESS + name
    finally:
        _control("delete_vhost", name)


def _control(*words: str) -> bool:
    program = shutil.which("rabbitmqctl", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        return False
    try:
        done = subprocess.run([program, "-q", *words], capture_output=True, timeout=_CONTROL_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
