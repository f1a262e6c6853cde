"""What is tried again soon: a message of its own on a quiet day, gathered by the sweep on a busy one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from redis import Redis

from app.services.ledger.posting import Outcome
from tasks import steps
from tasks.backlog import FEW, waiting
from tasks.celery import STEPS, app

Sent = list[tuple[list[int], float]]


@pytest.fixture
def sent(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Sent:
    """What is launched, and when; the queue of steps lies on a Redis and holds whatever the test puts there."""
    launched: Sent = []

    def launch(returns: Sequence[int], countdown: float = 0.0) -> None:
        launched.append((list(returns), countdown))

    monkeypatch.setenv("BROKER_URL", redis_url)
    monkeypatch.setitem(app.conf, "broker_url", redis_url)
    monkeypatch.setattr(steps, "launch", launch)
    Redis.from_url(redis_url).delete(STEPS)
    return launched


def test_what_is_put_off_on_a_quiet_day_has_a_message_of_its_own(sent: Sent) -> None:
    assert steps.carry_on(Outcome([1], again={2: 1.0, 3: 1.0, 4: 7.0, 5: 900.0})) == [1]
    assert sent == [([2, 3], 1.0), ([4], 8.0)]


def test_what_is_put_off_while_many_steps_wait_is_left_to_the_sweep(sent: Sent, redis_url: str) -> None:
    with app.connection_for_write(redis_url) as connection:
        for pk in range(FEW + 1):
            app.send_task("tasks.steps.validate_skus", ([pk],), queue=STEPS, connection=connection)
    assert waiting(STEPS) == FEW + 1
    assert steps.carry_on(Outcome([1], again={2: 1.0, 4: 7.0})) == [1]
    assert sent == []
