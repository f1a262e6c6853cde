"""What faults reach: the running system's processes and servers, and the plans that both sandboxes follow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

import psutil
import psycopg

from app.chaos.plans import Plans
from app.system.bridge import System

_CONNECT_SECONDS = 3


@dataclass(slots=True)
class Target:
    """The system under fire. `busy`: workers that a fault holds just now, and that others leave alone."""

    system: System
    plans: Plans
    rng: Random
    busy: set[str] = field(default_factory=set)

    @property
    def parts(self) -> list[str]:
        """The parts that the supervisor runs, embedded servers among them."""
        return self.system.supervisor.names

    def workers(self) -> list[str]:
        """Workers that no fault holds, in an order drawn from the seed."""
        free = [name for name in self.parts if name.startswith("worker") and name not in self.busy]
        return self.rng.sample(free, len(free))

    def spare_beats(self) -> list[str]:
        """Beats beside the first: they run only while a fault asks for them."""
        return [name for name in self.parts if name.startswith("beat-")]

    def children(self, worker: str) -> list[psutil.Process]:
        """The processes in which a worker runs its tasks."""
        return psutil.Process(self.system.pid(worker)).children(recursive=True)

    @contextmanager
    def database(self) -> Iterator[psycopg.Connection]:
        """A connection to the bridge's database. Raises psycopg.OperationalError while it is away."""
        url = self.system.urls.database.replace("+psycopg", "", 1)
        with psycopg.connect(
            url, autocommit=True, connect_timeout=_CONNECT_SECONDS, application_name="chaos"
        ) as connection:
            yield connection
