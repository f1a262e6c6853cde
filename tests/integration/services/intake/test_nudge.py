from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
import redis
from kombu import Connection, Queue

from app.services.intake.nudge import QUEUE, TASK, nudge
from tests.support.waiting import wait_until


def _messages(url: str) -> list[dict[str, Any]]:
    with redis.Redis.from_url(url) as client:
        return [json.loads(message) for message in client.lrange(QUEUE, 0, -1)]


def test_a_nudge_becomes_a_task_without_arguments(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKER_URL", redis_url)

    nudge()

    (message,) = wait_until(lambda: _messages(redis_url), what="the message")
    args, kwargs, _ = json.loads(base64.b64decode(message["body"]))
    assert message["headers"]["task"] == TASK
    assert message["headers"]["expires"] is not None
    assert (args, kwargs) == ([], {})


def test_many_nudges_are_few_messages_and_cost_no_time(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKER_URL", redis_url)
    nudge()
    wait_until(lambda: _messages(redis_url), what="the first message")

    began = time.monotonic()
    for _ in range(1000):
        nudge()
    took = time.monotonic() - began

    wait_until(lambda: len(_messages(redis_url)) >= 2, what="a message after the last nudge")
    assert took < 0.5
    assert len(_messages(redis_url)) <= 2 + took / 0.05 + 1


def test_a_nudge_after_a_pause_is_a_message_again(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKER_URL", redis_url)
    for count in (1, 2, 3):
        nudge()
        wait_until(lambda wanted=count: len(_messages(redis_url)) == wanted, what=f"message {count}")  # type: ignore[misc]


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "nonsense://nowhere", ""])
def test_a_broker_that_is_away_or_misnamed_hurts_nobody(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKER_URL", url)

    began = time.monotonic()
    for _ in range(10):
        nudge()

    assert time.monotonic() - began < 0.5


@pytest.mark.rabbitmq
def test_rabbitmq_is_nudged_whatever_type_the_workers_gave_their_queue(
    rabbitmq_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROKER_URL", rabbitmq_url)
    with Connection(rabbitmq_url) as connection:
        queue = Queue(QUEUE, queue_arguments={"x-queue-type": "quorum"})(connection.default_channel)
        queue.declare()

        nudge()

        message = wait_until(lambda: queue.get(no_ack=True), what="the message")
    assert message is not None
    assert message.headers["task"] == TASK
