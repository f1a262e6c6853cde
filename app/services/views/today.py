"""Today: where every store stands, what waits for which window, what the last windows posted, and who is away."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.circuit import Circuit
from app.config import Config
from app.db.engine import transaction
from app.domain.documents import State
from app.domain.money import Money
from app.domain.policy import Kind
from app.ops.diagnosis import Finding, findings
from app.services.circuits import all_circuits
from app.services.outside import reveni
from app.services.views.figures import Figures, last_figures
from app.services.views.health import health
from app.services.views.window_view import OPEN_BATCHES, Waiting, waiting

# The newest window of each store and kind, by the index on them, and what its batches hold.
_LAST_WINDOWS = text(
    """
    select wanted.store, wanted.kind, window_.opens_at, batch.state as batch_state, document.state, document.currency,
        count(document.id) as number, sum(document.units) as units, sum(document.total) as total
    from unnest(cast(:stores as text[]), cast(:kinds as text[])) as wanted(store, kind)
    cross join lateral (
        select id, opens_at from windows
        where windows.store = wanted.store and windows.kind = wanted.kind
        order by opens_at desc limit 1
    ) window_
    join batches batch on batch.window_id = window_.id
    left join ledger document on document.batch_id = batch.id
    group by wanted.store, wanted.kind, window_.opens_at, batch.state, document.state, document.currency
    order by wanted.store, wanted.kind
    """
)
WINDOW_KINDS = (Kind.RETURN_AUTHORISATION, Kind.INVENTORY_JOURNAL, Kind.CREDIT_MEMO, Kind.EXCHANGE_ORDER)


@dataclass(slots=True)
class LastWindow:
    """What the newest window of a store and kind posted. `open`: documents whose batch has no answer yet."""

    store: str
    kind: str
    opened_at: datetime
    posted: int = 0
    units: int = 0
    open: int = 0
    failed: int = 0
    money: dict[str, Money] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SystemHealth:
    """Whether a system outside is there: a BlueCherry connection, or the Reveni of a store."""

    name: str
    store: str | None
    circuit: Circuit | None

    @property
    def there(self) -> bool:
        """Whether it is called now."""
        return self.circuit is None or self.circuit.closed


@dataclass(frozen=True, slots=True)
class Today:
    """The morning's page. `figures` were counted at `counted_at`; all else is of now. None: never counted yet."""

    figures: Figures | None
    counted_at: datetime | None
    waiting: tuple[Waiting, ...]
    last_windows: tuple[LastWindow, ...]
    systems: tuple[SystemHealth, ...]
    findings: tuple[Finding, ...]


def today(config: Config, now: datetime, queues: Collection[str]) -> Today:
    """Everything on the page, in a handful of short queries. `queues`: those through which canaries go."""
    counted = last_figures()
    with transaction() as session:
        last = _last_windows(session, list(config.stores))
    return Today(
        figures=counted[0] if counted else None,
        counted_at=counted[1] if counted else None,
        waiting=tuple(sorted(waiting(), key=lambda each: each.opens_at)),
        last_windows=last,
        systems=_systems(config, all_circuits()),
        findings=tuple(findings(health(now), queues, config.sweep.reconcile_every.total_seconds())),
    )


def _last_windows(session: Session, stores: list[str]) -> tuple[LastWindow, ...]:
    pairs = [(store, kind.value) for store in stores for kind in WINDOW_KINDS]
    given = {"stores": [store for store, _ in pairs], "kinds": [kind for _, kind in pairs]}
    found: dict[tuple[str, str], LastWindow] = {}
    for row in session.execute(_LAST_WINDOWS, given):
        window = found.setdefault((row.store, row.kind), LastWindow(row.store, row.kind, row.opens_at))
        if row.batch_state in OPEN_BATCHES:
            window.open += row.number
        elif row.state == State.POSTED:
            window.posted += row.number
            window.units += int(row.units or 0)
            if row.total is not None and row.currency is not None:
                added = Money.rounded(row.total, row.currency)
                window.money[row.currency] = (
                    window.money[row.currency] + added if row.currency in window.money else added
                )
        else:
            window.failed += row.number
    return tuple(found.values())


def _systems(config: Config, circuits: Mapping[str, Circuit]) -> tuple[SystemHealth, ...]:
    connections = [SystemHealth(name, None, circuits.get(name)) for name in config.connections]
    return (*connections, *(SystemHealth("Reveni", store, circuits.get(reveni(store))) for store in config.stores))
