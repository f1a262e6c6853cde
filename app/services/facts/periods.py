"""BlueCherry's posting periods: a mirror, asked for anew when it is old or was wrong, and the dates of memos."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, case, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.bluecherry.gateway import Page
from app.calls import CallError, Refused
from app.db.codec import dump, load
from app.db.engine import transaction
from app.db.tables.mirrors import PeriodsRow
from app.domain.periods import Period, is_open, posting_date
from app.services.facts.unreadable import close_others, set_aside
from app.services.outside import Outside

LIFE = timedelta(minutes=10)
"""How long the mirror holds."""
_SURE = timedelta(minutes=1)
"""How long a mirror is believed that says today's period is closed: a memo is not put off by one that is older."""


def today(store: str, outside: Outside) -> date:
    """This day in the store's time zone."""
    return outside.now().astimezone(outside.store(store).rules.time_zone).date()


def old_mirrors(session: Session, stores: Collection[str], outside: Outside) -> list[str]:
    """Connections of stores whose periods must be asked for before a memo is dated."""
    days: dict[str, set[date]] = {}
    for store in stores:
        days.setdefault(outside.store(store).connection, set()).add(today(store, outside))
    rows = {row.connection: row for row in session.scalars(select(PeriodsRow).where(PeriodsRow.connection.in_(days)))}
    return [connection for connection in sorted(days) if _is_old(rows.get(connection), days[connection], outside)]


def _is_old(row: PeriodsRow | None, days: Collection[date], outside: Outside) -> bool:
    if row is None or row.fetched_at is None:
        return True
    age = outside.now() - row.fetched_at
    return age > LIFE or (age > _SURE and not all(is_open(day, _periods(row)) for day in days))


def refresh_periods(connections: Collection[str], outside: Outside) -> None:
    """Ask BlueCherry for its periods. What was known stays where it cannot say; it is asked again a minute later.

    A mirror that was contradicted stays so until there is an answer, be it that this BlueCherry tells none (`Refused`).
    """
    for connection in connections:
        now, found, answered = outside.now(), None, True
        try:
            page = outside.bluecherry[connection].periods()
            if _all_read(connection, page, now):
                found = page.rows
            else:
                now, answered = now - LIFE + _SURE, False
        except CallError as error:
            now, answered = now - LIFE + _SURE, isinstance(error, Refused)
        values = {"connection": connection, "fetched_at": now}
        statement = insert(PeriodsRow).values(values | {"periods": [dump(each) for each in found or []]})
        fetched_at = statement.excluded.fetched_at
        new: dict[str, ColumnElement[Any]] = {
            "fetched_at": fetched_at if answered else case((PeriodsRow.fetched_at.is_not(None), fetched_at))
        }
        if found is not None:
            new["periods"] = statement.excluded.periods
        with transaction() as session:
            session.execute(statement.on_conflict_do_update(index_elements=["connection"], set_=new))


def _all_read(connection: str, page: Page[Period], now: datetime) -> bool:
    """Whether every period could be read; those that could not are in front of integration.

    Without one of them nobody knows where its days lie: a memo would be dated into another period.
    """
    where = f"periods {connection}"
    with transaction() as session:
        causes = set_aside(session, where, page.unreadable, "period")
        close_others(session, where, causes, now)
    return not causes


def forget_periods(session: Session, connection: str) -> None:
    """BlueCherry contradicted the mirror: it is asked for anew before the next memo.

    A row that is locked is left out: whoever holds it forgets or renews it.
    """
    statement = select(PeriodsRow).where(PeriodsRow.connection == connection).with_for_update(skip_locked=True)
    row = session.scalars(statement).one_or_none()
    if row is not None:
        row.fetched_at = None


def contradicted(session: Session, stores: Collection[str], outside: Outside) -> set[str]:
    """The stores among these whose BlueCherry contradicted its periods and has not been heard on them since."""
    connections = {outside.store(store).connection for store in stores}
    statement = select(PeriodsRow.connection).where(
        PeriodsRow.connection.in_(connections), PeriodsRow.fetched_at.is_(None)
    )
    doubted = set(session.scalars(statement))
    return {store for store in stores if outside.store(store).connection in doubted}


def memo_dates(
    session: Session, stores: Collection[str], outside: Outside, closed: Literal["next_open"] | None = None
) -> dict[str, date | None]:
    """For each store the date of a memo that is sent now; None where its policy, or `closed` before it, leaves none."""
    connections = {outside.store(store).connection for store in stores}
    rows = session.scalars(select(PeriodsRow).where(PeriodsRow.connection.in_(connections)))
    known = {row.connection: _periods(row) for row in rows}
    return {
        store: posting_date(
            today(store, outside),
            known.get(outside.store(store).connection, []),
            closed or outside.store(store).rules.policy.closed_period,
        )
        for store in stores
    }


def _periods(row: PeriodsRow) -> list[Period]:
    return [load(Period, each) for each in row.periods]
