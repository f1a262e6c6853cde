"""Figures that are counted once a minute, for they read much: returns by state, and how long documents took.

ADR 0026 says why these are, and no others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from app.db.codec import dump, load
from app.db.engine import transaction
from app.db.tables.figures import FiguresRow

HOURS = 48
_NAME = "today"
_JOURNAL, _CREDIT = "inventory_journal", "credit_memo"

_STATES = text("select store, state, count(*) from returns group by store, state")

# A journal is of one receipt; a memo is counted from the last receipt of its return that came before it.
_TIMES = text(
    """
    with took as materialized (
        select
            document.kind, document.store, receipt.site, document.posted_at,
            extract(epoch from document.posted_at - receipt.taken_at) as seconds
        from ledger document
        cross join lateral (
            select site, taken_at from receipts
            where receipts.return_pk = document.return_pk and receipts.taken_at <= document.posted_at
                and (document.kind = 'credit_memo'
                    or receipts.site || '/' || receipts.external_id = document.document ->> 'source')
            order by taken_at desc limit 1
        ) receipt
        where document.kind in ('inventory_journal', 'credit_memo') and document.state = 'posted'
            and not document.shadow and document.posted_at >= :since
    )
    select
        kind, site, store, hour, count(*) as number,
        percentile_cont(array[0.5, 0.95]) within group (order by seconds) as seconds
    from (
        select kind, site, null as store, date_trunc('hour', posted_at) as hour, seconds from took
        union all
        select kind, null, store, null, seconds from took where posted_at >= :day
    ) each
    group by kind, site, store, hour
    order by kind, site, store, hour
    """
)


@dataclass(frozen=True, slots=True)
class Times:
    """How long documents took, in seconds: the median, and what 95 of 100 did not exceed."""

    number: int
    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Hour:
    """Documents of one hour (UTC) whose goods one site received."""

    site: str
    hour: datetime
    times: Times


@dataclass(frozen=True, slots=True)
class Figures:
    """What was counted. `states`: returns by store and state. Times: of the last day by store, of two days by hour."""

    states: Mapping[str, Mapping[str, int]]
    journal: Mapping[str, Times]
    credit: Mapping[str, Times]
    journal_hours: tuple[Hour, ...]
    credit_hours: tuple[Hour, ...]


def refresh_figures(now: datetime) -> None:
    """Count, and keep what was counted."""
    given = {"since": now - timedelta(hours=HOURS), "day": now - timedelta(hours=24)}
    states: dict[str, dict[str, int]] = {}
    stores: dict[str, dict[str, Times]] = {_JOURNAL: {}, _CREDIT: {}}
    hours: dict[str, list[Hour]] = {_JOURNAL: [], _CREDIT: []}
    with transaction() as session:
        for store, state, number in session.execute(_STATES):
            states.setdefault(store, {})[state] = number
        for row in session.execute(_TIMES, given):
            times = Times(row.number, round(float(row.seconds[0]), 3), round(float(row.seconds[1]), 3))
            if row.store is not None:
                stores[row.kind][row.store] = times
            else:
                hours[row.kind].append(Hour(row.site, row.hour, times))
        figures = Figures(states, stores[_JOURNAL], stores[_CREDIT], tuple(hours[_JOURNAL]), tuple(hours[_CREDIT]))
        values = {"name": _NAME, "at": now, "data": dump(figures)}
        statement = insert(FiguresRow).values(values)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["name"],
                set_={"at": statement.excluded.at, "data": statement.excluded.data},
                # Of two that counted at once, the later one holds.
                where=FiguresRow.at <= statement.excluded.at,
            )
        )


def last_figures() -> tuple[Figures, datetime] | None:
    """The figures that were counted last, and the moment that they are of; None before the first time."""
    with transaction() as session:
        row = session.get(FiguresRow, _NAME)
    return (load(Figures, row.data), row.at) if row is not None else None
