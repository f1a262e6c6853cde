"""Restores: what every process must know of a ledger that was put back to how it was earlier."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.engine import transaction
from app.db.tables.upkeep import RestoreRow

_FRESH_SECONDS = 1.0
_APART = timedelta(hours=1)
"""How far Reveni's clock and the database's may be apart."""


@dataclass(frozen=True, slots=True)
class Restore:
    """The latest restore, made at `restored_at`: to how things were at `taken_at`.

    `read`: BlueCherry's list of documents since then is read.
    """

    id: int
    taken_at: datetime
    restored_at: datetime
    read: bool

    def may_have_lost(self, created: datetime) -> bool:
        """Whether documents of a return that Reveni made at a time may stand in BlueCherry and not in the ledger."""
        return created <= self.restored_at + _APART


class Restores:
    """The latest restore as one process sees it, at most `fresh` seconds old. Safe between threads."""

    def __init__(self, fresh: float = _FRESH_SECONDS) -> None:
        self._fresh = fresh
        self._lock = threading.Lock()
        self._looked_at: float | None = None
        self._last: Restore | None = None

    def last(self) -> Restore | None:
        """The latest restore; None when there never was one. Raises SQLAlchemyError when the database is away."""
        with self._lock:
            now = time.monotonic()
            if self._looked_at is None or now - self._looked_at >= self._fresh:
                with transaction() as session:
                    self._last = last_restore(session)
                self._looked_at = now
            return self._last

    def forget(self) -> None:
        """Look again the next time."""
        with self._lock:
            self._looked_at = None


def last_restore(session: Session) -> Restore | None:
    """The latest restore as the database has it now."""
    row = session.scalars(select(RestoreRow).order_by(RestoreRow.id.desc()).limit(1)).one_or_none()
    return Restore(row.id, row.taken_at, row.restored_at, row.read_at is not None) if row is not None else None
