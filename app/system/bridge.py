"""The whole system on one machine: servers, migrations and processes, as ``bridge run`` and the demo start it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from app.db.migrate import upgrade
from app.pseudonym import VARIABLE as PERSONAL_KEY
from app.system import parts
from app.system.broker import EmbeddedRedis
from app.system.datadir import DataDirectory
from app.system.errors import SystemFault
from app.system.network import free_port, port_is_free
from app.system.postgres import EmbeddedPostgres
from app.system.process import Part
from app.system.supervisor import Supervisor


@dataclass(frozen=True)
class SystemConfig:
    """What a system is made of.

    ``environment`` is laid over this process' own for every part; DATABASE_URL and BROKER_URL in either replace the
    embedded servers. Ports are chosen when they are None. ``companions`` (the demo's sandboxes) start with the
    bridge's own parts, ``servers`` before them. Workers and beats beyond the first are called worker-2, beat-2 and so
    on.
    """

    data: Path
    config: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int | None = None
    flower_port: int | None = None
    flower: bool = True
    workers: int = 1
    worker_processes: int = 2
    beats: int = 1
    receiver_threads: int = 8
    durable: bool = True
    servers: tuple[Part, ...] = ()
    companions: tuple[Part, ...] = ()
    restarts: int = 5
    on_step: Callable[[str], None] = lambda _: None


@dataclass(frozen=True)
class Addresses:
    """Where a running system is reached. The servers' URLs hold passwords: they are for programs, not for logs."""

    database: str
    broker: str
    receiver: str
    flower: str | None
    flower_login: str
    api_token: str


class System:
    """The running system. As a context manager it starts on entry and stops on exit.

    ``environment``: by which other programs reach it, once it runs. It holds passwords.
    """

    def __init__(self, config: SystemConfig) -> None:
        self.config = config
        self.directory = DataDirectory(config.data)
        self.supervisor = Supervisor(self.directory.logs, restarts=config.restarts)
        self._addresses: Addresses | None = None
        self.environment: Mapping[str, str] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def urls(self) -> Addresses:
        """Where it is reached. Raises SystemFault before ``start``."""
        if self._addresses is None:
            raise SystemFault("The system has not been started.")
        return self._addresses

    @property
    def failure(self) -> str | None:
        """Why the supervisor gave up, if it did."""
        return self.supervisor.failure

    def start(self) -> None:
        """Start the servers, migrate, start the processes, and return when all are ready.

        Raises SystemFault, with nothing left running, when a part does not come up.
        """
        self.directory.hold()
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop everything; the data stay."""
        self.supervisor.stop()
        self.directory.release()

    def pid(self, name: str) -> int:
        """The process id of a part: postgres, redis, receiver, worker, beat, flower, or a companion."""
        return self.supervisor.pid(name)

    def restart(self, name: str) -> None:
        """Stop a part in good order and start it again; returns when it is ready."""
        self.supervisor.restart(name)

    def halt(self, name: str) -> None:
        """Stop a part until ``resume``, as an outage would."""
        self.supervisor.halt(name)

    def resume(self, name: str) -> None:
        """Start a halted part again; returns when it is ready."""
        self.supervisor.resume(name)

    def kill(self, name: str) -> int:
        """Kill a part and its children with SIGKILL, and return its process id. The supervisor starts it again."""
        return self.supervisor.kill(name)

    def wait_revived(self, name: str, killed: int) -> None:
        """Wait until a killed part (its old process id) runs again and is ready."""
        self.supervisor.wait_revived(name, killed)

    def wait(self, seconds: float | None = None) -> bool:
        """Block until a part is given up or the time is over; true when the system has ended."""
        return self.supervisor.wait(seconds)

    def _start(self) -> None:
        given = {**os.environ, **self.config.environment}
        places = parts.Places(
            receiver_port=_port(self.config.port),
            flower_port=_port(self.config.flower_port),
            data=self.directory.path,
        )
        database, broker = self._servers(given)
        self.config.on_step("Bringing the database to the newest schema")
        upgrade(database)
        addresses = Addresses(
            database=database,
            broker=broker,
            receiver=places.receiver_url,
            flower=places.flower_url if self.config.flower else None,
            flower_login=given.get("FLOWER_BASIC_AUTH") or f"bridge:{self.directory.secret('flower')}",
            api_token=(given.get("BRIDGE_API_TOKENS") or self.directory.secret("api-token")).split(",")[0],
        )
        environment = self._environment(given, addresses)
        self.config.on_step("Starting the processes")
        self.supervisor.start(*self.config.companions, *self._parts(places, environment))
        self._addresses = addresses
        self.environment = environment
        self.directory.announce(environment)

    def _servers(self, given: Mapping[str, str]) -> tuple[str, str]:
        """The URLs of database and broker; those that nobody gave are started."""
        database, broker = given.get("DATABASE_URL"), given.get("BROKER_URL")
        own = list(self.config.servers)
        postgres: EmbeddedPostgres | None = None
        if not database:
            self.config.on_step("Starting PostgreSQL")
            postgres = EmbeddedPostgres(
                self.directory.path / "postgres", self.directory.secret("postgres"), durable=self.config.durable
            )
            postgres.prepare()
            own.append(postgres.part())
            database = postgres.url()
        if not broker:
            self.config.on_step("Starting Redis")
            redis = EmbeddedRedis(self.directory.path / "redis", self.directory.secret("redis"))
            redis.prepare()
            own.append(redis.part())
            broker = redis.url
        self.supervisor.start(*own)
        if postgres is not None:
            postgres.create_database()
        return database, broker

    def _environment(self, given: Mapping[str, str], addresses: Addresses) -> dict[str, str]:
        environment = {
            **self.config.environment,
            "DATABASE_URL": addresses.database,
            "BROKER_URL": addresses.broker,
            "BRIDGE_DATA": str(self.directory.path),
            "BRIDGE_API_TOKENS": given.get("BRIDGE_API_TOKENS") or addresses.api_token,
            "BRIDGE_CONSOLE_SECRET": given.get("BRIDGE_CONSOLE_SECRET") or self.directory.secret("console"),
            "FLOWER_BASIC_AUTH": addresses.flower_login,
            PERSONAL_KEY: given.get(PERSONAL_KEY) or self.directory.secret("personal-key"),
            "RECEIVER_URL": addresses.receiver,
            "PYTHONUNBUFFERED": "1",
        }
        if self.config.config is not None:
            environment["BRIDGE_CONFIG"] = str(self.config.config.resolve())
        if addresses.flower is not None:
            environment["FLOWER_URL"] = addresses.flower
        return environment

    def _parts(self, places: parts.Places, environment: Mapping[str, str]) -> list[Part]:
        own = [
            parts.receiver(places, environment, threads=self.config.receiver_threads),
            *(
                parts.worker(places, environment, processes=self.config.worker_processes, name=name)
                for name in _names("worker", self.config.workers)
            ),
            *(parts.beat(places, environment, name=name) for name in _names("beat", self.config.beats)),
        ]
        return [*own, parts.flower(places, environment)] if self.config.flower else own


def _names(name: str, count: int) -> list[str]:
    return [name, *(f"{name}-{number}" for number in range(2, count + 1))]


def _port(wanted: int | None) -> int:
    if wanted is None:
        return free_port()
    if not port_is_free(wanted):
        raise SystemFault(f"Port {wanted} is taken on this machine: stop what listens there, or choose another port.")
    return wanted
