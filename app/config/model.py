"""The configuration as the program sees it: checked, typed, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from app.bluecherry.connection import Connection
from app.config.alerts import Alerts
from app.domain.policy import Site, StoreRules
from app.reveni.access import ReveniAccess
from app.secret import Secret
from app.toml_schema import Problem


@dataclass(frozen=True, slots=True)
class Store:
    """A store in Reveni, and the BlueCherry connection that its documents go to.

    `tolerance`: how far a signature's time may lie from now. `return_list`: its Reveni has the list call.
    `shadow`: returns that are first stored now are posted nowhere.
    """

    name: str
    reveni: ReveniAccess
    connection: str
    tolerance: timedelta
    return_list: bool
    shadow: bool
    rules: StoreRules

    @property
    def keys(self) -> tuple[Secret, ...]:
        """The keys that may have signed a webhook, newest first."""
        return self.reveni.keys


@dataclass(frozen=True, slots=True)
class WarehouseSite:
    """A site and the secrets that its warehouse signs with, newest first; without one it has no feed."""

    name: str
    place: Site
    keys: tuple[Secret, ...]
    stores: tuple[str, ...]
    """Names of the stores whose goods come here."""

    @property
    def has_feed(self) -> bool:
        """Whether messages of this warehouse can be verified at all."""
        return bool(self.keys)


@dataclass(frozen=True, slots=True)
class Retry:
    """How long to try again. `tries`: answers that are no certain "no" before an exception is raised."""

    tries: int
    first_delay: timedelta
    longest_delay: timedelta
    lease: timedelta


@dataclass(frozen=True, slots=True)
class Sweep:
    """How often whatever stands still is picked up again.

    `stalled_after`: a return with work to do stands still when nothing moved it for so long. `poll_every`: how often
    Reveni is asked what changed, for stores that have the list call. `quiet_after`, `quiet_per_minute`: for the others,
    when a return without news is asked for, and how many are. `reconcile_every`: how often the ledger is held
    against BlueCherry's list of documents; `reconcile_back`: how far back once a day.
    """

    every: timedelta
    stalled_after: timedelta
    poll_every: timedelta
    quiet_after: timedelta = timedelta(hours=24)
    quiet_per_minute: int = 60
    reconcile_every: timedelta = timedelta(minutes=15)
    reconcile_back: timedelta = timedelta(days=35)


@dataclass(frozen=True, slots=True)
class Targets:
    """How long 95 of 100 documents may take, from the receipt of the goods, before a page says that it is too long."""

    receipt_to_journal: timedelta = timedelta(minutes=5)
    receipt_to_credit: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration. `version` is a digest of all that decides which documents are due."""

    connections: Mapping[str, Connection]
    stores: Mapping[str, Store]
    sites: Mapping[str, WarehouseSite]
    retry: Retry
    sweep: Sweep
    alerts: Alerts
    version: str
    targets: Targets = Targets()
    warnings: tuple[Problem, ...] = field(default=(), compare=False)
    """What works, but is seldom meant; `bridge check` prints it."""

    def connection_of(self, store: str) -> Connection:
        """The BlueCherry connection of a store. Raises KeyError when there is no such store."""
        return self.connections[self.stores[store].connection]


@dataclass(frozen=True, slots=True)
class Mappings:
    """The mappings of a file, read without its secrets. `version` is the same as the whole configuration's."""

    stores: Mapping[str, StoreRules]
    version: str
    warnings: tuple[Problem, ...] = ()
