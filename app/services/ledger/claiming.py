"""Claiming: which documents can be moved on now, taken under a lease in the commit that comes before the call."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Boolean, ColumnElement, exists, func, literal_column, or_, select, tuple_
from sqlalchemy.orm import Session

from app.calls import CallError
from app.db.codec import dump, load
from app.db.tables.exceptions import DecisionRow
from app.db.tables.ledger import LedgerRow
from app.db.tables.returns import InboxEvent, ReturnRow
from app.domain.documents import Amounts, State
from app.domain.exchange import price_exchange
from app.domain.memo_amounts import Basis, memos_before, price_next_memo
from app.domain.policy import Kind
from app.services.facts.dossiers import Slice
from app.services.facts.orders import OrderKey
from app.services.facts.periods import contradicted, memo_dates, today
from app.services.history import Notes
from app.services.ledger.parcels import parcels_of
from app.services.ledger.planning import plan
from app.services.ledger.recording import PERIOD_CLOSED, put_off, refused
from app.services.ledger.sending import Parcel
from app.services.outside import Away, Outside
from app.services.retrying import NotSent

_ENDINGS = (Kind.RA_CANCEL, Kind.RA_CLOSE)
"""What ends a return authorisation, and cannot be taken back."""
_BUSY_ORDER = timedelta(seconds=1)
"""How soon a memo looks again whether another memo of its order is through."""


@dataclass(slots=True)
class Claim:
    """Documents to send, documents to look up first, and returns that must wait for another's memo or a fetch.

    `again`: when those that wait may be tried again.
    """

    to_send: list[Parcel] = field(default_factory=list)
    to_find: list[Parcel] = field(default_factory=list)
    again: dict[int, datetime] = field(default_factory=dict)


def claim(session: Session, kinds: Collection[Kind], pks: Sequence[int], away: Away, outside: Outside) -> Claim:
    """Take documents of these kinds, but no memos: those that are due become `sending`. Locks their rows."""
    rows = candidates(session, kinds, pks, away, outside)
    claimed = Claim()
    if not rows:
        return claimed
    parcels = parcels_of(session, rows, outside)
    for row in rows:
        parcel = parcels[row.id]
        if row.state == State.DUE and not row.look_first:
            if row.kind == Kind.EXCHANGE_ORDER and parcel.order is not None:
                fix_amounts(row, price_exchange(parcel.document, parcel.order), Basis.of(parcel.order))
            claimed.to_send.append(lease(row, parcel, outside))
        else:
            claimed.to_find.append(lease(row, parcel, outside))
    return claimed


def claim_memos(
    session: Session, pks: Sequence[int], failures: Mapping[OrderKey, CallError], away: Away, outside: Outside
) -> Claim:
    """Take memos under the locks on their orders: never two of one order in flight, amounts fixed by what stands.

    The orders were fetched just now; a memo whose order could not be (`failures`) is put off.
    """
    work = plan(session, pks, outside)
    rows = candidates(session, [Kind.CREDIT_MEMO], pks, away, outside)
    to_find = [row for row in rows if row.state != State.DUE or row.look_first]
    rows = [row for row in rows if row not in to_find]
    fetched = [row for row in rows if (row.connection, row.ord_num) not in failures]
    due = memos_to_send(session, fetched)
    in_vain = _given_up(session, rows)
    claimed = Claim()
    notes = Notes()
    for row in rows:
        on = (row.connection, row.ord_num)
        if row in due or (*on, row.shadow) in in_vain:
            continue
        if on in failures:
            put_off(row, failures[on], notes, outside)
        moment = row.retry_at if on in failures else outside.now() + _BUSY_ORDER
        if moment is not None and not row.tired:
            claimed.again[row.return_pk] = moment
    notes.write(session)
    dates = date_memos(session, due, outside)
    parcels = parcels_of(session, [*due, *to_find], outside)
    for row in due:
        if row.id not in dates:
            if row.state == State.DUE and row.retry_at is not None and not row.tired:
                claimed.again[row.return_pk] = row.retry_at
        elif price(work, row, parcels[row.id], outside):
            claimed.to_send.append(lease(row, replace(parcels[row.id], date=dates[row.id]), outside))
    claimed.to_find = [lease(row, parcels[row.id], outside) for row in to_find]
    return claimed


def date_memos(session: Session, rows: Sequence[LedgerRow], outside: Outside) -> dict[int, date]:
    """The date of each memo, by row id: today, or the next open period's first day, as the store's policy has it.

    A memo for which there is none is refused as BlueCherry would refuse it, without asking. While BlueCherry has
    contradicted its periods and cannot be heard on them, a date would be a guess: the memo is put off.
    """
    stores = {row.store for row in rows}
    days, unsure = memo_dates(session, stores, outside), contradicted(session, stores, outside)
    moved = _moved_to_next_period(session, rows) if None in days.values() else frozenset()
    later_days = memo_dates(session, stores, outside, "next_open") if moved else {}
    dated: dict[int, date] = {}
    notes = Notes()
    closed = set()
    for row in rows:
        if row.store in unsure:
            put_off(row, NotSent("BlueCherry GET /periods: not heard since it refused a memo's date"), notes, outside)
            continue
        day = days[row.store] or (later_days[row.store] if row.return_pk in moved else None)
        if day is not None:
            dated[row.id] = day
            continue
        policy = outside.store(row.store).rules.policy.closed_period
        later = ", nor is one open later" if policy == "next_open" else ""
        message = f"{today(row.store, outside)} is in no open period{later}"
        refused(row, PERIOD_CLOSED, message, notes)
        closed.add(row.return_pk)
    notes.write(session)
    if closed:
        session.flush()
        plan(session, closed, outside)
    return dated


def _moved_to_next_period(session: Session, rows: Sequence[LedgerRow]) -> frozenset[int]:
    """The returns of which a person in finance said that their memos may stand in the next open period."""
    statement = select(DecisionRow.return_pk).where(
        DecisionRow.return_pk.in_({row.return_pk for row in rows}), DecisionRow.action == "next_period"
    )
    return frozenset(session.scalars(statement))


def lease(row: LedgerRow, parcel: Parcel, outside: Outside) -> Parcel:
    """Take a row for one call. One that is looked up is or comes into doubt; one that is sent becomes `sending`."""
    now = outside.now()
    row.lease_until = now + outside.config.retry.lease
    if row.state == State.DUE and row.look_first:
        row.state, row.doubtful_since = State.DOUBTFUL, now
    elif row.state == State.DUE:
        row.state, row.sent_at, row.doubtful_since = State.SENDING, now, None
        row.document_date = parcel.date.isoformat()
    elif row.state == State.SENDING:
        row.state, row.doubtful_since = State.DOUBTFUL, row.doubtful_since or now
    amounts = load(Amounts, row.amounts) if row.amounts else None
    return replace(parcel, amounts=amounts, lease_until=row.lease_until)


def fix_amounts(row: LedgerRow, amounts: Amounts, basis: Basis) -> None:
    """Write the amounts that a document is sent with, and what they were worked out from."""
    row.amounts, row.basis = dump(amounts), dump(basis)
    row.total, row.currency = amounts.total.amount, amounts.total.currency


def candidates(
    session: Session, kinds: Collection[Kind], pks: Sequence[int], away: Away, outside: Outside
) -> list[LedgerRow]:
    """Rows of returns that can be moved on now, outside of windows and batches; locked.

    What would go to a system that is away stays as it is.
    """
    now = outside.now()
    statement = (
        select(LedgerRow)
        .where(
            LedgerRow.return_pk.in_(pks),
            LedgerRow.kind.in_(kinds),
            LedgerRow.state.in_((State.DUE, State.SENDING, State.DOUBTFUL)),
            LedgerRow.tired.is_(False),
            LedgerRow.batch_id.is_(None),
            or_(LedgerRow.retry_at.is_(None), LedgerRow.retry_at <= now),
            or_(LedgerRow.state != State.DUE, may_be_sent()),
            or_(LedgerRow.state != State.DUE, LedgerRow.kind.not_in(_ENDINGS), _no_goods_on_the_way()),
            *_within_reach(away),
        )
        .order_by(LedgerRow.id)
        .with_for_update()
    )
    rows = [row for row in session.scalars(statement) if row.store in outside.config.stores]
    return [row for row in rows if _ready(row, now, outside)]


def _within_reach(away: Away) -> list[ColumnElement[bool]]:
    """The conditions on ledger rows that the system which they go to can be called."""
    told = LedgerRow.kind == Kind.VERDICT
    reach: list[ColumnElement[bool]] = []
    if away.connections:
        reach.append(or_(told, LedgerRow.connection.not_in(away.connections)))
    if away.revenis:
        reach.append(or_(~told, LedgerRow.store.not_in(away.revenis)))
    return reach


def _ready(row: LedgerRow, now: datetime, outside: Outside) -> bool:
    if row.state == State.DUE:
        return row.post_at is None
    lag = outside.erp(row.store).profile.lookup_lag
    if row.lease_until is not None and row.lease_until > now:
        return False
    since = row.doubtful_since if row.state == State.DOUBTFUL else row.lease_until
    return since is None or since + lag <= now


def may_be_sent() -> ColumnElement[bool]:
    """The condition on a ledger row that all its predecessors are posted."""
    return literal_column(
        "ledger.after <@ array("
        "select before.key from ledger before where before.return_pk = ledger.return_pk and before.state = 'posted')",
        Boolean,
    )


def _no_goods_on_the_way() -> ColumnElement[bool]:
    """The condition on what ends an authorisation: receipts that came before are counted.

    Those in the inbox may be of any return; one that was taken in makes its return `pending` until it is planned.
    """
    in_the_inbox = exists().where(
        InboxEvent.channel == "warehouse",
        InboxEvent.state.in_(("new", "taken")),
        InboxEvent.received_at <= func.coalesce(LedgerRow.retry_at, LedgerRow.created_at),
    )
    not_planned = exists().where(ReturnRow.pk == LedgerRow.return_pk, ReturnRow.pending)
    return ~in_the_inbox & ~not_planned


def memos_to_send(session: Session, rows: Sequence[LedgerRow]) -> list[LedgerRow]:
    """Of due memos, at most one for each order, and none for an order that has one in flight.

    Memos in shadow and those that are posted do not wait for each other.
    """
    orders = {(row.connection, row.ord_num) for row in rows}
    busy = {
        (connection, ord_num, shadow)
        for connection, ord_num, shadow in session.execute(
            select(LedgerRow.connection, LedgerRow.ord_num, LedgerRow.shadow).where(
                tuple_(LedgerRow.connection, LedgerRow.ord_num).in_(orders),
                LedgerRow.kind == Kind.CREDIT_MEMO,
                LedgerRow.state.in_((State.SENDING, State.DOUBTFUL)),
            )
        )
    }
    chosen = []
    for row in rows:
        if (row.connection, row.ord_num, row.shadow) not in busy:
            busy.add((row.connection, row.ord_num, row.shadow))
            chosen.append(row)
    return chosen


def _given_up(session: Session, rows: Sequence[LedgerRow]) -> set[tuple[str, str, bool]]:
    """Orders, in shadow or not, with a memo in doubt whose tries are used up: who waits for that waits for a person."""
    orders = {(row.connection, row.ord_num) for row in rows}
    statement = select(LedgerRow.connection, LedgerRow.ord_num, LedgerRow.shadow).where(
        tuple_(LedgerRow.connection, LedgerRow.ord_num).in_(orders),
        LedgerRow.kind == Kind.CREDIT_MEMO,
        LedgerRow.state == State.DOUBTFUL,
        LedgerRow.tired,
    )
    return {(connection, ord_num, shadow) for connection, ord_num, shadow in session.execute(statement)}


def price(work: Slice, row: LedgerRow, parcel: Parcel, outside: Outside) -> bool:
    """Fix the amounts of a memo by what stands on its order now; False when its order is not known."""
    file = work.orders.get((row.connection, row.ord_num))
    if file is None:
        return False
    dossier = work.dossier(row.return_pk)
    policy = outside.store(row.store).rules.policy
    amounts = price_next_memo(parcel.document, file.order, dossier, dossier.entries, policy)
    fix_amounts(row, amounts, Basis.of(file.order, memos_before(dossier, dossier.entries, row.ord_num)))
    return True
