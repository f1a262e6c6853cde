"""Reconciliation: read BlueCherry's list of documents and hold the ledger against it.

It goes on where the last reading stopped or ended, and once a day begins anew with all the days that the configuration
names: a document that somebody changes by hand keeps its place in the list. Documents in shadow stand in no list, and
are left to `shadow_comparison`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.bluecherry.documents import KINDS, DocumentRow
from app.bluecherry.gateway import Page
from app.calls import CallError
from app.db.among import among
from app.db.codec import load
from app.db.engine import transaction
from app.db.marks import set_mark
from app.db.tables.ledger import LedgerRow
from app.db.tables.upkeep import Mark
from app.domain.documents import Document, State
from app.domain.policy import Kind
from app.domain.reconciliation import Booked, Difference, Found, Unread, difference, is_key, missing
from app.services.books.differences import close_agreed, differing, open_difference
from app.services.books.unread import close_read, named_by, set_aside, unread_rows
from app.services.ledger.parcels import parcels_of
from app.services.ledger.sending import look_up
from app.services.lists import Trail, ask_again, ask_for_page, drop, keep, take_up
from app.services.outside import Outside

_APART = timedelta(minutes=10)
"""How far BlueCherry's clock and the bridge's may be apart before a look-up by key must say what is missing."""
_OVERLAP = 2 * _APART
_ROUND = timedelta(days=1)
_PAGES = 200
"""Pages of one run; the next goes on from there."""
_LOOK_UPS = 500
_RECOVERY = timedelta(hours=1)
"""How long after a restore a document that the ledger does not know may still be taken over by it."""


@dataclass(slots=True)
class Reading:
    """One reading of a connection's documents, from `since` to `reached`; `ended`: there was no more.

    `compared`: documents of the bridge; `others`: documents that it did not make. `cursor`: of the page that comes
    next. Kept for it: the ledger's rows listed `lately`, with BlueCherry's time, and rows with an open exception that
    were listed as they should be (`agreed`), and rows that could not be read and that nobody ended (`unread`): what
    they may be of is called neither missing nor agreed.
    """

    connection: str
    since: datetime
    reached: datetime
    ended: bool = False
    compared: int = 0
    others: int = 0
    differences: list[Difference] = field(default_factory=list)
    cursor: str | None = None
    lately: dict[int, datetime] = field(default_factory=dict)
    agreed: list[int] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    trail: Trail = field(default_factory=Trail)

    def may_be_unread(self, booked: Booked) -> bool:
        """Whether a row that could not be read may be of a document."""
        return any(row.may_be_of(booked.kind, booked.key, booked.number) for row in self.unread)


def reconcile(connection: str, outside: Outside) -> Reading:
    """Go on where the last reading stopped or ended, or begin a new round, and remember how far it came.

    Raises a CallError when BlueCherry does not answer; the next reading goes on where this one stopped.
    """
    now = outside.now()
    place, round_ = f"books:{connection}", f"books round:{connection}"
    with transaction() as session:
        began, position = session.get(Mark, round_), session.get(Mark, place)
        reading = take_up(session, place, Reading, now)
        if reading is None and began and position and now - datetime.fromisoformat(began.value) < _ROUND:
            since = datetime.fromisoformat(position.value) - _OVERLAP
            reading = Reading(connection, since, since)
        elif reading is None:
            # Should this reading fail, the next one begins there too; the mark's age still tells of the last good one.
            since = now - outside.config.sweep.reconcile_back
            set_mark(session, round_, now.isoformat(), now)
            set_mark(session, place, since.isoformat(), position.at if position else now)
            reading = Reading(connection, since, since)
    for _ in range(_PAGES):
        _read_page(reading, place, outside)
        with transaction() as session:
            if reading.ended:
                set_mark(session, place, reading.reached.isoformat(), now)
                drop(session, place)
                return reading
            keep(session, place, reading, now)
    with transaction() as session:
        session.execute(update(Mark).where(Mark.name == place).values(at=now))
    return reading


def read(connection: str, since: datetime, outside: Outside) -> Reading:
    """Compare the documents of a connection from a time on; open exceptions for what differs, close what agrees.

    It counts as the last comparison where it leaves out nothing since the one before; the next `reconcile` goes on
    where the last one ended all the same. Raises a CallError when BlueCherry does not answer.
    """
    now, place = outside.now(), f"books:{connection}"
    reading = Reading(connection, since, since)
    while not reading.ended:
        _read_page(reading, None, outside)
    with transaction() as session:
        upto = Mark.name == place, Mark.value >= since.astimezone(UTC).isoformat()
        session.execute(update(Mark).where(*upto, Mark.at < now).values(at=now))
    return reading


def _read_page(reading: Reading, kept_as: str | None, outside: Outside) -> None:
    """Compare the next page, and look for what should have been listed by then; at the end, close what agrees."""
    erp, asked = outside.bluecherry[reading.connection], outside.now()

    def ask(cursor: str | None) -> Page[DocumentRow]:
        return erp.documents(reading.since, cursor=cursor)

    if kept_as:
        page = ask_for_page(kept_as, reading.cursor, ask, reading.trail)
    else:
        page = ask_again(reading.cursor, ask, reading.trail)
    with transaction() as session:
        seen = _compare(session, page.rows, reading, outside)
        reading.agreed += differing(session, seen)
        _set_aside(session, unread_rows(page, reading.reached, outside.now()), reading, outside)
    reading.lately |= seen
    looked_for = max(reading.since + _APART, reading.reached - _APART)
    reading.reached = max([reading.reached, *(row.posted_at.astimezone(UTC) for row in page.rows)])
    reading.cursor, reading.ended = page.next, page.next is None
    if reading.ended:
        # A clock of BlueCherry's that is ahead must not carry the next reading past what comes until then.
        reading.reached = max(reading.since, asked - erp.profile.lookup_lag)
    lost, found = _look_for(_unseen(reading, looked_for), reading, outside)
    with transaction() as session:
        for booked in lost:
            if not reading.may_be_unread(booked):
                reading.differences.append(missing(booked))
                open_difference(session, reading.differences[-1], outside)
        reading.agreed += differing(session, found)
        if reading.ended:
            _close(session, reading, outside)
    reading.lately = {row: at for row, at in reading.lately.items() if at >= reading.reached - 2 * _APART}


def _close(session: Session, reading: Reading, outside: Outside) -> None:
    """Close what the reading found mended: nothing about a document that an unread row may be of."""
    rows = session.scalars(select(LedgerRow).where(among(LedgerRow.id, set(reading.agreed)))).all()
    agreed = {each.id for each in _booked(session, rows) if not reading.may_be_unread(each)}
    close_agreed(session, agreed, reading.since + _APART, reading.differences, outside.now())
    causes = {each.cause for each in reading.differences}
    close_read(session, reading.connection, reading.since, causes, outside.now())


def _set_aside(session: Session, rows: Sequence[Unread], reading: Reading, outside: Outside) -> None:
    """Leave rows that cannot be read to finance. A document that is due and that one names is looked up, not sent."""
    if not rows:
        return
    booked = _booked(session, session.scalars(select(LedgerRow).where(named_by(reading.connection, rows))).all())
    told = {each.cause for each in reading.differences}
    for aside in set_aside(session, reading.connection, rows, booked, outside):
        if aside.differs.cause not in told:
            reading.differences.append(aside.differs)
            reading.unread += [aside.row] if aside.stands else []
    keys = {row.key for row in rows}
    for each in booked:
        if each.state is State.DUE and each.key in keys:
            _doubt(session, each.id, _caught_up(reading.connection, outside))


def _caught_up(connection: str, outside: Outside) -> datetime:
    """What is in doubt since then may be looked up at once."""
    return outside.now() - outside.bluecherry[connection].profile.lookup_lag


def _compare(session: Session, rows: Sequence[DocumentRow], reading: Reading, outside: Outside) -> dict[int, datetime]:
    """Hold a page against the ledger; the ledger's rows that it lists as they should be, with BlueCherry's time."""
    ours = [(found, row.posted_at) for row in rows if (found := _found(row)) is not None]
    reading.compared += len(ours)
    reading.others += len(rows) - len(ours)
    recovering = _recovering(outside)
    statement = select(LedgerRow).where(
        LedgerRow.connection == reading.connection,
        among(LedgerRow.key, {found.key for found, _ in ours}),
        LedgerRow.shadow.is_(False),
    )
    ledger: dict[str, list[Booked]] = defaultdict(list)
    for each in _booked(session, session.scalars(statement).all()):
        ledger[each.key].append(each)
    seen = {}
    for found, posted_at in ours:
        booked = _mine(ledger[found.key], found)
        if booked is not None and booked.number == found.number:
            seen[booked.id] = posted_at
        if booked is not None and booked.state is State.DUE and not found.cancelled:
            _doubt(session, booked.id, _caught_up(reading.connection, outside))
        elif recovering and (booked is None or booked.state is not State.POSTED):
            continue
        elif (differs := difference(booked, found)) is not None:
            reading.differences.append(differs)
            open_difference(session, differs, outside)
    return seen


def _recovering(outside: Outside) -> bool:
    """Whether a restored ledger is about to take over what it lost: not yet a difference."""
    restore = outside.restores.last()
    return restore is not None and (not restore.read or outside.now() < restore.restored_at + _RECOVERY)


def _found(row: DocumentRow) -> Found | None:
    """A row of the list, if it is a document that bears a key of the bridge's."""
    kind, key = KINDS.get(row.type), row.aux_ref_num
    if kind is None or key is None or not is_key(key):
        return None
    return Found(kind, row.number, key, row.ord_num, row.ref_num2, row.qty, row.total_amt, row.status == "X")


