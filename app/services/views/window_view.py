"""Windows as people look at them: what waits for which, what was posted in which, and what BlueCherry said to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from app.db.engine import transaction
from app.db.tables.desk import WindowHold
from app.db.tables.ledger import BatchRow, LedgerRow, WindowRow
from app.db.tables.returns import ReturnRow
from app.domain.documents import State
from app.domain.money import Money
from app.services.page import Page, page_of
from app.services.views.document_view import DocumentLine, document_of

WINDOWS_PER_PAGE = 50
DOCUMENTS_PER_PAGE = 100
OPEN_BATCHES = frozenset({"sending", "queued", "doubtful"})
"""States of a batch that has no result yet."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for the windows of a store and kind; `opens_at`: the next of them, past when it is held or late."""

    store: str
    kind: str
    opens_at: datetime
    documents: int
    units: int
    held: bool = False


@dataclass(frozen=True, slots=True)
class Posted:
    """A window in which something was posted, and how much of it came through."""

    id: int
    store: str
    kind: str
    opens_at: datetime
    claimed_at: datetime
    batches: int
    documents: int
    undone: int
    """Batches that are under way or in doubt."""
    refused: int


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch of a window, as it was handed in and acknowledged."""

    id: int
    ref: str
    number: str | None
    state: str
    documents: int
    created_at: datetime
    done_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class WindowFile:
    """A window with its batches, and a page of the documents in them."""

    window: Posted
    batches: tuple[Batch, ...]
    documents: Page[DocumentLine]
    total: dict[str, Money]


class NoSuchWindow(LookupError):
    """Nothing was posted in a window of this number."""


def waiting() -> list[Waiting]:
    """What waits for windows now, by store and kind."""
    row = LedgerRow
    held = exists().where(WindowHold.store == row.store, WindowHold.kind == row.kind).label("held")
    statement = (
        select(row.store, row.kind, func.min(row.post_at), func.count(), func.sum(row.units), held)
        .where(row.state == State.DUE, row.post_at.is_not(None), row.shadow.is_(False))
        .group_by(row.store, row.kind)
        .order_by(row.store, row.kind)
    )
    with transaction() as session:
        found = session.execute(statement)
        return [Waiting(store, kind, at, count, int(units), held) for store, kind, at, count, units, held in found]


def posted(before: int | None = None, limit: int = WINDOWS_PER_PAGE) -> Page[Posted]:
    """Windows in which something was posted, the newest first, each with its batches counted."""
    query = select(WindowRow.id).order_by(WindowRow.id.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(WindowRow.id < before)
    with transaction() as session:
        ids = session.scalars(query).all()
        found = {window.id: window for window in _posted(session, ids)}
    return page_of([found[each] for each in ids], limit, lambda window: window.id, lambda window: window)


def window_file(number: int, after: int = 0, limit: int = DOCUMENTS_PER_PAGE) -> WindowFile:
    """A window with its batches and documents. Raises NoSuchWindow."""
    with transaction() as session:
        windows = _posted(session, [number])
        if not windows:
            raise NoSuchWindow(f"nothing was posted in a window {number}")
        batches = session.scalars(select(BatchRow).where(BatchRow.window_id == number).order_by(BatchRow.id)).all()
        mine = LedgerRow.batch_id.in_([batch.id for batch in batches])
        rows = session.execute(
            select(LedgerRow, ReturnRow.id)
            .join(ReturnRow, ReturnRow.pk == LedgerRow.return_pk)
            .where(mine, LedgerRow.id > after)
            .order_by(LedgerRow.id)
            .limit(limit + 1)
        ).all()
        sums = session.execute(
            select(LedgerRow.currency, func.sum(LedgerRow.total))
            .where(mine, LedgerRow.state == State.POSTED, LedgerRow.total.is_not(None))
            .group_by(LedgerRow.currency)
        ).all()
        lines = [DocumentLine(row.id, row.store, return_id, document_of(row)) for row, return_id in rows]
    return WindowFile(
        window=windows[0],
        batches=tuple(_batch(row) for row in batches),
        documents=page_of(lines, limit, lambda line: line.cursor, lambda line: line),
        total={currency: Money.rounded(amount, currency) for currency, amount in sums if currency},
    )


def _posted(session: Session, ids: Sequence[int]) -> list[Posted]:
    undone = func.count().filter(BatchRow.state.in_(OPEN_BATCHES))
    refused = func.count().filter(BatchRow.state == "refused")
    statement = (
        select(WindowRow, func.count(BatchRow.id), func.coalesce(func.sum(BatchRow.documents), 0), undone, refused)
        .outerjoin(BatchRow, BatchRow.window_id == WindowRow.id)
        .where(WindowRow.id.in_(ids))
        .group_by(WindowRow.id)
    )
    return [
        Posted(row.id, row.store, row.kind, row.opens_at, row.claimed_at, batches, int(documents), open_ones, no)
        for row, batches, documents, open_ones, no in session.execute(statement)
    ]


def _batch(row: BatchRow) -> Batch:
    return Batch(row.id, row.batch_ref, row.batch_num, row.state, row.documents, row.created_at, row.done_at, row.error)
