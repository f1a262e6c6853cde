"""Posting once: claim documents with a lease, make the calls outside any transaction, record the answers together.

`sending` is committed with its lease before the call. What is doubtful, or whose lease ran out, is looked up by its
key, later than the look-up may lag, before anything is sent again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.calls import CallError, Doubtful, Refused, TooLate
from app.connections import sent_while
from app.db.engine import transaction
from app.domain.documents import State
from app.domain.model import RaOnOrder
from app.domain.policy import Kind
from app.services.facts.dossiers import lock_returns
from app.services.facts.orders import OrderKey, refresh_orders, save_orders
from app.services.facts.periods import old_mirrors, refresh_periods
from app.services.ledger.claiming import Claim, candidates, claim, claim_memos
from app.services.ledger.recording import Answer, Recorded, record
from app.services.ledger.sending import LookedUp, Parcel, addressed, look_up, send
from app.services.outside import Outside
from app.services.retrying import LeaseRanOut, NotSent
from app.wire import Unreadable

_ROUNDS = 5
"""How often one step goes round: an authorisation after a cancellation, a second memo of one order."""


@dataclass(slots=True)
class Outcome:
    """What became of a step: the returns that went through, and the seconds after which the others may be tried.

    `due`: after planning, the kinds of documents that each return lacks and that a step could make now.
    """

    passed: list[int]
    again: dict[int, float] = field(default_factory=dict)
    due: dict[int, set[Kind]] = field(default_factory=dict)


def post(kinds: Collection[Kind], pks: Iterable[int], outside: Outside) -> Outcome:
    """Make every document of these kinds that the returns lack now and that waits for no window.

    Each round claims, calls side by side, and records in one commit; it ends when nothing more can be claimed. One
    return that fails leaves the slice; it does not take the others with it.
    """
    wanted = sorted(set(pks))
    failed: set[int] = set()
    again: dict[int, datetime] = {}
    for _ in range(_ROUNDS if wanted else 0):
        claimed = _claim_fresh_memos(wanted, outside) if Kind.CREDIT_MEMO in kinds else _claim(kinds, wanted, outside)
        answers = _call(claimed, outside)
        recorded = _record(answers, outside)
        for answer in answers:
            pk = answer.parcel.return_pk
            if answer.error is None:
                failed.discard(pk)
                again.pop(pk, None)
            else:
                failed.add(pk)
        again |= claimed.again | recorded.again
        order_is_free = claimed.again and any(answer.error is None for answer in answers)
        if not order_is_free and not recorded.kinds & set(kinds):
            break
    now = outside.now()
    delays = {pk: (moment - now).total_seconds() for pk, moment in again.items()}
    return Outcome([pk for pk in wanted if pk not in failed and pk not in again], delays)


def _record(answers: Sequence[Answer], outside: Outside) -> Recorded:
    if not answers:
        return Recorded(set(), {})
    ras = _authorisations_of([answer.parcel for answer in answers if _no_units_free(answer)], outside)
    with transaction() as session:
        return record(session, answers, ras, outside)


def _claim(kinds: Collection[Kind], pks: Sequence[int], outside: Outside) -> Claim:
    away = outside.away()
    with transaction() as session:
        return claim(session, kinds, pks, away, outside)


def _claim_fresh_memos(pks: Sequence[int], outside: Outside) -> Claim:
    """Fetch the orders of memos that can be moved on, and the memos that stand on them, then claim by what came."""
    away = outside.away()
    with transaction() as session:
        rows = candidates(session, [Kind.CREDIT_MEMO], pks, away, outside)
        orders = {(row.connection, row.ord_num) for row in rows if row.state == State.DUE}
        ready = sorted({row.return_pk for row in rows})
        old = old_mirrors(session, {row.store for row in rows if row.state == State.DUE}, outside)
    if not ready:
        return Claim()
    refresh_periods(old, outside)
    fetched, failures = refresh_orders(orders, outside)
    with transaction() as session:
        lock_returns(session, ready)
        save_orders(session, fetched)
        return claim_memos(session, ready, failures, away, outside)


def _call(claimed: Claim, outside: Outside) -> list[Answer]:
    jobs = [(parcel, False) for parcel in claimed.to_send] + [(parcel, True) for parcel in claimed.to_find]
    by_connection: dict[str, list[int]] = {}
    for index, (parcel, _) in enumerate(jobs):
        by_connection.setdefault(outside.store(parcel.store).connection, []).append(index)

    def attempt(index: int) -> LookedUp | None:
        parcel, finding = jobs[index]
        return _attempt(parcel, finding, outside)

    answers = []
    for connection, indexes in by_connection.items():
        for index, answer in outside.side_by_side(connection, indexes, attempt).items():
            parcel, finding = jobs[index]
            if isinstance(answer, CallError):
                answers.append(Answer(parcel, None, answer, finding))
            else:
                answers.append(Answer(parcel, answer, None, finding))
    return answers


def _attempt(parcel: Parcel, finding: bool, outside: Outside) -> LookedUp | None:
    timeout = outside.config.connection_of(parcel.store).timeout
    try:
        if finding:
            return look_up(parcel, outside)
        ready = addressed_or_not_sent(parcel, outside)
        # A worker that was frozen since its claim must not send any more: another may have looked and sent.
        with sent_while(lambda: outside.now() + timeout <= parcel.lease_until):
            return LookedUp(send(ready, outside))
    except TooLate:
        raise LeaseRanOut(f"{parcel.document.kind} {parcel.document.key}") from None
    except Unreadable as error:
        raise Doubtful(f"{parcel.document.kind} {parcel.document.key}", str(error)) from None


def addressed_or_not_sent(parcel: Parcel, outside: Outside) -> Parcel:
    """The parcel with its address. Raises NotSent when that cannot be had: whatever came, no document was sent."""
    try:
        return addressed(parcel, outside)
    except Doubtful as error:
        raise NotSent(error.call, error.reason) from error


def _no_units_free(answer: Answer) -> bool:
    refused = isinstance(answer.error, Refused) and answer.error.code == "QTY_EXCEEDS_SHIPPED"
    return refused and answer.parcel.document.kind is Kind.RETURN_AUTHORISATION


def _authorisations_of(parcels: Sequence[Parcel], outside: Outside) -> dict[OrderKey, list[RaOnOrder]]:
    """The authorisations on orders that refused one more: those made by hand are not in the ledger."""
    found: dict[OrderKey, list[RaOnOrder]] = {}
    wanted = {(outside.store(parcel.store).connection, parcel.document.ord_num) for parcel in parcels}
    for key in sorted(wanted):
        try:
            found[key] = outside.bluecherry[key[0]].ras_by_order(key[1])
        except CallError:
            continue  # the refusal stands as it is; the next look at the return asks again
    return found
