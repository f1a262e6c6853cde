"""The world outside: the configuration, and a client for each system that it names."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TypeVar

from app.bluecherry.client import BlueCherryClient
from app.bluecherry.gateway import BlueCherry, Writes
from app.bluecherry.shadow import ShadowWrites
from app.calls import CallError
from app.config import Config, Store, Sweep, load_config
from app.reveni.client import ReveniClient, TakesVerdicts
from app.reveni.shadow import ShadowVerdicts

Key = TypeVar("Key")
Answer = TypeVar("Answer")


def utc_now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Addressees:
    """Who gets what the bridge writes: documents, and verdicts."""

    bluecherry: Writes
    reveni: TakesVerdicts


_SHADOW = Addressees(ShadowWrites(), ShadowVerdicts())


@dataclass(frozen=True)
class Outside:
    """Everything that a service needs beside the database. One per process; its clients are safe between threads."""

    config: Config
    bluecherry: Mapping[str, BlueCherry]
    reveni: Mapping[str, ReveniClient]
    now: Callable[[], datetime] = utc_now
    kept_mappings: set[tuple[str, str]] = field(default_factory=set)
    """Stores and versions whose mapping this process knows to be in the database."""
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
            store = self.config.stores.get(connection.removeprefix("reveni:"))
            known = self.config.connections.get(connection)
            size = known.calls_at_a_time if known else store.reveni.calls_at_a_time if store else 1
            self._pools[connection] = ThreadPoolExecutor(size, thread_name_prefix=f"calls-{connection}")
        return self._pools[connection]


def build(config: Config) -> Outside:
    """The world that a configuration names."""
    return Outside(
        config,
        {name: BlueCherryClient(connection) for name, connection in config.connections.items()},
        {name: ReveniClient(store.reveni) for name, store in config.stores.items()},
    )


@lru_cache(maxsize=2)
def _of_process(pid: int, path: str) -> Outside:
    return build(load_config(path, os.environ))


def config_path() -> str:
    """The configuration file that BRIDGE_CONFIG names."""
    return os.environ.get("BRIDGE_CONFIG", "bridge.toml")


def outside() -> Outside:
    """This process's world, by the configuration file. A forked child gets its own connections.

    Raises ConfigError.
    """
    return _of_process(os.getpid(), config_path())


def sweep_clock() -> Sweep:
    """How often the sweep runs: as the configuration says, or the defaults where there is no file (Flower's part).

    Raises ConfigError.
    """
    if not os.path.exists(config_path()):
        return Sweep(timedelta(seconds=5), timedelta(seconds=30), timedelta(seconds=60))
    return load_config(config_path(), os.environ).sweep
