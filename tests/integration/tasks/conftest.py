from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from tests.support.rabbitmq import virtual_host


@pytest.fixture
def rabbitmq_url() -> Iterator[str]:
    """A RabbitMQ virtual host of the test's own: a queue that another test declared otherwise would stop the worker."""
    with virtual_host(f"bridge-tasks-{uuid.uuid4().hex}") as url:
        yield url
