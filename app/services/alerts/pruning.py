"""Pruning: alerts that are over and their messages go after a while. Exceptions and their history stay."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select

from app.db.engine import transaction
from app.db.tables.exceptions import AlertMessage, AlertRow

_KEPT = timedelta(days=30)
"""How long a message is kept after it was delivered or withdrawn, and an alert after it was closed."""
_SLICE = 500
"""Rows of each that one run takes; the next run takes the others."""


def prune(now: datetime) -> int:
    """Delete messages that left long ago, and closed alerts that no message speaks of; how many. Waits for nobody."""
    long_ago = now - _KEPT
    message, alert = AlertMessage, AlertRow
    left = select(message.id).where(or_(message.sent_at < long_ago, message.withdrawn_at < long_ago))
    # Whoever is erased is found in a message by its alerts.
    spoken_of = select(func.unnest(message.alert_ids))
    over = select(alert.id).where(alert.closed_at < long_ago, alert.id.not_in(spoken_of))
    count = 0
    for row, old in ((message, left), (alert, over)):
        slice_ = old.order_by(row.id).limit(_SLICE).with_for_update(skip_locked=True, of=row)
        with transaction() as session:
            count += len(session.scalars(delete(row).where(row.id.in_(slice_)).returning(row.id)).all())
    return count
