"""Exceptions that do not come out of the rules: an event, a receipt or a task that something is wrong with."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.tables.exceptions import ExceptionRow
from app.db.tables.returns import InboxEvent, ReceiptRow, ReturnRow
from app.domain.blockers import REMEDIES, Code
from app.domain.saying import Said, pack


def open_exception(
    session: Session,
    code: Code,
    cause: str,
    message: Said,
    about: ReturnRow | ReceiptRow | InboxEvent,
    *,
    store: str | None = None,
    return_id: str | None = None,
    units: int = 0,
) -> None:
    """Open an exception about a return, a receipt or an event; does nothing when it is open already.

    `return_id`: the return that an event hints at.
    """
    values: dict[str, object] = {
        "code": code.value,
        "cause": cause,
        "team": REMEDIES[code].team.value,
        "message": message,
        "said": pack(message),
        "units": units,
        "store": store,
        "return_id": return_id,
    }
    match about:
        case ReturnRow():
            values |= {"return_pk": about.pk, "return_id": about.id, "store": about.store}
        case ReceiptRow():
            values |= {"receipt_pk": about.pk, "receipt_id": about.external_id, "store": store or about.store}
        case InboxEvent():
            values |= {"inbox_id": about.id, "store": store or (about.name if about.channel == "reveni" else None)}
    session.execute(insert(ExceptionRow).values(values).on_conflict_do_nothing())


def close_exceptions(
    session: Session, now: datetime, by: str, *, inbox_id: int | None = None, receipt_pk: int | None = None
) -> None:
    """Close the open exceptions about an event, or those about a receipt that has no return."""
    statement = update(ExceptionRow).where(ExceptionRow.closed_at.is_(None))
    if inbox_id is not None:
        statement = statement.where(ExceptionRow.inbox_id == inbox_id)
    else:
        statement = statement.where(ExceptionRow.receipt_pk == receipt_pk, ExceptionRow.return_pk.is_(None))
    session.execute(statement.values(closed_at=now, closed_by=by))


def close_exceptions_of_hints(session: Session, now: datetime, returns: Collection[tuple[str, str]]) -> None:
    """Close what is open about events that hinted at returns (store and id) which could be taken in now."""
    if not returns:
        return
    about = tuple_(ExceptionRow.store, ExceptionRow.return_id).in_(sorted(returns))
    statement = update(ExceptionRow).where(ExceptionRow.closed_at.is_(None), ExceptionRow.inbox_id.is_not(None), about)
    session.execute(statement.values(closed_at=now, closed_by="its return was taken in"))
