"""Edits of the mapping: the overlay in force, what another one would change, saving and reverting. All are kept."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.config.mapping import keys_of
from app.config.model import Config
from app.config.overlay import OverlayError, overlaid, overlaid_rules
from app.db.among import among
from app.db.engine import DatabaseNotSet, transaction
from app.db.tables.exceptions import ExceptionRow
from app.db.tables.mapping import MappingEditRow
from app.db.tables.returns import ReturnRow
from app.domain.blockers import Code
from app.domain.mapping_money import money_keys
from app.domain.policy import StoreRules
from app.services.history import Notes
from app.services.page import Page, page_of
from app.toml_schema import Table

_FRESH_SECONDS = 1.0
"""How long a process goes on with the overlay that it knows, before it looks for a newer one."""
_SETTLED = timedelta(seconds=3)
"""When returns that waited for a mapping are looked at: every process has the new one by then."""
_WAIT_FOR_IT = (Code.UNMAPPED_REASON, Code.UNMAPPED_GRADE, Code.UNMAPPED_SITE, Code.UNKNOWN_STATUS)
_LOCK = 7_202_615

log = structlog.get_logger(__name__)


class Overtaken(RuntimeError):
    """Somebody else has edited the mapping meanwhile: look at theirs, and edit again."""


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit that was saved."""

    id: int
    by: str
    at: datetime
    note: str | None
    reverts: int | None


@dataclass(frozen=True, slots=True)
class Changed:
    """A key that an edit changes; values as TOML, None where the key is not there. `money`: it changes money."""

    key: str
    before: str | None
    after: str | None
    money: bool = False


