"""Servers that lose what they hold, stop, or drop their connections."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import redis

from app.chaos.fault import Fault, NotNow, Struck
from app.chaos.target import Target


def empty_redis(target: Target) -> Struck:
    """FLUSHALL: every message, and what the workers had not acknowledged, is gone."""
    with redis.Redis.from_url(target.system.urls.broker, socket_timeout=3) as broker:
        held = broker.dbsize()
        broker.flushall()
    return Struck(f"{held} keys")


def restart_redis(target: Target) -> Struck:
    """SIGKILL of Redis; it comes back with what its file has."""
    return Struck(f"process {target.system.kill('redis')}")


def stop_rabbitmq(target: Target) -> Struck:
    """RabbitMQ is stopped in good order, and started again when the fault is over."""
    target.system.halt("rabbitmq")

    def undo() -> int:
        target.system.resume("rabbitmq")
        return 1

    return Struck("", undo)


def restart_postgres(target: Target) -> Struck:
    """SIGQUIT to PostgreSQL: immediate mode, every connection is cut and the log of writes is replayed at the start."""
    pid = target.system.pid("postgres")
    try:
        os.kill(pid, signal.SIGQUIT)
    except ProcessLookupError:
        raise NotNow("PostgreSQL was just starting") from None
    return Struck(f"process {pid}")


def cut_connections(target: Target) -> Struck:
    """pg_terminate_backend on every connection of the bridge."""
    with target.database() as connection:
        cut = connection.execute(
            "select count(*) from (select pg_terminate_backend(pid) as done from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()) as ended where done"
        ).fetchone()
    if cut is None or not cut[0]:
        raise NotNow("nobody was connected")
    return Struck(f"{cut[0]} connections")


def _part(name: str, instead: str) -> Callable[[Target], str]:
    return lambda target: "" if name in target.parts else instead


def _redis(target: Target) -> str:
    return "" if target.system.urls.broker.startswith("redis") else "the broker is not Redis"


_THEIRS = "it is a server of yours, which is not restarted"
FAULTS = (
    Fault("redis_emptied", "FLUSHALL", empty_redis, needs=_redis),
    Fault("redis_restarted", "SIGKILL of Redis", restart_redis, needs=_part("redis", "there is no Redis of our own")),
    Fault(
        "rabbitmq_stopped",
        "RabbitMQ stopped and started",
        stop_rabbitmq,
        seconds=4,
        needs=_part("rabbitmq", "the broker is not a RabbitMQ of our own: --broker rabbitmq"),
    ),
    Fault(
        "postgres_restarted",
        "PostgreSQL restarted in immediate mode",
        restart_postgres,
        needs=_part("postgres", _THEIRS),
    ),
    Fault("connections_cut", "pg_terminate_backend on all connections", cut_connections),
)
