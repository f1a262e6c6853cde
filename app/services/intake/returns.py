"""Returns: fetched from Reveni as they are now, and stored so that an older answer never replaces a newer one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.calls import CallError
from app.db.codec import dump
from app.db.tables.returns import ReturnRow
from app.domain.dossier import item_status
from app.domain.model import Return
from app.domain.policy import ItemStatus, StoreRules
from app.pseudonym import key_of_environment, pseudonym
from app.reveni.schemas import Unreadable
from app.services.history import Notes
from app.services.outside import Outside
from app.services.privacy.erased import last_erasures

ReturnKey = tuple[str, str]
"""Store and Reveni's return id."""


@dataclass(slots=True)
class Fetched:
    """Answers of Reveni: returns, and why the others could not be had. `versions`: what the database had before."""

    returns: dict[ReturnKey, Return] = field(default_factory=dict)
    failures: dict[ReturnKey, CallError | Unreadable] = field(default_factory=dict)
    versions: Mapping[ReturnKey, int] = field(default_factory=dict)


@dataclass(slots=True)
class Stored:
    """Rows of returns: those that changed have work to do; `stale` were changed by somebody else meanwhile."""

    rows: dict[ReturnKey, ReturnRow] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)
    stale: set[ReturnKey] = field(default_factory=set)


def versions_of(session: Session, keys: Iterable[ReturnKey]) -> dict[ReturnKey, int]:
    """The versions of returns, to be read before they are fetched."""
    statement = select(ReturnRow.store, ReturnRow.id, ReturnRow.version).where(
        tuple_(ReturnRow.store, ReturnRow.id).in_(sorted(set(keys)))
    )
    return {(store, return_id): version for store, return_id, version in session.execute(statement)}


def fetch(keys: Iterable[ReturnKey], versions: Mapping[ReturnKey, int], outside: Outside) -> Fetched:
    """Fetch returns from Reveni, side by side."""
    fetched = Fetched(versions=versions)
    by_store: dict[str, list[ReturnKey]] = {}
    for key in sorted(set(keys)):
        by_store.setdefault(key[0], []).append(key)

    def ask(key: ReturnKey) -> Return | Unreadable:
        try:
            return outside.reveni[key[0]].get_return(key[1])
        except Unreadable as error:
            return error

    for store, wanted in by_store.items():
        for key, answer in outside.side_by_side(f"reveni:{store}", wanted, ask).items():
            if isinstance(answer, Return):
                fetched.returns[key] = answer
            else:
                fetched.failures[key] = answer
    return fetched


def is_absent(error: CallError) -> bool:
    """Whether Reveni said that it has no such return."""
    return getattr(error, "status", None) == 404


def store_returns(session: Session, fetched: Fetched, notes: Notes, outside: Outside) -> Stored:
    """Store what was fetched; a return that did not change has no work to do.

    A return goes by the id that Reveni answers with, which may be spelled otherwise than the one that was asked for.
    Whether it is in shadow is decided here, when it is first stored, and never again.
    """
    stored = Stored()
    if not fetched.returns:
        return stored
    keys = sorted(fetched.returns)
    now = outside.now()
    unknown = [fetched.returns[key] for key in keys if key not in fetched.versions]
    erasures = last_erasures(session, {ret.personal.email for ret in unknown if ret.personal.email})
    new = [_values(ret, outside, now, erasures.get(ret.personal.email or "")) for ret in unknown]
    made: set[int] = set()
    if new:
        made = set(session.scalars(insert(ReturnRow).values(new).on_conflict_do_nothing().returning(ReturnRow.pk)))
    ids = sorted({(ret.store, ret.id) for ret in fetched.returns.values()})
    statement = select(ReturnRow).where(tuple_(ReturnRow.store, ReturnRow.id).in_(ids))
    rows = {(row.store, row.id): row for row in session.scalars(statement.order_by(ReturnRow.pk).with_for_update())}
    for key in keys:
        ret = fetched.returns[key]
        row = rows[ret.store, ret.id]
        stored.rows[key] = row
        row.asked_at = now
        if row.pk in made:
            stored.changed.add(row.pk)
            notes.add(row.pk, "return known", status=ret.status)
        elif _differs(row, ret):
            overtaken = row.id == key[1] and row.version != fetched.versions.get(key)
            if overtaken and ret.updated <= row.updated:
                stored.stale.add(key)
            elif ret.updated >= row.updated:
                _update(row, ret, outside)
                stored.changed.add(row.pk)
                notes.add(row.pk, "return changed", status=ret.status)
    return stored


def as_stored(row: ReturnRow | None, ret: Return, outside: Outside) -> ReturnRow:
    """The row that storing a return would leave, where `row` is what is stored now. The row is on no session."""
    if row is None:
        return ReturnRow(**_values(ret, outside, outside.now()))
    if _differs(row, ret) and ret.updated >= row.updated:
        _update(row, ret, outside)
    return row


def _differs(row: ReturnRow, ret: Return) -> bool:
    old = {name: value for name, value in row.data.items() if name != "updated"}
    new = {name: value for name, value in dump(ret).items() if name != "updated"}
    return old != new or row.personal != _personal(row, ret)


def _personal(row: ReturnRow, ret: Return) -> dict[str, Any]:
    return {} if row.erased_at is not None else dump(ret.personal)


def _email_hash(ret: Return) -> bytes | None:
    """By what the return is found when somebody knows the customer's address."""
    key, email = key_of_environment(), ret.personal.email
    return pseudonym(email, key) if key is not None and email else None


def _update(row: ReturnRow, ret: Return, outside: Outside) -> None:
    rules = outside.store(row.store).rules
    row.data, row.personal = dump(ret), _personal(row, ret)
    row.email_hash = None if row.erased_at is not None else _email_hash(ret)
    row.status, row.phase, row.updated = ret.status, rules.phase_of(ret.status).value, ret.updated
    row.tracking_number = ret.tracking_number
    if row.order_ref != ret.order_external_id:
        row.order_ref, row.ord_num, row.order_problem = ret.order_external_id, None, None
    row.accepted_since = (row.accepted_since or ret.updated) if _accepted(ret, rules) else None
    row.version += 1
    row.pending, row.wake_at = True, outside.now() + outside.config.sweep.stalled_after


def _accepted(ret: Return, rules: StoreRules) -> bool:
    return any(item_status(item, rules) is ItemStatus.ACCEPTED for item in ret.items)


def _values(ret: Return, outside: Outside, now: datetime, erased_at: datetime | None = None) -> dict[str, Any]:
    """The columns of a new row. `erased_at`: when its customer was erased last; a return made later is a new one."""
    rules = outside.store(ret.store).rules
    erased = erased_at is not None and ret.created <= erased_at
    return {
        "store": ret.store,
        "id": ret.id,
        "data": dump(ret),
        "personal": {} if erased else dump(ret.personal),
        "email_hash": None if erased else _email_hash(ret),
        "erased_at": erased_at if erased else None,
        "status": ret.status,
        "phase": rules.phase_of(ret.status).value,
        "tracking_number": ret.tracking_number,
        "order_ref": ret.order_external_id,
        "accepted_since": ret.updated if _accepted(ret, rules) else None,
        "updated": ret.updated,
        "shadow": outside.store(ret.store).shadow,
        "pending": True,
        "wake_at": now + outside.config.sweep.stalled_after,
    }
