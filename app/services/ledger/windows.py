"""Windows: what is due at set times is posted through the batch call, each document once, whoever ticks how often.

A tick claims documents, not time: a second tick finds them `sending`, a missed window's documents are still due at
the next one. A batch's documents are in no look-up while it runs, so they follow their batch, not their keys.
Documents in shadow have no batch, nor have those that a restored ledger must look up first: when their window opens
they stop waiting, and the steps take them one by one.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.calls import CallError, Doubtful, TooLate
from app.connections import sent_while
from app.db.engine import transaction
from app.db.tables.desk import WindowHold
from app.db.tables.ledger import BatchRow, LedgerRow, WindowRow
from app.db.tables.returns import ReturnRow
from app.domain.documents import State
from app.domain.exchange import price_exchange
from app.domain.memo_amounts import Basis
from app.domain.policy import Kind
from app.domain.saying import say
from app.services.exceptions.remedies import NotPossible
from app.services.facts.dossiers import lock_returns
from app.services.facts.orders import OrderKey, refresh_orders, save_orders
from app.services.facts.periods import old_mirrors, refresh_periods
from app.services.history import Notes
from app.services.ledger.batches import BATCH_LOST, LOOK, batch_lease, documents_of
from app.services.ledger.claiming import date_memos, fix_amounts, lease, may_be_sent, memos_to_send, price
from app.services.ledger.parcels import parcels_of
from app.services.ledger.planning import plan
from app.services.ledger.posting import addressed_or_not_sent
from app.services.ledger.recording import put_off
from app.services.ledger.sending import Parcel, body_of
from app.services.outside import Outside

_BATCHES_PER_TICK = 20
"""How many batches one tick hands in, at most, for one store and kind."""
_LET_GO_PER_TICK = 1000
"""How many returns of documents that go alone one tick sets going, as many as one sweep."""
_SUSPECT_FROM = 2
"""Batches of a document that were lost with their worker."""


def open_windows(outside: Outside) -> int:
    """Post what is due in windows that have opened and whose BlueCherry is there; the number of batches handed in.

    Windows that a person holds stay shut; what waits in them is posted by the first tick after the release.
    """
    away = outside.away().stores
    with transaction() as session:
        statement = (
            select(LedgerRow.store, LedgerRow.kind, LedgerRow.post_at, _goes_alone().label("alone"))
            .where(_window_has_opened(outside.now()))
            .distinct()
        )
        found = [row for row in session.execute(statement) if row.store in outside.config.stores]
    if any(row.alone for row in found):
        _let_go(outside)
    opened = [row for row in found if not row.alone and row.store not in away]
    count = 0
    for store, kind in sorted({(row.store, row.kind) for row in opened}):
        newest = max(row.post_at for row in opened if (row.store, row.kind) == (store, kind))
        for _ in range(_BATCHES_PER_TICK):
            if not post_batch(store, Kind(kind), newest, outside):
                break
            count += 1
    return count


def _window_has_opened(now: datetime) -> ColumnElement[bool]:
    """The condition on a document that its window has come, nobody holds it, and no retry holds it back."""
    return and_(
        ~exists().where(WindowHold.store == LedgerRow.store, WindowHold.kind == LedgerRow.kind),
        LedgerRow.state == State.DUE,
        LedgerRow.post_at <= now,
        LedgerRow.tired.is_(False),
        or_(LedgerRow.retry_at.is_(None), LedgerRow.retry_at <= now),
    )


def _goes_alone() -> ColumnElement[bool]:
    """The condition on a document that no batch may hold it: in shadow, or to be looked up before it is sent."""
    return or_(LedgerRow.shadow, LedgerRow.look_first)


def _let_go(outside: Outside) -> None:
    """Let documents that go alone wait for their window no longer: the sweep finds their returns at once."""
    now = outside.now()
    opened = and_(_goes_alone(), _window_has_opened(now), LedgerRow.store.in_(outside.config.stores))
    with transaction() as session:
        statement = select(LedgerRow.return_pk).where(opened).distinct().limit(_LET_GO_PER_TICK)
        pks = sorted(session.scalars(statement))
        lock_returns(session, pks)
        session.execute(update(LedgerRow).where(LedgerRow.return_pk.in_(pks), opened).values(post_at=None))
        session.execute(update(ReturnRow).where(ReturnRow.pk.in_(pks)).values(pending=True, wake_at=now))


def post_now(store: str, kind: Kind, outside: Outside, by: str) -> int:
    """Let what waits for a window of this store and kind be posted by the next tick; the number of documents.

    Raises NotPossible while the windows are held: it would say that documents are posted, and none would be.
    """
    now = outside.now()
    with transaction() as session:
        held = session.get(WindowHold, (store, kind.value))
        if held is not None:
            raise NotPossible(say("%(by)s holds these windows: release them first.", by=held.by))
        rows = session.scalars(
            select(LedgerRow)
            .where(
                LedgerRow.store == store,
                LedgerRow.kind == kind,
                LedgerRow.state == State.DUE,
                LedgerRow.post_at > now,
            )
            .order_by(LedgerRow.id)
            .with_for_update()
        ).all()
        for row in rows:
            row.post_at = now
        notes = Notes()
        notes.add(None, "window posted now", store=store, kind=kind.value, documents=len(rows), by=by)
        notes.write(session)
    return len(rows)


def post_batch(store: str, kind: Kind, opens_at: datetime, outside: Outside) -> bool:
    """Hand in one batch of what is due; False when there was nothing to hand in."""
    connection = outside.store(store).connection
    with transaction() as session:
        rows = _due(session, store, kind, outside)
        orders = {(row.connection, row.ord_num) for row in rows} if kind is Kind.CREDIT_MEMO else set()
        pks = sorted({row.return_pk for row in rows})
        old = old_mirrors(session, [store] if orders else [], outside)
    if not rows:
        return False
    refresh_periods(old, outside)
    fetched, failures = refresh_orders(orders, outside)
    with transaction() as session:
        lock_returns(session, pks)
        save_orders(session, fetched)
        parcels = _claim(session, store, kind, pks, failures, outside)
        if not parcels:
            return False
        window = _window(session, store, kind, opens_at)
        batch = BatchRow(
            window_id=window,
            connection=connection,
            batch_ref=f"B-{window}-{secrets.token_hex(8)}",
            documents=len(parcels),
            state="sending",
            lease_until=outside.now() + batch_lease(outside),
            look_at=outside.now() + batch_lease(outside),
        )
        session.add(batch)
        session.flush()
        for row in session.scalars(select(LedgerRow).where(LedgerRow.id.in_([p.row_id for p in parcels]))):
            row.batch_id, row.lease_until = batch.id, batch.lease_until
    _hand_in(batch, parcels, outside)
    return True


def _due(session: Session, store: str, kind: Kind, outside: Outside) -> list[LedgerRow]:
    # A worker died with it again and again: it may be what killed it, and goes alone.
    suspect = and_(LedgerRow.error_code == BATCH_LOST, LedgerRow.tries >= _SUSPECT_FROM)
    statement = (
        select(LedgerRow)
        .where(
            LedgerRow.store == store,
            LedgerRow.kind == kind,
            _window_has_opened(outside.now()),
            ~_goes_alone(),
            LedgerRow.batch_id.is_(None),
            may_be_sent(),
        )
        .order_by(LedgerRow.id)
    )
    others = statement.where(func.coalesce(~suspect, True)).limit(outside.erp(store).profile.batch_size)
    return list(session.scalars(others)) or list(session.scalars(statement.where(suspect).limit(1)))


def _claim(
    session: Session,
    store: str,
    kind: Kind,
    pks: Sequence[int],
    failures: dict[OrderKey, CallError],
    outside: Outside,
) -> list[Parcel]:
    work = plan(session, pks, outside)
    mine = set(pks)
    rows = [row for row in _due(session, store, kind, outside) if row.return_pk in mine]
    notes = Notes()
    for row in rows:
        if (row.connection, row.ord_num) in failures:
            put_off(row, failures[row.connection, row.ord_num], notes, outside)
    rows = [row for row in rows if (row.connection, row.ord_num) not in failures]
    if kind is Kind.CREDIT_MEMO:
        rows = memos_to_send(session, rows)
    dates = date_memos(session, rows, outside) if kind is Kind.CREDIT_MEMO else {}
    parcels = parcels_of(session, rows, outside)
    claimed = []
    for row in rows:
        parcel = parcels[row.id]
        if kind is Kind.CREDIT_MEMO:
            if row.id not in dates or not price(work, row, parcel, outside):
                continue
            parcel = replace(parcel, date=dates[row.id])
        elif kind is Kind.EXCHANGE_ORDER and parcel.order is not None:
            fix_amounts(row, price_exchange(parcel.document, parcel.order), Basis.of(parcel.order))
        claimed.append(lease(row, parcel, outside))
    notes.write(session)
    return claimed


def _window(session: Session, store: str, kind: Kind, opens_at: datetime) -> int:
    """The window's row: whoever inserts it claims the window; the others find it."""
    values = {"store": store, "kind": kind.value, "opens_at": opens_at}
    made = session.scalar(insert(WindowRow).values(values).on_conflict_do_nothing().returning(WindowRow.id))
    if made is not None:
        return made
    statement = select(WindowRow.id).where(
        WindowRow.store == store, WindowRow.kind == kind, WindowRow.opens_at == opens_at
    )
    return session.scalars(statement).one()


