"""The bridge's own processes, as the supervisor runs them."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.system.network import LOOPBACK, http_answers
from app.system.process import Part

# Those of tasks.celery, which nothing here may import: a test holds the two together. They are named because the app
# declares one more on RabbitMQ, for dead letters, that no worker may take.
QUEUES = ("batches", "clock", "steps", "take-in")


@dataclass(frozen=True)
class Places:
    """Where the processes listen and write: two TCP ports of the loopback address, and the data directory."""

    receiver_port: int
    flower_port: int
    data: Path

    @property
    def receiver_url(self) -> str:
        """The receiver and the JSON API."""
        return f"http://{LOOPBACK}:{self.receiver_port}"

    @property
    def flower_url(self) -> str:
        """Flower, behind its basic auth."""
        return f"http://{LOOPBACK}:{self.flower_port}"


def receiver(places: Places, environment: Mapping[str, str], *, threads: int = 8) -> Part:
    """The webhooks and the API."""
    return Part(
        name="receiver",
        command=[
            *(sys.executable, "-m", "gunicorn", "app:create_app()"),
            *("--bind", f"{LOOPBACK}:{places.receiver_port}", "--workers", "1", "--threads", str(threads)),
            *("-c", "python:app.system.gunicorn_conf"),
        ],
        ready=lambda _: http_answers(places.receiver_url),
        environment=environment,
        directory=places.data,
    )


def worker(places: Places, environment: Mapping[str, str], *, processes: int = 2, name: str = "worker") -> Part:
    """The Celery worker, on every queue of the app."""
    return Part(
        name=name,
        # Nothing that workers tell one another is used here, and one that is stopped while it listens for others hangs.
        command=_celery(
            *("worker", "-n", f"{name}@%h", "-c", str(processes), "-Q", ",".join(QUEUES), "--loglevel", "INFO"),
            *("--without-mingle", "--without-gossip"),
        ),
        # What Celery says when it consumes, however the line around it is laid out.
        ready=lambda output: " ready." in output,
        environment=environment,
        directory=places.data,
        stop_seconds=15.0,
    )


def beat(places: Places, environment: Mapping[str, str], *, name: str = "beat") -> Part:
    """The clock of the windows and the sweep."""
    return Part(
        name=name,
        command=_celery("beat", "--schedule", str(places.data / name), "--loglevel", "INFO"),
        ready=lambda output: "beat: Starting" in output,
        environment=environment,
        directory=places.data,
    )


def flower(places: Places, environment: Mapping[str, str]) -> Part:
    """The view on the tasks. Its password comes from FLOWER_BASIC_AUTH in the environment."""
    return Part(
        name="flower",
        command=_celery("flower", f"--address={LOOPBACK}", f"--port={places.flower_port}"),
        ready=lambda _: http_answers(places.flower_url),
        environment=environment,
        directory=places.data,
        stop_signal=signal.SIGINT,
        stop_seconds=3.0,
    )


def _celery(*words: str) -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "tasks.celery:app", *words]
