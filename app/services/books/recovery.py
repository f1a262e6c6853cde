"""Recovery: after a restore the ledger is older than BlueCherry's books, and must learn what these hold by now.

Until BlueCherry's list of documents is read from the backup's moment on, nothing is planned and nothing is sent
(`Outside.away`). Journals that the ledger does not know are kept as strays: their receipts are lost or come again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.bluecherry.documents import KINDS, DocumentRow
from app.bluecherry.gateway import Page
from app.calls import CallError
from app.db.among import among
from app.db.engine import transaction
from app.db.entries import rows_of_returns
from app.db.marks import set_mark
from app.db.tables.exceptions import ExceptionRow
from app.db.tables.ledger import LedgerRow
from app.db.tables.returns import ReturnRow
from app.db.tables.upkeep import Mark, RestoreRow
from app.domain.blockers import REMEDIES, Code
from app.domain.documents import State
from app.domain.policy import Kind
from app.domain.reconciliation import is_key
from app.domain.saying import pack, say
from app.reveni.schemas import Unreadable
from app.services.books.unread import as_far_as_read, set_aside, unread_rows
from app.services.facts.dossiers import lock_returns
from app.services.intake.poll import hint_at
from app.services.ledger.adopting import ENDINGS, add_ending
from app.services.ledger.strays import cause_of, keep_strays
from app.services.lists import Trail, ask_for_page, drop, keep, take_up
from app.services.outside import Outside
from app.services.restores import Restore

_APART = timedelta(minutes=20)
"""How far back beyond the backup's moment BlueCherry's list is read: its clock and the bridge's may differ."""

log = structlog.get_logger(__name__)


def catch_up(outside: Outside) -> bool:
    """Read, once after a restore, what every BlueCherry holds since the backup; whether nothing is left to be read.

    A connection that does not answer is tried again by the next sweep, from the page on that it stopped at.
    """
    restore = outside.restores.last()
    if restore is None or restore.read:
        return True
    # Calls that were under way when the old system ended may show up as late as look-ups lag.
    lag = max((erp.profile.lookup_lag for erp in outside.bluecherry.values()), default=timedelta(0))
    if outside.now() < restore.restored_at + lag or not all(outside.ready(name) for name in outside.bluecherry):
        return False
    try:
        for connection in outside.bluecherry:
            _read_list(connection, restore, outside)
    except CallError as error:
        log.warning("restore.not_read", why=str(error))
        return False
    with transaction() as session:
        _ask_warehouses(session, restore, outside)
        _poll_from(session, restore, outside)
        session.execute(update(RestoreRow).where(RestoreRow.id == restore.id).values(read_at=outside.now()))
        for connection in outside.bluecherry:
            drop(session, _place(connection, restore))
    outside.restores.forget()
    log.warning("restore.read", since=restore.taken_at)
    return True


@dataclass(frozen=True, slots=True)
class _Reading:
    """How far a connection's list is read. The last page is kept too: it is read again until all lists are read."""

    cursor: str | None
    trail: Trail = field(default_factory=Trail)


def _read_list(connection: str, restore: Restore, outside: Outside) -> None:
    """Learn what the list of a connection says, from the page on where the last try stopped. Raises a CallError."""
    place, since = _place(connection, restore), restore.taken_at - _APART
    with transaction() as session:
        reading = take_up(session, place, _Reading, outside.now())
    cursor, trail = (reading.cursor, reading.trail) if reading else (None, Trail())

    def ask(cursor: str | None) -> Page[DocumentRow]:
        return outside.bluecherry[connection].documents(since, cursor=cursor)

    while True:
        page = ask_for_page(place, cursor, ask, trail)
        rows = [row for row in (*page.rows, *as_far_as_read(page)) if _ours(row)]
        _set_aside(connection, page, since, outside)
        keep_strays(connection, rows, outside)
        _learn_of_endings(connection, rows, outside)
        _hint_at_unknown(connection, rows, outside)
        if page.next is None:
            return
        cursor = page.next
        with transaction() as session:
            keep(session, place, _Reading(cursor, trail), outside.now())


def _set_aside(connection: str, page: Page[DocumentRow], since: datetime, outside: Outside) -> None:
    """Leave rows that cannot be read to finance: reconciliation, which reads them again, closes them.

    Nothing is held for them alone. Whatever may have been lost is looked up by its key before it is sent, and a
    look-up that cannot be read is doubtful, never a no.
    """
    if unread := unread_rows(page, since, outside.now()):
        with transaction() as session:
            set_aside(session, connection, unread, (), outside)


def _place(connection: str, restore: Restore) -> str:
    return f"restore {restore.id}:{connection}"


def _ours(row: DocumentRow) -> bool:
    return row.type in KINDS and is_key(row.aux_ref_num) and row.status != "X"