class _Known:
    """The newest edit as this process knows it, and the configurations that were made by it. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._looked_at: float | None = None
        self._of: tuple[str, int] | None = None
        self._newest: tuple[int, Table] = (0, {})
        self._made: dict[int, tuple[Config, int, Config]] = {}

    def newest(self) -> tuple[int, Table]:
        """Number and overlay of the newest edit, at most about a second old; 0 and {} without any, or a database."""
        of = (os.environ.get("DATABASE_URL", ""), os.getpid())
        with self._lock:
            now = time.monotonic()
            if self._of != of or self._looked_at is None or now - self._looked_at > _FRESH_SECONDS:
                try:
                    self._newest = newest_overlay()
                except DatabaseNotSet:
                    return 0, {}
                self._looked_at, self._of = now, of
            return self._newest

    def forget(self) -> None:
        """Look again at once."""
        with self._lock:
            self._looked_at = None

    def made(self, config: Config, number: int, overlay: Table) -> Config:
        """The configuration under the overlay of an edit, made once."""
        with self._lock:
            known = self._made.get(id(config))
            # The configuration is kept beside its number, so that no other one gets the same.
            if known is None or known[1] != number:
                known = (config, number, _overlaid_or_not(config, overlay))
                self._made[id(config)] = known
            return known[2]


_known = _Known()


def forget() -> None:
    """Look for the newest edit again at once."""
    _known.forget()


def current(config: Config) -> Config:
    """The configuration with the overlay that is in force; as it is where no database is named.

    An overlay that the file has outgrown, as after a site was taken out of it, is left out whole.
    """
    number, overlay = _known.newest()
    return _known.made(config, number, overlay) if overlay else config


def _overlaid_or_not(config: Config, overlay: Table) -> Config:
    try:
        return overlaid(config, overlay)
    except OverlayError as error:
        log.error("mapping.overlay_left_out", why=str(error))
        return config


def current_rules(stores: Mapping[str, StoreRules]) -> Mapping[str, StoreRules]:
    """The rules of stores with the overlay that is in force."""
    _, overlay = _known.newest()
    try:
        return overlaid_rules(stores, overlay) if overlay else stores
    except OverlayError:
        return stores


def newest_overlay() -> tuple[int, Table]:
    """Number and overlay of the newest edit; 0 and {} without any."""
    with transaction() as session:
        row = session.scalars(select(MappingEditRow).order_by(MappingEditRow.id.desc()).limit(1)).first()
    return (row.id, row.overlay) if row is not None else (0, {})


def in_force(config: Config) -> tuple[int, Table]:
    """Number of the newest edit, and the overlay that holds: {} where the file has outgrown it.

    `config` without any overlay.
    """
    number, overlay = newest_overlay()
    try:
        overlaid(config, overlay)
    except OverlayError:
        return number, {}
    return number, overlay


def differences(config: Config, before: Table, after: Table) -> list[Changed]:
    """What would be different under another overlay, key by key. Raises OverlayError when it cannot be used."""
    rules = {name: store.rules for name, store in config.stores.items()}
    was, is_now = overlaid_rules(rules, before), overlaid_rules(rules, after)
    mine, theirs = keys_of(was), keys_of(is_now)
    money = frozenset[str]().union(*(money_keys(was[name], is_now[name]) for name in rules))
    return [
        Changed(key, mine.get(key), theirs.get(key), key in money)
        for key in sorted(mine | theirs)
        if mine.get(key) != theirs.get(key)
    ]


def save(
    config: Config,
    overlay: Table,
    based_on: int,
    by: str,
    now: datetime,
    note: str | None = None,
    reverts: int | None = None,
) -> int:
    """Put an overlay into force; the edit's number. Returns that waited for a mapping are set going.

    Whether somebody else must agree first is not asked here (`app.services.trial.edit_requests`).

    `config` without any overlay; `based_on`: the number of the edit that the person saw. Raises OverlayError, and
    Overtaken when a newer one was saved meanwhile.
    """
    with transaction() as session:
        number = put_into_force(session, config, overlay, based_on, by, now, note, reverts)
    forget()
    return number


def put_into_force(
    session: Session,
    config: Config,
    overlay: Table,
    based_on: int,
    by: str,
    now: datetime,
    note: str | None,
    reverts: int | None,
) -> int:
    """As `save`, within a transaction of the caller's, who calls `forget` after its commit."""
    overlaid(config, overlay)
    session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    newest = session.scalar(select(func.coalesce(func.max(MappingEditRow.id), 0)))
    if newest != based_on:
        raise Overtaken(Overtaken.__doc__)
    row = MappingEditRow(overlay=overlay, by=by, note=note, reverts=reverts)
    session.add(row)
    session.flush()
    woken = _wake(session, now)
    notes = Notes()
    notes.add(None, "mapping edited", str(row.id), by=by, note=note, returns=woken)
    notes.write(session)
    return row.id


def _wake(session: Session, now: datetime) -> int:
    waiting = (
        select(ExceptionRow.return_pk)
        .where(
            ExceptionRow.closed_at.is_(None),
            ExceptionRow.code.in_([code.value for code in _WAIT_FOR_IT]),
            ExceptionRow.return_pk.is_not(None),
        )
        .distinct()
    )
    pks = sorted(pk for pk in session.scalars(waiting) if pk is not None)
    # Sorted and locked as everywhere: what a worker has in hand is waited for.
    session.execute(select(ReturnRow.pk).where(among(ReturnRow.pk, pks)).order_by(ReturnRow.pk).with_for_update())
    session.execute(update(ReturnRow).where(among(ReturnRow.pk, pks)).values(pending=True, wake_at=now + _SETTLED))
    return len(pks)


def list_edits(before: int | None = None, limit: int = 50) -> Page[Edit]:
    """The edits, the newest first."""
    query = select(MappingEditRow).order_by(MappingEditRow.id.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(MappingEditRow.id < before)
    with transaction() as session:
        rows = session.scalars(query).all()
    return page_of(rows, limit, lambda row: row.id, lambda row: Edit(row.id, row.by, row.at, row.note, row.reverts))


def overlay_of(number: int) -> Table:
    """The overlay of an edit; {} for 0. Raises LookupError."""
    if not number:
        return {}
    with transaction() as session:
        row = session.get(MappingEditRow, number)
    if row is None:
        raise LookupError(f"there is no edit {number}")
    return row.overlay
