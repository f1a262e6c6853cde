"""The world outside: the configuration, and a client for each system that it names."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TypeVar

from app.bluecherry.client import BlueCherryClient
from app.bluecherry.gateway import BlueCherry, Writes
from app.bluecherry.shadow import ShadowWrites
from app.calls import CallError
from app.config import Config, Store, Sweep, load_config
from app.reveni.client import ReveniClient, TakesVerdicts
from app.reveni.schemas import Unreadable
from app.reveni.shadow import ShadowVerdicts
from app.services.circuits import Circuits
from app.services.mapping_edits import current
from app.services.restores import Restores

Key = TypeVar("Key")
Answer = TypeVar("Answer")


_NO_RETURN = "0" * 32
"""Asked for to learn whether a Reveni answers: that it has no such return is an answer."""


def utc_now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Addressees:
    """Who gets what the bridge writes: documents, and verdicts."""

    bluecherry: Writes
    reveni: TakesVerdicts


_SHADOW = Addressees(ShadowWrites(), ShadowVerdicts())


_REVENI = "reveni:"


def reveni(store: str) -> str:
    """The name that a store's Reveni goes by among the systems outside."""
    return f"{_REVENI}{store}"


@dataclass(frozen=True, slots=True)
class Away:
    """What cannot be called now: BlueCherry connections, the stores behind them, and stores whose Reveni is away."""

    connections: frozenset[str] = frozenset()
    stores: frozenset[str] = frozenset()
    revenis: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Outside:
    """Everything that a service needs beside the database. One per process; its clients are safe between threads."""

    config: Config
    bluecherry: Mapping[str, BlueCherry]
    reveni: Mapping[str, ReveniClient]
    circuits: Circuits
    now: Callable[[], datetime] = utc_now
    kept_mappings: set[tuple[str, str]] = field(default_factory=set)
    """Stores and versions whose mapping this process knows to be in the database."""
    restores: Restores = field(default_factory=Restores)
    _pools: dict[str, ThreadPoolExecutor] = field(default_factory=dict)

    def store(self, name: str) -> Store:
        """A store of the configuration. Raises KeyError when it is gone from it."""
        return self.config.stores[name]

    def erp(self, store: str) -> BlueCherry:
        """The BlueCherry that a store's documents go to."""
        return self.bluecherry[self.config.stores[store].connection]

    def addressees(self, store: str, *, shadow: bool) -> Addressees:
        """Who gets what is written for a return of a store: in shadow nobody, although both go on being read."""
        return _SHADOW if shadow else Addressees(self.erp(store), self.reveni[store])

    def ready(self, name: str) -> bool:
        """Whether a system may be called now: a BlueCherry connection, or ``reveni:<store>``.

        One that was away is asked first when its time has come. Not to be asked inside a transaction.
        """
        return self.circuits.ready(name, lambda: self._ask(name))

    def away(self) -> Away:
        """The systems that are away, each asked first whose time has come. Not to be asked inside a transaction.

        After a restore every BlueCherry is, until its list is read: what it holds by then must not be made again.
        """
        restore = self.restores.last()
        unread = restore is not None and not restore.read
        connections = frozenset(name for name in self.config.connections if unread or not self.ready(name))
        return Away(
            connections,
            frozenset(name for name, store in self.config.stores.items() if store.connection in connections),
            frozenset(name for name in self.config.stores if not self.ready(reveni(name))),
        )

    def _ask(self, name: str) -> None:
        if name in self.bluecherry:
            self.bluecherry[name].periods()
            return
        try:
            self.reveni[name.removeprefix(_REVENI)].get_return(_NO_RETURN)
        except Unreadable:
            return  # an answer, whatever it says

    def side_by_side(
        self, connection: str, keys: Iterable[Key], call: Callable[[Key], Answer]
    ) -> dict[Key, Answer | CallError]:
        """Make a call for each key, as many at a time as the connection allows; a failed one gives its error.

        `connection` is a BlueCherry connection, or ``reveni:<store>``.
        """

        def attempt(key: Key) -> Answer | CallError:
            try:
                return call(key)
            except CallError as error:
                return error

        wanted = list(keys)
        if len(wanted) < 2:
            return {key: attempt(key) for key in wanted}
        return dict(zip(wanted, self._pool(connection).map(attempt, wanted), strict=True))

    def _pool(self, connection: str) -> ThreadPoolExecutor:
        if connection not in self._pools:
            store = self.config.stores.get(connection.removeprefix(_REVENI))
            known = self.config.connections.get(connection)
            size = known.calls_at_a_time if known else store.reveni.calls_at_a_time if store else 1
            self._pools[connection] = ThreadPoolExecutor(size, thread_name_prefix=f"calls-{connection}")
        return self._pools[connection]


def build(config: Config, now: Callable[[], datetime] = utc_now, circuits: Circuits | None = None) -> Outside:
    """The world that a configuration names. `now`: the clock; `circuits`: others than the usual ones by it."""
    gates = circuits or Circuits(now)
    return Outside(
        config,
        {
            name: BlueCherryClient(connection, gates.gate(name, connection.calls_per_second))
            for name, connection in config.connections.items()
        },
        {name: ReveniClient(store.reveni, gates.gate(reveni(name))) for name, store in config.stores.items()},
        gates,
        now,
    )


@lru_cache(maxsize=2)
def _of_process(pid: int, path: str) -> Outside:
    return build(load_config(path, os.environ))


def config_path() -> str:
    """The configuration file that BRIDGE_CONFIG names."""
    return os.environ.get("BRIDGE_CONFIG", "bridge.toml")


def outside() -> Outside:
    """This process's world, by the configuration file and the edits above it. A forked child gets its own connections.

    Raises ConfigError.
    """
    world = _of_process(os.getpid(), config_path())
    config = current(world.config)
    return world if config is world.config else replace(world, config=config)


def file_config() -> Config:
    """This process's configuration as its file has it, without the edits above it. Raises ConfigError."""
    return _of_process(os.getpid(), config_path()).config


def sweep_clock() -> Sweep:
    """How often the sweep runs: as the configuration says, or the defaults where there is no file (Flower's part).

    Raises ConfigError.
    """
    if not os.path.exists(config_path()):
        return Sweep(timedelta(seconds=5), timedelta(seconds=30), timedelta(seconds=60))
    return load_config(config_path(), os.environ).sweep
