"""The ledger's rows as the rules see them, and back."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.among import among
from app.db.codec import dump, load
from app.db.tables.ledger import LedgerRow
from app.domain.documents import Amounts, Document, Entry, State


def entry_of(row: LedgerRow) -> Entry:
    """A row as the rules see it."""
    return Entry(
        document=load(Document, row.document),
        state=State(row.state),
        sent=row.sent_at is not None,
        number=row.number,
        amounts=load(Amounts, row.amounts) if row.amounts else None,
        error_code=row.error_code,
        error=row.error,
        tired=row.tired,
        posted_at=row.posted_at,
    )


def write_document(row: LedgerRow, document: Document) -> None:
    """Put a document onto a row that has not been sent."""
    row.document = dump(document)
    row.after = list(document.after)
    row.ord_num = document.ord_num
    row.units = document.units
    row.n = document.n


def rows_of_returns(session: Session, pks: Iterable[int], *, lock: bool = False) -> dict[int, list[LedgerRow]]:
    """All ledger rows of returns, by return."""
    statement = select(LedgerRow).where(among(LedgerRow.return_pk, pks)).order_by(LedgerRow.id)
    if lock:
        statement = statement.with_for_update()
    found: dict[int, list[LedgerRow]] = {}
    for row in session.scalars(statement):
        found.setdefault(row.return_pk, []).append(row)
    return found
