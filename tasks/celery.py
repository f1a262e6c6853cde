"""The Celery app: queues, schedule, and every setting with its reason.

The database is the workflow; Celery carries it forward. Nothing here may be lost with a message that is.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_init
from kombu import Exchange, Queue
from sqlalchemy.exc import OperationalError

from app.ops.diagnosis import CANARY_SECONDS
from app.ops.logs import configure_logging
from app.services.outside import sweep_clock

WINDOWS = "batches"
UPKEEP = "clock"
STEPS = "steps"
INTAKE = "take-in"
QUEUES = (WINDOWS, UPKEEP, STEPS, INTAKE)
"""What windows post goes through `batches`, what beat asks for through `clock`, returns through `steps`, events
through `take-in`. On Redis they are emptied in the order of their names: while steps wait, events stay in the inbox and
come in larger slices."""
ROUTES = {
    "tasks.windows.*": {"queue": WINDOWS},
    "tasks.upkeep.*": {"queue": UPKEEP},
    "tasks.steps.*": {"queue": STEPS},
    "tasks.intake.*": {"queue": INTAKE},
}
"""A module of tasks is a stage, and each stage has its queue."""

DELIVERIES = 4
"""How often RabbitMQ delivers a message before it puts it into the dead-letter queue: the second net."""
DEAD_LETTERS = "dead-letters"

PASSES_BY_ITSELF = (OperationalError,)
"""A deadlock, or a database that restarts: the task is tried again at once, and then by the sweep."""

_HARD_LIMIT = timedelta(seconds=240)
_SOFT_LIMIT = timedelta(seconds=210)
_VISIBILITY = timedelta(seconds=600)


def is_rabbitmq(broker_url: str) -> bool:
    """Whether the broker is RabbitMQ, and not Redis."""
    return broker_url.startswith(("amqp", "pyamqp"))


def queues(broker_url: str) -> list[Queue]:
    """The queues as the broker wants them: quorum queues with a delivery limit on RabbitMQ, plain ones on Redis."""
    if not is_rabbitmq(broker_url):
        return [Queue(name) for name in QUEUES]
    arguments = {
        "x-queue-type": "quorum",
        "x-delivery-limit": DELIVERIES,
        "x-dead-letter-exchange": DEAD_LETTERS,
    }
    # Of type topic: RabbitMQ delays messages with a countdown by itself only for those.
    topics = {name: Exchange(name, type="topic") for name in QUEUES}
    return [Queue(name, topics[name], routing_key=name, queue_arguments=arguments) for name in QUEUES]


def dead_letter_queue() -> Queue:
    """Where RabbitMQ puts what no worker got through. Consumed by nobody: whoever is on call looks into it."""
    exchange = Exchange(DEAD_LETTERS, type="fanout")
    return Queue(DEAD_LETTERS, exchange, queue_arguments={"x-queue-type": "quorum"})


def settings() -> dict[str, Any]:
    """All settings, read from the environment when the app is first used and not when it is imported."""
    broker = os.environ.get("BROKER_URL", "redis://127.0.0.1:6379/0")
    return {
        "broker_url": broker,
        "task_queues": queues(broker),
        "task_routes": ROUTES,
        # A message that names no queue is a mistake that should be seen, not a queue that nobody reads.
        "task_create_missing_queues": False,
        "task_default_queue": UPKEEP,
        "imports": ("tasks.intake", "tasks.steps", "tasks.windows", "tasks.upkeep"),
        # Nobody reads results: what a task did stands in the database. A result backend also blocks for 19 s
        # when Redis is away.
        "task_ignore_result": True,
        # A message is acknowledged when its work is committed; run twice, a step finds it done.
        "task_acks_late": True,
        # A child that dies (out of memory, segmentation fault) takes its message with it unless it is sent again.
        # Rejecting instead would make a hot loop on Redis; after two more tries the task fails and is set aside.
        "task_retry_on_worker_lost": True,
        "task_reject_on_worker_lost": False,
        "task_annotations": {"*": {"max_retries": 2, "default_retry_delay": 1}},
        # One message at a time: a slice is work for seconds, and others must be able to take the next.
        "worker_prefetch_multiplier": 1,
        # Well below the visibility timeout, or Redis would give a running task to a second worker.
        "task_soft_time_limit": _SOFT_LIMIT.total_seconds(),
        "task_time_limit": _HARD_LIMIT.total_seconds(),
        "broker_transport_options": _transport_options(broker),
        # A publish that fails is made up by the sweep: it must not hold up who publishes.
        "task_publish_retry": True,
        "task_publish_retry_policy": {"max_retries": 2, "interval_start": 0.1, "interval_step": 0.2},
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_connection_timeout": 3,
        # Flower shows what is sent, what runs and what became of it.
        "worker_send_task_events": True,
        "task_send_sent_event": True,
        "task_track_started": True,
        "event_queue_expires": 60.0,
        "task_serializer": "json",
        "accept_content": ["json"],
        # On SIGTERM finish what runs; what does not end in time goes back to its queue.
        "worker_soft_shutdown_timeout": 10.0,
        "worker_enable_soft_shutdown_on_idle": False,
        # A worker that leaks is replaced before it matters.
        "worker_max_tasks_per_child": 5000,
        "worker_hijack_root_logger": False,
        "timezone": "UTC",
        "beat_schedule": schedule(),
        "beat_max_loop_interval": 1,
    }


def _transport_options(broker: str) -> dict[str, Any]:
    if not is_rabbitmq(broker):
        return {
            "visibility_timeout": _VISIBILITY.total_seconds(),
            # What is begun is finished first: a queue is read only when those before it in the alphabet are empty.
            "queue_order_strategy": "sorted",
            "socket_timeout": 10,
            "socket_connect_timeout": 3,
            "socket_keepalive": True,
            # What a killed worker held is looked for every few seconds instead of every tenth poll.
            "unacked_restore_interval": 5,
        }
    return {"confirm_publish": True}


def schedule() -> dict[str, dict[str, Any]]:
    """The clock. Every entry expires before its next tick, so that a worker that was away does not run them all."""
    clock = sweep_clock()
    return {
        "sweep": _every(clock.every.total_seconds(), "tasks.upkeep.sweep", UPKEEP),
        "poll returns": _every(clock.poll_every.total_seconds(), "tasks.upkeep.poll_returns", UPKEEP),
        "open windows": _every(5.0, "tasks.windows.open_windows", WINDOWS),
        "follow batches": _every(2.0, "tasks.windows.follow_batches", WINDOWS),
        # Others are gathered a while, so that one cause makes one message; a customer who waits for goods is not.
        "send urgent alerts": _every(2.0, "tasks.upkeep.send_urgent_alerts", UPKEEP),
        "send alerts": _every(20.0, "tasks.upkeep.send_alerts", UPKEEP),
        "refresh figures": _every(60.0, "tasks.upkeep.refresh_figures", UPKEEP),
        # Somebody looks at the progress.
        "carry bulk jobs": _every(2.0, "tasks.upkeep.carry_bulk_jobs", UPKEEP),
        "make reports": _every(2.0, "tasks.upkeep.make_reports", UPKEEP),
        "refresh items": _every(600.0, "tasks.upkeep.refresh_items", UPKEEP),
        **{f"canary {queue}": _canary(queue) for queue in QUEUES},
        "reconcile": _every(clock.reconcile_every.total_seconds(), "tasks.upkeep.reconcile", UPKEEP),
    }


def _canary(queue: str) -> dict[str, Any]:
    return {**_every(CANARY_SECONDS, "tasks.upkeep.canary", queue), "args": (queue,)}


def _every(seconds: float, task: str, queue: str) -> dict[str, Any]:
    return {"task": task, "schedule": seconds, "options": {"queue": queue, "expires": max(seconds, 5.0)}}


app = Celery("bridge")
app.add_defaults(settings)


@worker_init.connect
def _declare_dead_letters(**_: object) -> None:
    if is_rabbitmq(app.conf.broker_url):
        with app.connection_for_write() as connection:
            dead_letter_queue().bind(connection.default_channel).declare()


@setup_logging.connect
def _log_as_the_bridge_does(**_: object) -> None:
    configure_logging()
