"""Health: how far behind the bridge is, in figures that are read off the database alone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, text

from app.db.engine import transaction
from app.db.marks import set_mark
from app.db.tables.upkeep import Mark
from app.ops.diagnosis import Health, Lag
from app.services.restores import last_restore

_LAGS = text(
    """
    select
        (select count(*) from inbox where state in ('new', 'taken')) as inbox,
        (select min(received_at) from inbox where state in ('new', 'taken')) as inbox_since,
        (select count(*) from returns where wake_at <= :now) as overdue,
        (select min(wake_at) from returns where wake_at <= :now) as overdue_since,
        count(*) filter (where state = 'doubtful' and not tired) as doubtful,
        min(doubtful_since) filter (where state = 'doubtful' and not tired) as doubtful_since,
        count(*) filter (where state = 'due' and post_at <= :now) as windows,
        min(post_at) filter (where state = 'due' and post_at <= :now and not tired) as windows_since
    from ledger where state in ('due', 'sending', 'doubtful')
    """
)


def canary(queue: str, now: datetime) -> None:
    """Write down that a task came through a queue and could commit."""
    with transaction() as session:
        set_mark(session, f"canary:{queue}", now.isoformat(), now)


def health(now: datetime) -> Health:
    """The figures as they are now."""
    with transaction() as session:
        row = session.execute(_LAGS, {"now": now}).one()
        marks = session.execute(
            select(Mark.name, Mark.at).where(Mark.name.like("canary:%") | Mark.name.like("books:%"))
        )
        ages = {name: (now - at).total_seconds() for name, at in marks}
        restore = last_restore(session)

    def lag(count: int, since: datetime | None) -> Lag:
        return Lag(count, max(0.0, (now - since).total_seconds()) if since else 0.0)

    def of(prefix: str) -> dict[str, float]:
        return {name.removeprefix(prefix): age for name, age in ages.items() if name.startswith(prefix)}

    return Health(
        lags={
            "inbox": lag(row.inbox, row.inbox_since),
            "sweep": lag(row.overdue, row.overdue_since),
            "ledger": lag(row.doubtful, row.doubtful_since),
            "windows": lag(row.windows, row.windows_since),
        },
        canaries=of("canary:"),
        books=of("books:"),
        restored_to=restore.taken_at if restore is not None and not restore.read else None,
    )
