"""Hears every command that a Redis gets, and reads all that lies in it."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis


class Eavesdropper:
    """`heard`: every command with its arguments, in the order in which they came."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def text(self) -> str:
        """All that was heard."""
        return "\n".join(self.heard)


@contextmanager
def eavesdropper(url: str) -> Iterator[Eavesdropper]:
    """Listens until the block ends; all that was sent before its end has been heard then."""
    ear, end, listening = Eavesdropper(), uuid.uuid4().hex, threading.Event()

    def listen() -> None:
        with redis.Redis.from_url(url) as client, client.monitor() as monitor:
            listening.set()
            for said in monitor.listen():
                ear.heard.append(str(said["command"]))
                if end in ear.heard[-1]:
                    return

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        assert listening.wait(10)
        yield ear
    finally:
        with redis.Redis.from_url(url) as client:
            client.echo(end)
        thread.join(10)


def contents(url: str) -> dict[str, str]:
    """Every key of a Redis with its whole value as text."""
    with redis.Redis.from_url(url) as client:
        read: dict[str, Any] = {
            "string": client.get,
            "list": lambda key: client.lrange(key, 0, -1),
            "set": client.smembers,
            "zset": lambda key: client.zrange(key, 0, -1, withscores=True),
            "hash": client.hgetall,
        }
        return {key.decode(): str(read[client.type(key).decode()](key)) for key in client.scan_iter()}
