"""Recording: what became of calls, written into the ledger together, and the returns planned anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls import CallError, Doubtful, Refused, TryLater
from app.db.codec import dump
from app.db.tables.ledger import LedgerRow
from app.db.tables.mirrors import OrderRow
from app.domain.documents import State
from app.domain.model import RaOnOrder
from app.domain.policy import Kind
from app.services.facts.dossiers import Slice, load_slice, lock_returns
from app.services.facts.periods import forget_periods
from app.services.history import Notes
from app.services.ledger.adopting import adopt
from app.services.ledger.planning import kinds_to_make, replan, tried_again_at
from app.services.ledger.sending import LookedUp, Parcel
from app.services.outside import Outside
from app.services.retrying import backoff, counts, grown

PERIOD_CLOSED = "PERIOD_CLOSED"
"""BlueCherry's code for a memo whose date lies in no open period."""


class Answer(NamedTuple):
    """What became of the call for a parcel: what BlueCherry has, or an error; `was_lookup` when nothing was sent."""

    parcel: Parcel
    found: LookedUp | None
    error: CallError | None
    was_lookup: bool


class Recorded(NamedTuple):
    """What follows from answers: kinds that can be made next, and when returns whose call failed may be tried again."""

    kinds: set[Kind]
    again: dict[int, datetime]


def record(
    session: Session,
    answers: Sequence[Answer],
    ras: Mapping[tuple[str, str], Sequence[RaOnOrder]],
    outside: Outside,
) -> Recorded:
    """Write the answers down and plan their returns, in one commit."""
    ids = [answer.parcel.row_id for answer in answers]
    pks = {answer.parcel.return_pk for answer in answers}
    lock_returns(session, pks)
    for (connection, ord_num), found in ras.items():
        row = session.scalars(
            select(OrderRow).where(OrderRow.connection == connection, OrderRow.ord_num == ord_num).with_for_update()
        ).one_or_none()
        if row is not None:
            row.ras = [dump(ra) for ra in found]
    work = load_slice(session, pks, outside)
    rows = {row.id: row for each in work.ledger.values() for row in each if row.id in ids}
    notes = Notes()
    for answer in answers:
        row_of = rows.get(answer.parcel.row_id)
        if row_of is not None and _ours(row_of, answer.parcel):
            _record(session, work, row_of, answer, notes, outside)
    notes.write(session)
    session.flush()
    for pk in work.returns:
        work.note(pk)
    freed = {
        answer.parcel.return_pk
        for answer in answers
        if answer.error is None and answer.parcel.document.kind in (Kind.RA_CANCEL, Kind.RA_CLOSE)
    }
    replan(session, work, outside, freed & set(work.returns))
    kinds = {kind for kinds in kinds_to_make(work, outside).values() for kind in kinds}
    failed = [rows[each.parcel.row_id] for each in answers if each.error and each.parcel.row_id in rows]
    return Recorded(kinds, _again(failed, outside))


def _again(failed: Sequence[LedgerRow], outside: Outside) -> dict[int, datetime]:
    """For each return the latest of the moments in its rows: a message that comes before finds nothing to do."""
    again: dict[int, datetime] = {}
    for row in failed:
        moment = tried_again_at(row, outside.erp(row.store).profile.lookup_lag)
        if moment is not None:
            again[row.return_pk] = max(moment, again.get(row.return_pk, moment))
    return again


def _ours(row: LedgerRow, parcel: Parcel) -> bool:
    """Whether the lease is still this worker's: an answer that comes after another took over is not written."""
    return row.lease_until == parcel.lease_until and row.state in (State.SENDING, State.DOUBTFUL)


