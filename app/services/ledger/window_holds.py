"""Holds: a person keeps the windows of a store and kind shut, and opens them again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.engine import transaction
from app.db.tables.desk import WindowHold
from app.domain.policy import Kind
from app.domain.saying import say
from app.services.exceptions.remedies import NotPossible
from app.services.history import Notes


@dataclass(frozen=True, slots=True)
class HoldView:
    """A hold: whose windows, why, by whom and since when."""

    store: str
    kind: str
    reason: str
    by: str
    at: datetime


def hold(store: str, kind: Kind, reason: str, by: str) -> None:
    """Keep the windows of this store and kind shut. Raises NotPossible without a reason, or when they are held."""
    if not reason.strip():
        raise NotPossible(say("Say why the window is held: whoever finds it shut needs the reason."))
    values = {"store": store, "kind": kind.value, "reason": reason.strip(), "by": by}
    with transaction() as session:
        made = session.scalar(insert(WindowHold).values(values).on_conflict_do_nothing().returning(WindowHold.store))
        if made is None:
            raise NotPossible(say("These windows of %(store)s are held already.", store=store))
        _note(session, "windows held", store, kind, by, reason.strip())


def release(store: str, kind: Kind, by: str) -> None:
    """Open them again. Raises NotPossible when they are not held."""
    with transaction() as session:
        ended = session.scalar(
            delete(WindowHold)
            .where(WindowHold.store == store, WindowHold.kind == kind.value)
            .returning(WindowHold.store)
        )
        if ended is None:
            raise NotPossible(say("These windows of %(store)s are not held.", store=store))
        _note(session, "windows released", store, kind, by, None)


def list_holds() -> list[HoldView]:
    """All that are held, by store and kind."""
    with transaction() as session:
        rows = session.scalars(select(WindowHold).order_by(WindowHold.store, WindowHold.kind))
        return [HoldView(row.store, row.kind, row.reason, row.by, row.at) for row in rows]


def _note(session: Session, what: str, store: str, kind: Kind, by: str, note: str | None) -> None:
    notes = Notes()
    notes.add(None, what, store=store, kind=kind.value, by=by, note=note)
    notes.write(session)
