"""History: what happened to a return, appended and never changed."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from app.db.tables.history import History

# Without the ORM the statement's text stays the same for any number of rows, and is prepared once.
_TABLE = cast(Table, History.__table__)


class Notes:
    """Collects what happened in a transaction and writes it with one statement."""

    def __init__(self) -> None:
        self._rows: list[dict[str, object]] = []

    def add(self, return_pk: int | None, what: str, key: str | None = None, **detail: str | int | None) -> None:
        """Note something. `detail` never holds personal data."""
        self._rows.append({"return_pk": return_pk, "what": what, "key": key, "detail": detail})

    def write(self, session: Session) -> None:
        """Append all that was noted."""
        if self._rows:
            session.execute(insert(_TABLE), self._rows)
            self._rows = []
