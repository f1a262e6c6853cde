"""What waits in a queue, by the broker's own count."""

from __future__ import annotations

import pytest

from tasks.backlog import waiting
from tasks.celery import UPKEEP, app


@pytest.fixture
def on_redis(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKER_URL", redis_url)
    monkeypatch.setitem(app.conf, "broker_url", redis_url)


@pytest.mark.usefixtures("on_redis")
def test_counts_the_messages_that_nobody_took() -> None:
    before = waiting(UPKEEP)
    with app.connection_for_write(app.conf.broker_url) as connection:
        for _ in range(3):
            app.send_task("tasks.upkeep.sweep", queue=UPKEEP, connection=connection)
    assert waiting(UPKEEP) == before + 3


@pytest.mark.usefixtures("on_redis")
def test_a_queue_that_the_broker_does_not_have_is_empty() -> None:
    assert waiting("nobody-declared-this") == 0
