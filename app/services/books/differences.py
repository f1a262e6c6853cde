"""Differences between the books: their exceptions, opened and closed by reconciliation and nobody else but people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.among import among
from app.db.tables.exceptions import RESOLVED_BY, DecisionRow, ExceptionRow
from app.db.tables.ledger import LedgerRow
from app.db.tables.returns import ReturnRow
from app.domain.blockers import REMEDIES, Code
from app.domain.reconciliation import Difference, Sort
from app.domain.saying import pack
from app.services.history import Notes
from app.services.outside import Outside

Selected = TypeVar("Selected")


def open_difference(session: Session, differs: Difference, outside: Outside) -> bool:
    """Put a difference in front of finance, unless it is open or a person ended this very one before.

    Whether it stands open.
    """
    row = session.get(LedgerRow, differs.ledger_id) if differs.ledger_id is not None else None
    home = _home(session, row, differs, outside)
    if _ended(session, home, differs.cause):
        return False
    values: dict[str, object] = {
        "code": Code.BOOKS_DIFFER.value,
        "cause": differs.cause,
        "team": REMEDIES[Code.BOOKS_DIFFER].team.value,
        "message": differs.message,
        "said": pack(differs.message),
        "document_key": differs.key or None,
        "store": home.store if home else None,
        "return_pk": home.pk if home else None,
        "return_id": home.id if home else differs.return_id,
    }
    if row is not None:
        values |= {"units": row.units, "amount": row.total, "currency": row.currency if row.total is not None else None}
    made = insert(ExceptionRow).values(values).on_conflict_do_nothing().returning(ExceptionRow.id)
    if session.scalars(made).one_or_none() is not None:
        notes = Notes()
        notes.add(home.pk if home else None, "exception opened", differs.key, code=Code.BOOKS_DIFFER.value)
        notes.write(session)
    return True


def differing(session: Session, rows: Iterable[int]) -> list[int]:
    """Of the ledger's rows, those with an open difference."""
    return list(session.scalars(_open(select(LedgerRow.id), rows).distinct()))


def close_agreed(
    session: Session, agreed: Iterable[int], since: datetime, differences: Iterable[Difference], now: datetime
) -> None:
    """Close what a reading found mended: the ledger's rows that it listed (`agreed`), without their old difference.

    Only documents posted after `since` were read together with all that could stand beside them.
    """
    standing = {differs.cause for differs in differences}
    rows = _open(select(ExceptionRow), agreed).where(LedgerRow.posted_at >= since).with_for_update(of=ExceptionRow)
    notes = Notes()
    for each in session.scalars(rows):
        if each.cause not in standing:
            each.closed_at, each.closed_by = now, "the books agree again"
            notes.add(each.return_pk, "exception closed", each.document_key, code=each.code)
    notes.write(session)


def _open(what: Select[tuple[Selected]], rows: Iterable[int]) -> Select[tuple[Selected]]:
    """What is open about documents of the ledger; rows that cannot be read have an end of their own (`unread`)."""
    same = (LedgerRow.return_pk == ExceptionRow.return_pk) & (LedgerRow.key == ExceptionRow.document_key)
    return (
        what.select_from(ExceptionRow)
        .join(LedgerRow, same)
        .where(ExceptionRow.code == Code.BOOKS_DIFFER, ExceptionRow.closed_at.is_(None), among(LedgerRow.id, set(rows)))
        .where(~ExceptionRow.cause.startswith(f"{Sort.UNREAD}:"))
    )


def _home(session: Session, row: LedgerRow | None, differs: Difference, outside: Outside) -> ReturnRow | None:
    if row is not None:
        return session.get(ReturnRow, row.return_pk)
    named = select(ReturnRow).where(ReturnRow.id == differs.return_id, ReturnRow.store.in_(list(outside.config.stores)))
    return session.scalars(named.order_by(ReturnRow.pk).limit(1)).one_or_none()


def _ended(session: Session, home: ReturnRow | None, cause: str) -> bool:
    """Whether a person ended this very difference: by a decision on its return, or, without one, by its exception."""
    if home is not None:
        decided = select(DecisionRow.id).where(
            DecisionRow.return_pk == home.pk, DecisionRow.code == Code.BOOKS_DIFFER, DecisionRow.cause == cause
        )
    else:
        decided = select(ExceptionRow.id).where(
            ExceptionRow.return_pk.is_(None),
            ExceptionRow.code == Code.BOOKS_DIFFER,
            ExceptionRow.cause == cause,
            ExceptionRow.closed_by.startswith(RESOLVED_BY),
        )
    return session.scalars(decided.limit(1)).one_or_none() is not None