def _booked(session: Session, rows: Sequence[LedgerRow]) -> list[Booked]:
    undone = select(LedgerRow.return_pk, LedgerRow.document["source"].astext).where(
        among(LedgerRow.return_pk, {row.return_pk for row in rows}),
        LedgerRow.kind.in_((Kind.RA_CANCEL, Kind.ORDER_CANCEL)),
        LedgerRow.state == State.POSTED,
    )
    cancelled = set(session.execute(undone).tuples())
    return [_view(row, (row.return_pk, row.key) in cancelled) for row in rows]


def _view(row: LedgerRow, cancelled: bool) -> Booked:
    transfer = any(line.rec_type == "SA" for line in load(Document, row.document).lines)
    units = None if transfer else row.units
    kind, state = Kind(row.kind), State(row.state)
    return Booked(row.id, row.key, kind, state, row.ord_num, row.number, units, row.total, cancelled)


def _mine(candidates: Sequence[Booked], found: Found) -> Booked | None:
    """The ledger's document of a key: two stores may have returns of the same id, on different orders."""
    ranked = sorted(candidates, key=lambda each: (each.number != found.number, each.ord_num != found.ord_num))
    return ranked[0] if ranked else None


def _doubt(session: Session, ledger_id: int, since: datetime) -> None:
    """A document that is due and yet stands in BlueCherry is looked up before anything is sent."""
    alone = (LedgerRow.id == ledger_id, LedgerRow.state == State.DUE, LedgerRow.batch_id.is_(None))
    values = {"state": State.DOUBTFUL, "doubtful_since": since, "post_at": None, "retry_at": None, "look_first": True}
    session.execute(update(LedgerRow).where(*alone).values(values))


