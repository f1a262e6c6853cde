"""The nudge: tells the workers that the inbox holds something, without ever holding up who stored it.

A nudge carries nothing and promises nothing. One that is lost costs time, not events: the sweep looks by itself.
"""

from __future__ import annotations

import os
import threading
import time

import structlog
from celery import Celery
from kombu.exceptions import OperationalError

TASK = "tasks.intake.take_in"
QUEUE = "take-in"

_INTERVAL_SECONDS = 0.2
_COMPLAIN_EVERY_SECONDS = 60.0
_BROKER_SECONDS = 1.0
# A worker that was away needs one of these, not all that were sent meanwhile.
_EXPIRES_SECONDS = 60

log = structlog.get_logger(__name__)


class Nudger:
    """Publishes one task for any number of nudges that come within the interval. Belongs to one process."""

    def __init__(self, broker_url: str, interval: float = _INTERVAL_SECONDS) -> None:
        self._interval = interval
        self._wanted = threading.Event()
        self._complained_at: float | None = None
        self._celery = Celery("bridge-nudge", broker=broker_url, set_as_current=False)
        self._celery.conf.update(
            task_ignore_result=True,
            task_publish_retry=False,
            broker_connection_timeout=_BROKER_SECONDS,
            broker_transport_options={
                "socket_connect_timeout": _BROKER_SECONDS,
                "socket_timeout": _BROKER_SECONDS,
                # kombu connects again for ever unless it is told how often.
                "max_retries": 1,
                "interval_start": 0,
            },
        )
        threading.Thread(target=self._run, name="nudge", daemon=True).start()

    def nudge(self) -> None:
        """Ask for a message soon. Returns at once."""
        self._wanted.set()

    def _run(self) -> None:
        try:
            transport = self._celery.connection_for_write().transport
        except (KeyError, ImportError) as error:
            log.error(
                "nudge.no_transport", error=str(error), remedy="correct BROKER_URL; the sweep takes the events in"
            )
            return
        errors: tuple[type[BaseException], ...] = (
            OperationalError,
            OSError,
            *transport.connection_errors,
            *transport.channel_errors,
        )
        pause = threading.Event()
        while self._wanted.wait():
            self._wanted.clear()
            try:
                self._publish()
            except errors as error:
                self._complain(error)
            pause.wait(self._interval)

    def _publish(self) -> None:
        # The workers declare their queue, of the type that they want; what declares nothing contradicts nobody.
        self._celery.send_task(TASK, queue=QUEUE, declare=[], ignore_result=True, expires=_EXPIRES_SECONDS)

    def _complain(self, error: BaseException) -> None:
        now = time.monotonic()
        if self._complained_at is None or now - self._complained_at >= _COMPLAIN_EVERY_SECONDS:
            self._complained_at = now
            log.warning("nudge.broker_away", error=type(error).__name__, remedy="the sweep takes the events in")


_nudgers: dict[tuple[str, int], Nudger] = {}
_lock = threading.Lock()


def nudge() -> None:
    """Tell the workers that an event was stored. Never blocks, never fails; does nothing without a BROKER_URL."""
    url = os.environ.get("BROKER_URL")
    if not url:
        return
    # Neither a thread nor a connection survives a fork.
    key = (url, os.getpid())
    nudger = _nudgers.get(key)
    if nudger is None:
        with _lock:
            nudger = _nudgers.get(key) or _nudgers.setdefault(key, Nudger(url))
    nudger.nudge()
