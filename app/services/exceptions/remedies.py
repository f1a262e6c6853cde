"""Remedies: what a person does about exceptions. Each wakes the returns that it concerns; the rules do the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.among import among
from app.db.codec import load
from app.db.engine import transaction
from app.db.tables.exceptions import RESOLVED_BY, DecisionRow, ExceptionRow
from app.db.tables.ledger import LedgerRow
from app.db.tables.mapping import SkuAlias
from app.db.tables.mirrors import OrderRow
from app.db.tables.returns import InboxEvent, ReceiptRow, ReturnRow
from app.db.tables.upkeep import Mark
from app.domain.blockers import Code
from app.domain.documents import State
from app.domain.model import Return
from app.domain.policy import Kind
from app.domain.reconciliation import Sort, Unread
from app.domain.saying import Said, say
from app.services.exceptions.unread_rows import standing_rows
from app.services.facts.dossiers import lock_returns
from app.services.facts.items import UNREAD_ITEMS
from app.services.history import Notes
from app.services.outside import utc_now

_RELEASABLE = frozenset({Code.NOT_RECEIVED, Code.REFUNDED_REJECTED})
"""What finance may have credited although the rules make no memo by themselves."""
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_EVENT_CODES = frozenset({Code.UNREADABLE_EVENT, Code.TRIES_USED_UP, Code.TASK_LOST})


class NotPossible(ValueError):
    """What was asked for cannot be done; the sentence says why and what can."""

    def __init__(self, said: Said) -> None:
        self.said = said
        super().__init__(said)


def retry(exception_ids: Sequence[int], by: str) -> int:
    """Try again what the open exceptions hold up: documents that were refused or gave up, events, returns.

    The exceptions close by themselves when their cause is gone. Returns how many were set going.
    """
    with transaction() as session:
        rows = _open(session, exception_ids)
        notes = Notes()
        for row in rows:
            notes.add(row.return_pk, "retry", row.document_key, code=row.code, by=by)
            if row.inbox_id is not None:
                _again(session, row.inbox_id)
                row.closed_at, row.closed_by = utc_now(), f"retried by {by}"
            if row.receipt_pk is not None and row.return_pk is None:
                session.execute(
                    update(ReceiptRow).where(ReceiptRow.pk == row.receipt_pk).values(next_look_at=utc_now())
                )
            if row.code == Code.TASK_LOST and row.return_pk is not None:
                row.closed_at, row.closed_by = utc_now(), f"retried by {by}"
        pks = {row.return_pk for row in rows if row.return_pk is not None}
        _wake(session, pks)
        _refused_are_due(session, pks)
        _compare_again(session, [row for row in rows if row.code == Code.BOOKS_DIFFER])
        if any(row.code == Code.UNREADABLE_ROW for row in rows):
            # The mirror of the item master is read from where such rows stand, at the next tick.
            session.execute(update(Mark).where(Mark.name.startswith(UNREAD_ITEMS)).values(at=_LONG_AGO))
        notes.write(session)
    return len(rows)


def resolve(exception_ids: Sequence[int], by: str, note: str | None, release: bool = False) -> int:
    """End exceptions by a person's word. With `release`, finance has their units credited all the same.

    Raises NotPossible when a release is asked for something else than `not_received` or `refunded_rejected`.
    """
    with transaction() as session:
        rows = _open(session, exception_ids)
        if release:
            check_release(row.code for row in rows)
        notes = Notes()
        for row in rows:
            row.closed_at, row.closed_by = utc_now(), f"{RESOLVED_BY}{by}"
            notes.add(row.return_pk, "resolved", row.document_key, code=row.code, by=by, note=note)
            if row.return_pk is not None:
                session.add(
                    DecisionRow(
                        return_pk=row.return_pk,
                        code=row.code,
                        cause=row.cause,
                        receipt_id=row.receipt_id or "",
                        action="release" if release else "resolved",
                        by=by,
                        note=note,
                        amount=None if release else row.amount,
                        currency=None if release else row.currency,
                        side=None if release else row.side,
                    )
                )
            elif row.receipt_pk is not None:
                session.execute(update(ReceiptRow).where(ReceiptRow.pk == row.receipt_pk).values(next_look_at=None))
        _wake(session, {row.return_pk for row in rows if row.return_pk is not None})
        notes.write(session)
    return len(rows)


def check_release(codes: Iterable[str]) -> None:
    """Raise NotPossible for codes whose credit cannot be released."""
    if any(code not in _RELEASABLE for code in codes):
        raise NotPossible(
            say("Only not_received and refunded_rejected can be released: leave --release out for the others.")
        )


def choose_order(exception_ids: Sequence[int], ord_num: str, by: str, note: str | None) -> int:
    """Say which of several orders with the shop's id returns are of; the number of returns.

    Raises NotPossible when BlueCherry was not seen to have that order under the return's id.
    """
    with transaction() as session:
        rows = _of_code(session, exception_ids, Code.ORDER_AMBIGUOUS)
        fits = select(ReturnRow.pk).join(OrderRow, OrderRow.ref_num1 == ReturnRow.order_ref)
        fitting = set(
            session.scalars(fits.where(ReturnRow.pk.in_([row.return_pk for row in rows]), OrderRow.ord_num == ord_num))
        )
        if any(row.return_pk not in fitting for row in rows):
            raise NotPossible(say("Order %(order)s does not bear the shop's order id of this return.", order=ord_num))
        return _decide(session, rows, "order", by, note, ord_num)


def correct_quantity(exception_ids: Sequence[int], item_id: str, units: int, by: str, note: str | None) -> int:
    """Take an item of a return for fewer units than Reveni says, because more cannot come back; the number of returns.

    Raises NotPossible for an item that the return has not, or units that are none or not fewer.
    """
    with transaction() as session:
        rows = _of_code(session, exception_ids, Code.OVER_RETURN)
        data = select(ReturnRow.data).where(ReturnRow.pk.in_([row.return_pk for row in rows]))
        for items in [load(Return, each).items for each in session.scalars(data)]:
            told = next((item.quantity for item in items if item.item_id == item_id), 0)
            if not 1 <= units < told:
                raise NotPossible(
                    say(
                        "Of item %(item)s %(units)s come back: correct it to fewer, and to one at least.",
                        item=item_id,
                        units=told,
                    )
                )
        return _decide(session, rows, "quantity", by, note, f"{item_id}={units}")


def post_in_next_period(exception_ids: Sequence[int], by: str, note: str | None) -> int:
    """Let the memos of returns stand in the next open posting period; the number of returns."""
    with transaction() as session:
        return _decide(session, _of_code(session, exception_ids, Code.PERIOD_CLOSED), "next_period", by, note)


def _of_code(session: Session, exception_ids: Sequence[int], code: Code) -> Sequence[ExceptionRow]:
    rows = _open(session, exception_ids)
    if any(row.code != code or row.return_pk is None for row in rows):
        raise NotPossible(say("This mends %(code)s of a return, and nothing else.", code=code))
    return rows


def _decide(
    session: Session, rows: Sequence[ExceptionRow], action: str, by: str, note: str | None, value: str | None = None
) -> int:
    """Write a decision onto the returns of exceptions and set them going; what raised the exceptions is mended then."""
    notes = Notes()
    pks = {row.return_pk for row in rows if row.return_pk is not None}
    for row in rows:
        if row.return_pk is None:
            continue
        session.add(
            DecisionRow(
                return_pk=row.return_pk,
                code=row.code,
                cause=row.cause,
                receipt_id=row.receipt_id or "",
                action=action,
                value=value,
                by=by,
                note=note,
            )
        )
        notes.add(row.return_pk, f"decided: {action}", row.document_key, code=row.code, value=value, by=by, note=note)
    _wake(session, pks)
    _refused_are_due(session, pks)
    notes.write(session)
    return len(pks)


def map_sku(store: str, sku: str, target: str, by: str) -> int:
    """Let a SKU of the shop mean one of BlueCherry's from now on; the number of returns that it sets going.

    What it meant before stays in the history.

    Raises NotPossible when the SKU would mean itself, when the target is itself named as another, and when another
    is named as the SKU.
    """
    if sku == target:
        raise NotPossible(say("%(sku)s cannot mean itself.", sku=sku))
    with transaction() as session:
        further = session.get(SkuAlias, (store, target))
        if further is not None:
            raise NotPossible(
                say(
                    "%(target)s itself means %(other)s: map %(sku)s to that.",
                    target=target,
                    other=further.target,
                    sku=sku,
                )
            )
        meant = select(SkuAlias).where(SkuAlias.store == store, SkuAlias.target == sku).limit(1)
        nearer = session.scalars(meant).one_or_none()
        if nearer is not None:
            raise NotPossible(
                say(
                    "%(other)s means %(sku)s: map %(other)s to %(target)s first.",
                    other=nearer.sku,
                    sku=sku,
                    target=target,
                )
            )
        before = session.get(SkuAlias, (store, sku))
        was = before.target if before is not None else None
        values = {"store": store, "sku": sku, "target": target, "by": by}
        statement = insert(SkuAlias).values(values)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["store", "sku"],
                set_={"target": target, "by": by, "at": utc_now()},
            )
        )
        about = or_(
            ReturnRow.data.contains({"items": [{"sku": sku}]}),
            ReturnRow.data.contains({"items": [{"exchange": {"sku": sku}}]}),
        )
        is_held = exists().where(ExceptionRow.return_pk == ReturnRow.pk, ExceptionRow.closed_at.is_(None))
        held = select(ReturnRow.pk).where(ReturnRow.store == store, is_held, about)
        pks = set(session.scalars(held))
        lock_returns(session, pks)
        _wake(session, pks)
        notes = Notes()
        concerned: Sequence[int | None] = sorted(pks) or (None,)
        for pk in concerned:
            notes.add(pk, "sku mapped", store=store, sku=sku, target=target, was=was, by=by)
        notes.write(session)
    return len(pks)


def _open(session: Session, exception_ids: Sequence[int]) -> Sequence[ExceptionRow]:
    """The open exceptions of these, locked after their returns, as planning does it."""
    statement = select(ExceptionRow).where(among(ExceptionRow.id, exception_ids), ExceptionRow.closed_at.is_(None))
    lock_returns(session, {row.return_pk for row in session.scalars(statement) if row.return_pk is not None})
    return session.scalars(statement.order_by(ExceptionRow.id).with_for_update()).all()


def _again(session: Session, inbox_id: int) -> None:
    values = {"state": "new", "tries": 0, "taken_until": None, "error": None}
    session.execute(update(InboxEvent).where(InboxEvent.id == inbox_id).values(values))


def _refused_are_due(session: Session, pks: set[int]) -> None:
    """Refused documents are due again; what used up its tries gets new ones, a doubtful one with its look-up first."""
    fresh = {"tries": 0, "waits": 0, "tired": False, "retry_at": None, "error": None, "error_code": None}
    mine = among(LedgerRow.return_pk, pks)
    session.execute(update(LedgerRow).where(mine, LedgerRow.state == State.REFUSED).values(state=State.DUE, **fresh))
    session.execute(update(LedgerRow).where(mine, LedgerRow.tired.is_(True)).values(**fresh))


def _compare_again(session: Session, differing: Sequence[ExceptionRow]) -> None:
    """What BlueCherry has lost is looked up, and made again if it is not there; all is compared from the beginning.

    Not what may be there in a row of BlueCherry's list that cannot be read: that is compared once more, no more.
    """
    unread: dict[str, list[Unread]] = {}
    for row in differing:
        if row.cause.startswith(f"{Sort.MISSING}:"):
            mine = (LedgerRow.return_pk == row.return_pk, LedgerRow.key == row.document_key)
            lost = select(LedgerRow).where(*mine, LedgerRow.state == State.POSTED).with_for_update()
            for document in session.scalars(lost):
                if document.connection not in unread:
                    unread[document.connection] = standing_rows(session, document.connection)
                here = Kind(document.kind), document.key, document.number
                if not any(each.may_be_of(*here) for each in unread[document.connection]):
                    document.state, document.doubtful_since, document.posted_at = State.DOUBTFUL, utc_now(), None
    if differing:
        session.execute(delete(Mark).where(Mark.name.like("books round:%")))


def _wake(session: Session, pks: set[int]) -> None:
    session.execute(update(ReturnRow).where(among(ReturnRow.pk, pks)).values(wake_at=utc_now(), pending=True))