def _record(session: Session, work: Slice, row: LedgerRow, answer: Answer, notes: Notes, outside: Outside) -> None:
    row.lease_until = None
    match answer.error:
        case None if row.look_first and answer.was_lookup:
            found, key = answer.found, answer.parcel.document.key
            if found is not None and found.document is None:
                posted(row, found.number, notes, outside)
            elif adopt(session, work, row, found.document if found else None, key, outside):
                notes.add(row.return_pk, "found in BlueCherry", row.key, number=row.number)
            row.tired = row.state == State.DUE and row.tries >= outside.config.retry.tries
        case None if answer.found is None and answer.was_lookup:
            row.state, row.doubtful_since, row.retry_at, row.sent_at = State.DUE, None, None, None
            row.tired = row.tries >= outside.config.retry.tries
            notes.add(row.return_pk, "not found" if row.tired else "not found, to be sent again", row.key)
        case None:
            posted(row, answer.found.number if answer.found else None, notes, outside)
        case Refused() as error if not answer.was_lookup:
            said_no(session, row, error.code, error.message, notes, outside)
        case error:
            _failed(row, error, answer.was_lookup, notes, outside)


def posted(row: LedgerRow, number: str | None, notes: Notes, outside: Outside) -> None:
    """A document stands in BlueCherry under this number."""
    row.state, row.number, row.posted_at, row.look_first = State.POSTED, number, outside.now(), False
    row.error, row.error_code, row.retry_at, row.tired, row.doubtful_since = None, None, None, False, None
    row.waits = 0
    notes.add(row.return_pk, "posted", row.key, number=number)


def said_no(session: Session, row: LedgerRow, code: str, message: str, notes: Notes, outside: Outside) -> None:
    """BlueCherry refused a document. A memo whose period it closed meanwhile gets one new try, with periods asked anew.

    Only one, and only where the store's policy is the next open period: it may be that the two never agree.
    """
    if code != PERIOD_CLOSED or row.kind != Kind.CREDIT_MEMO:
        refused(row, code, message, notes)
        return
    forget_periods(session, row.connection)
    again = row.error_code == PERIOD_CLOSED
    if again or outside.store(row.store).rules.policy.closed_period == "exception":
        refused(row, code, message, notes)
        return
    row.state, row.sent_at, row.batch_id, row.retry_at = State.DUE, None, None, None
    row.error_code, row.error = code, message
    notes.add(row.return_pk, "to be tried again", row.key, why=f"{code}: {message}")


def refused(row: LedgerRow, code: str, message: str, notes: Notes) -> None:
    """BlueCherry said a certain no: nothing was made."""
    row.state, row.error_code, row.error, row.sent_at = State.REFUSED, code, message, None
    notes.add(row.return_pk, "refused", row.key, code=code, message=message)


def _failed(row: LedgerRow, error: CallError, was_lookup: bool, notes: Notes, outside: Outside) -> None:
    if not was_lookup:
        certain = not isinstance(error, Doubtful)
        row.state = State.DUE if certain else State.DOUBTFUL
        row.sent_at = None if certain else row.sent_at
        row.doubtful_since = None if certain else outside.now()
    put_off(row, error, notes, outside)
    if row.state == State.DOUBTFUL and not was_lookup:
        # Even the last try may have made it: a look-up, which sends nothing, says so before a person is asked.
        row.tired = False


def put_off(row: LedgerRow, error: CallError, notes: Notes, outside: Outside) -> None:
    """Try again later; once the tries are used up, no more until a person says so."""
    if isinstance(error, TryLater) and error.kind == "paused":
        # Nothing was asked of anybody: no try, no wait, and nothing to tell.
        row.retry_at = outside.now() + (error.retry_after or timedelta(0))
        return
    if counts(error):
        row.tries += 1
    else:
        row.waits += 1
    delay = backoff(row.tries + row.waits, error, outside)
    _wait(row, type(error).__name__, str(error), str(error), delay, notes, outside)


def put_off_code(row: LedgerRow, code: str, message: str, notes: Notes, outside: Outside) -> None:
    """Try a document of a batch again later, which was rejected for something that passes by itself."""
    row.tries += 1
    _wait(row, code, message, code, grown(row.tries, outside), notes, outside)


def _wait(row: LedgerRow, code: str, message: str, why: str, delay: float, notes: Notes, outside: Outside) -> None:
    row.tired = row.tries >= outside.config.retry.tries
    row.error_code, row.error = code, message
    row.retry_at = outside.now() + timedelta(seconds=delay)
    notes.add(row.return_pk, "tries used up" if row.tired else "to be tried again", row.key, why=why)