def _hand_in(batch: BatchRow, parcels: Sequence[Parcel], outside: Outside) -> None:
    error: CallError | None = None
    number: str | None = None
    answers = outside.side_by_side(
        batch.connection, range(len(parcels)), lambda index: addressed_or_not_sent(parcels[index], outside)
    )
    ready = [answer for answer in answers.values() if isinstance(answer, Parcel)]
    failed = {index: answer for index, answer in answers.items() if isinstance(answer, CallError)}
    if failed:
        _leave_out(batch, [(parcels[index], answer) for index, answer in failed.items()], outside)
    if not ready:
        return
    timeout, lease_until = outside.config.connections[batch.connection].timeout, batch.lease_until or outside.now()
    try:
        with sent_while(lambda: outside.now() + timeout <= lease_until):
            erp = outside.bluecherry[batch.connection]
            number = erp.create_batch(batch.batch_ref, [body_of(each) for each in ready])
    except TooLate:
        return  # frozen since the claim: the lease is over, and the batch is looked up by its ref
    except CallError as failure:
        error = failure
    now = outside.now()
    with transaction() as session:
        row = session.get_one(BatchRow, batch.id, with_for_update=True)
        if row.state != "sending" or row.lease_until != batch.lease_until:
            return
        row.lease_until = None
        if error is None:
            row.state, row.batch_num, row.look_at = "queued", number, now + LOOK
        elif isinstance(error, Doubtful):
            lag = outside.bluecherry[row.connection].profile.lookup_lag
            row.state, row.doubtful_since, row.error, row.look_at = "doubtful", now, str(error), now + lag
        else:
            _give_back(session, row, error, outside)


