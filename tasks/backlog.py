"""The backlog: how many messages wait in a queue, so that the clock adds nothing to work that is only late."""

from __future__ import annotations

from typing import Protocol, cast

from kombu import Queue

from tasks.celery import app

LONG = 25
"""Messages; with so many waiting, a return that does not move is taken to be queued and not lost.

The sweep fills the queue up to it and no further: what waits after an outage is in the database, and a slice
that was set going is through before the sweep would look at it again.
"""


FEW = 4
"""Messages; with more waiting, what is to be tried again waits for the sweep instead of having a message of its own."""


class _Declared(Protocol):
    message_count: int


def waiting(queue: str) -> int:
    """Messages that wait in a queue; 0 for one that the broker does not have (on Redis: an empty one)."""
    with app.connection_for_read() as connection:
        try:
            declared = cast(_Declared, Queue(queue).bind(connection.default_channel).queue_declare(passive=True))
        except connection.channel_errors:
            return 0
    return declared.message_count
