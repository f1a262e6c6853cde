"""The settings that hold the promises: every queue is consumed, nothing waits longer than the broker is patient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from celery.signals import task_failure
from kombu import Connection, Message, Queue
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError

from app.services.intake import nudge
from app.system import parts
from tasks import intake, steps, upkeep, windows
from tasks.celery import DEAD_LETTERS, DELIVERIES, QUEUES, app, dead_letter_queue, queues, schedule, settings
from tests.support.waiting import wait_until

MODULES = (intake, steps, upkeep, windows)


def _queue_of(task: str) -> str:
    """The queue that a message of the task is sent to when nobody names one."""
    routed: Queue = app.amqp.router.route({}, task)["queue"]
    return str(routed.name)


def _tasks() -> Iterator[Any]:
    app.loader.import_default_modules()
    for name, task in app.tasks.items():
        if not name.startswith("celery."):
            yield task


def test_every_task_goes_to_a_queue_that_workers_consume() -> None:
    found = {task.name: _queue_of(task.name) for task in _tasks()}

    assert found
    assert {module.__name__ for module in MODULES} == {name.rpartition(".")[0] for name in found}
    assert set(found.values()) == set(QUEUES) == set(parts.QUEUES)


def test_a_task_says_its_queue_in_the_routes_alone() -> None:
    """Celery has deprecated the task's own `queue`, and warns of it at every start."""
    assert [task.name for task in _tasks() if getattr(task, "queue", None) is not None] == []


def test_every_tick_of_the_clock_is_a_task_on_its_own_queue_and_expires() -> None:
    known = {task.name: _queue_of(task.name) for task in _tasks()}
    for name, entry in schedule().items():
        if entry["task"] != "tasks.upkeep.canary":
            assert known[entry["task"]] == entry["options"]["queue"], name
        assert 5 <= entry["options"]["expires"] <= max(entry["schedule"], 5), name


def test_a_canary_goes_through_every_queue() -> None:
    canaries = [entry for entry in schedule().values() if entry["task"] == "tasks.upkeep.canary"]

    assert {entry["options"]["queue"]: entry["args"] for entry in canaries} == {name: (name,) for name in QUEUES}


def test_the_nudge_is_the_intake_task_on_its_queue() -> None:
    found = {task.name: _queue_of(task.name) for task in _tasks()}

    assert found[nudge.TASK] == nudge.QUEUE


def test_steps_are_retried_a_bounded_number_of_times() -> None:
    for task in _tasks():
        assert (task.max_retries, task.default_retry_delay) == (2, 1), task.name
        assert task.acks_late, task.name


def test_no_task_outlives_the_brokers_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKER_URL", "redis://127.0.0.1:6379/0")
    given = settings()
    patience = given["broker_transport_options"]["visibility_timeout"]

    assert given["task_soft_time_limit"] < given["task_time_limit"] < patience
    # A list of years of returns may take longer: whoever gets its message meanwhile finds it in another's hands.
    longer = {task.name: task.time_limit for task in _tasks() if task.time_limit > given["task_time_limit"]}
    assert longer.keys() == {"tasks.upkeep.make_reports"}
    assert longer["tasks.upkeep.make_reports"] < 1800, "RabbitMQ gives up a consumer after half an hour"
    assert given["task_ignore_result"]
    assert given["task_acks_late"]
    assert "result_backend" not in given


def test_a_queue_that_nobody_reads_is_never_made(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings()["task_create_missing_queues"] is False
    assert [queue.name for queue in queues("redis://x")] == list(QUEUES)


@pytest.mark.rabbitmq
def test_rabbitmq_takes_the_queues_as_they_are_declared(rabbitmq_url: str) -> None:
    with Connection(rabbitmq_url) as connection:
        channel = connection.default_channel
        for queue in [*queues(rabbitmq_url), dead_letter_queue()]:
            bound = queue.bind(channel)
            bound.declare()
            assert (queue.queue_arguments or {})["x-queue-type"] == "quorum"
            bound.delete()


@pytest.mark.rabbitmq
def test_on_rabbitmq_a_message_that_is_put_back_again_and_again_ends_in_the_dead_letters(rabbitmq_url: str) -> None:
    with Connection(rabbitmq_url) as connection:
        channel = connection.default_channel
        dead = dead_letter_queue().bind(channel)
        queue = next(queue for queue in queues(rabbitmq_url) if queue.name == "steps").bind(channel)
        dead.declare()
        queue.declare()
        with connection.Producer() as producer:
            producer.publish({"poison": True}, exchange=queue.exchange, routing_key=queue.routing_key)
        deliveries = 0

        def letter() -> Message | None:
            nonlocal deliveries
            message = queue.get(no_ack=False)
            if message is not None:
                deliveries += 1
                message.requeue()
            return dead.get(no_ack=True)

        found = wait_until(letter, 20, "the message is a dead letter")
        assert found is not None
        assert found.payload == {"poison": True}
        assert 2 <= deliveries <= DELIVERIES + 1
        queue.delete()
        dead.delete()

    assert dead.name == DEAD_LETTERS


@pytest.mark.parametrize(("error", "aside"), [(DataError, True), (OperationalError, False), (IntegrityError, False)])
def test_a_value_that_the_database_refuses_is_the_returns_and_its_absence_is_not(
    monkeypatch: pytest.MonkeyPatch, error: type[DBAPIError], aside: bool
) -> None:
    sent: list[tuple[object, ...]] = []
    monkeypatch.setattr(upkeep.set_aside, "delay", lambda *args: sent.append(args))
    task_failure.send(sender=steps.validate_skus, args=([1],), exception=error("", {}, Exception()))

    assert sent == ([([1], "tasks.steps.validate_skus", error.__name__)] if aside else [])