def _unseen(reading: Reading, since: datetime) -> list[int]:
    """Ledger rows posted since a time, within the reading, that it did not list: suspects, no more than that."""
    with transaction() as session:
        posted = select(LedgerRow.id).where(
            LedgerRow.connection == reading.connection,
            LedgerRow.state == State.POSTED,
            LedgerRow.shadow.is_(False),
            LedgerRow.kind.in_(list(KINDS.values())),
            LedgerRow.posted_at >= since,
            LedgerRow.posted_at <= reading.reached - _APART,
        )
        suspects = session.scalars(posted.order_by(LedgerRow.id))
        return [row_id for row_id in suspects if row_id not in reading.lately][:_LOOK_UPS]


def _look_for(suspects: Sequence[int], reading: Reading, outside: Outside) -> tuple[list[Booked], set[int]]:
    """Of the suspects, those that BlueCherry does not find by their key either, and the rows of those it does."""
    if not suspects:
        return [], set()
    with transaction() as session:
        rows = session.scalars(select(LedgerRow).where(among(LedgerRow.id, suspects))).all()
        rows = [row for row in rows if row.store in outside.config.stores]
        booked = {each.id: each for each in _booked(session, rows)}
        parcels = parcels_of(session, rows, outside)
    answers = outside.side_by_side(reading.connection, list(parcels), lambda row: look_up(parcels[row], outside))
    certain = {row: found for row, found in answers.items() if not isinstance(found, CallError)}
    reading.compared += len(certain)
    lost = [booked[row] for row, found in certain.items() if found is None]
    return lost, {row for row, found in certain.items() if found is not None}
