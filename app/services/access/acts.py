"""Acts: what people did in the console, one append-only row of the history each, with who, what and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from app.db.engine import transaction
from app.db.tables.history import History
from app.services.page import Page, page_of

ACTS_PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class Act:
    """Something that somebody did. `on`: what it was done to; `detail`: how, without personal data."""

    id: int
    at: datetime
    by: str
    what: str
    on: str | None
    detail: Mapping[str, object]


def note_act(by: str, what: str, on: str | None = None, **detail: object) -> None:
    """Append an act. `detail` never holds personal data, and no secret."""
    kept = {name: value for name, value in detail.items() if value not in (None, "")}
    with transaction() as session:
        session.execute(insert(History).values(what=what, key=on, detail={**kept, "by": by}))


def list_acts(by: str | None = None, before: int | None = None, limit: int = ACTS_PER_PAGE) -> Page[Act]:
    """Acts that are of no one return, the newest first; those on returns stand on the returns' own pages too."""
    query = select(History).where(History.return_pk.is_(None), History.detail.has_key("by"))
    if by is not None:
        query = query.where(History.detail["by"].astext == by)
    if before is not None:
        query = query.where(History.id < before)
    with transaction() as session:
        rows = session.scalars(query.order_by(History.id.desc()).limit(limit + 1)).all()
    return page_of(rows, limit, lambda row: row.id, _act)


def _act(row: History) -> Act:
    detail = {name: value for name, value in row.detail.items() if name != "by"}
    return Act(row.id, row.at, str(row.detail["by"]), row.what, row.key, detail)