def _leave_out(batch: BatchRow, failed: Sequence[tuple[Parcel, CallError]], outside: Outside) -> None:
    """Documents whose address could not be had leave the batch before it is sent: they are due again, later."""
    notes = Notes()
    errors = {parcel.row_id: error for parcel, error in failed}
    pks = {parcel.return_pk for parcel, _ in failed}
    with transaction() as session:
        row = session.get_one(BatchRow, batch.id, with_for_update=True)
        if row.state != "sending" or row.lease_until != batch.lease_until:
            return
        lock_returns(session, pks)
        row.documents -= len(errors)
        if not row.documents:
            row.state, row.lease_until, row.done_at, row.look_at = "refused", None, outside.now(), None
        for document in session.scalars(select(LedgerRow).where(LedgerRow.id.in_(errors)).with_for_update()):
            document.state, document.batch_id, document.lease_until, document.sent_at = State.DUE, None, None, None
            put_off(document, errors[document.id], notes, outside)
        notes.write(session)
        plan(session, pks, outside)


def _give_back(session: Session, batch: BatchRow, error: CallError, outside: Outside) -> None:
    """A batch that certainly was not made: its documents are due again, later."""
    batch.state, batch.error, batch.done_at, batch.look_at = "refused", str(error), outside.now(), None
    notes = Notes()
    rows = documents_of(session, batch.id)
    for row in rows:
        row.state, row.batch_id, row.lease_until, row.sent_at = State.DUE, None, None, None
        put_off(row, error, notes, outside)
    notes.write(session)
    plan(session, {row.return_pk for row in rows}, outside)