def _learn_of_endings(connection: str, rows: Sequence[DocumentRow], outside: Outside) -> None:
    """What was made again since the backup was ended before that: let the ledger know how.

    Of a return whose authorisation or exchange order the list has and the ledger does not, those in the ledger are
    asked for: it would take a cancelled one for the one that stands.
    """
    made = {row.number: row for row in rows if KINDS[row.type] in (Kind.RETURN_AUTHORISATION, Kind.EXCHANGE_ORDER)}
    with transaction() as session:
        known = set(session.scalars(select(LedgerRow.number).where(among(LedgerRow.number, made))))
        again = {row.ref_num2 for number, row in made.items() if number not in known}
        older = (
            select(LedgerRow.kind, LedgerRow.number)
            .join(ReturnRow, ReturnRow.pk == LedgerRow.return_pk)
            .where(among(ReturnRow.id, again), *_standing(connection))
        )
        asked = sorted({(kind, number or "") for kind, number in session.execute(older)})
    erp = outside.bluecherry[connection]

    def ask(document: tuple[str, str]) -> Kind | None:
        kind, number = document
        if kind == Kind.EXCHANGE_ORDER:
            order = erp.order(number)
            return Kind.ORDER_CANCEL if order is not None and order.ord_status == "X" else None
        ra = erp.ra(number)
        return ENDINGS.get(ra.status) if ra is not None else None

    endings: dict[str, Kind] = {}
    for (_, number), answer in outside.side_by_side(connection, asked, ask).items():
        if isinstance(answer, CallError):
            raise answer
        if answer is not None:
            endings[number] = answer
    if not endings:
        return
    with transaction() as session:
        ended = select(LedgerRow).where(among(LedgerRow.number, endings), *_standing(connection))
        rows_of = session.scalars(ended.order_by(LedgerRow.id)).all()
        lock_returns(session, {row.return_pk for row in rows_of})
        ledger = rows_of_returns(session, {row.return_pk for row in rows_of}, lock=True)
        for row in rows_of:
            add_ending(session, ledger[row.return_pk], row, endings[row.number or ""], outside)


def _standing(connection: str) -> tuple[ColumnElement[bool], ...]:
    """The condition on a document that it may have been ended: an authorisation or an exchange order in BlueCherry."""
    return (
        LedgerRow.connection == connection,
        LedgerRow.state == State.POSTED,
        LedgerRow.shadow.is_(False),
        LedgerRow.kind.in_((Kind.RETURN_AUTHORISATION, Kind.EXCHANGE_ORDER)),
    )


def _hint_at_unknown(connection: str, rows: Sequence[DocumentRow], outside: Outside) -> None:
    """Ask for the returns that documents name and the ledger does not know, where no list would tell of them."""
    named = {row.ref_num2 for row in rows if row.ref_num2}
    stores = [each for each in outside.config.stores.values() if each.connection == connection and not each.return_list]
    for store in stores:
        with transaction() as session:
            known = select(ReturnRow.id).where(ReturnRow.store == store.name, among(ReturnRow.id, named))
            unknown = sorted(named - set(session.scalars(known)))
        for return_id in unknown:
            try:
                outside.reveni[store.name].get_return(return_id)
            except Unreadable:
                pass  # intake tells of it
            except CallError as error:
                if getattr(error, "status", None) != 404:
                    raise
                continue  # another store's
            hint_at(store.name, return_id, f"restored:{return_id}")


def _poll_from(session: Session, restore: Restore, outside: Outside) -> None:
    """A store that was never polled before the backup is polled from that moment on."""
    for store in outside.config.stores.values():
        name = f"poll:{store.name}"
        if store.return_list and session.get(Mark, name) is None:
            set_mark(session, name, restore.taken_at.isoformat(), outside.now())


def _ask_warehouses(session: Session, restore: Restore, outside: Outside) -> None:
    """Whatever a warehouse reported since the backup is gone, journalled or not: only it can tell again."""
    for site in outside.config.sites.values():
        if site.has_feed:
            message = say(
                "The database was restored to %(taken)s UTC: what site %(site)s reported from then until "
                "%(restored)s UTC is lost.",
                taken=f"{restore.taken_at:%Y-%m-%d %H:%M}",
                site=site.name,
                restored=f"{restore.restored_at:%Y-%m-%d %H:%M}",
            )
            values = {"code": Code.RECEIPT_LOST.value, "cause": f"{site.name}:{cause_of(restore)}", "message": message}
            team = {"team": REMEDIES[Code.RECEIPT_LOST].team.value, "said": pack(message)}
            session.execute(insert(ExceptionRow).values(**values, **team).on_conflict_do_nothing())
