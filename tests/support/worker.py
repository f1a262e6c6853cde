"""A real Celery worker on the bridge's app, and messages to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from celery import Celery

from app.system import parts
from app.system.supervisor import Supervisor

_ROOT = Path(__file__).parents[2]


class Worker:
    """A worker that runs: what it wrote, and a way to send it tasks."""

    def __init__(self, supervisor: Supervisor, broker: str) -> None:
        self._log = supervisor.log_of("worker")
        self._celery = Celery("bridge-tests", broker=broker, set_as_current=False)

    def send(self, task: str, *arguments: object, queue: str) -> None:
        """Send a task. The queue is the worker's own: nothing is declared."""
        self._celery.send_task(task, arguments, queue=queue, declare=[], ignore_result=True)

    def log(self) -> str:
        """What it wrote so far."""
        return self._log.read_text()


@contextmanager
def worker(
    directory: Path, broker: str, environment: Mapping[str, str], *, include: Sequence[str] = ()
) -> Iterator[Worker]:
    """A worker as `bridge run` starts it, with modules of the tests beside its own."""
    places = parts.Places(receiver_port=0, flower_port=0, data=directory)
    part = parts.worker(places, {**environment, "BROKER_URL": broker, "PYTHONPATH": str(_ROOT)})
    more = ["--include", ",".join(include)] if include else []
    with Supervisor(directory / "logs") as supervisor:
        supervisor.start(replace(part, command=[*part.command, *more]))
        yield Worker(supervisor, broker)
