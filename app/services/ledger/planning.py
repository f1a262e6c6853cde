"""Planning: bring the ledger and the exceptions of returns in line with what the rules say is due.

Runs inside a transaction that holds locks on the returns and their orders; calls nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.codec import dump, load
from app.db.entries import write_document
from app.db.tables.exceptions import ExceptionRow
from app.db.tables.ledger import LedgerRow
from app.db.tables.returns import ReceiptRow, ReturnRow
from app.domain.blockers import Blocker, Code
from app.domain.documents import Document, State
from app.domain.dossier import corrected
from app.domain.due import Due, documents_due
from app.domain.model import Return
from app.domain.policy import Kind, StoreRules
from app.domain.receiving import receipts_by_status
from app.domain.saying import pack
from app.domain.windows import next_window
from app.services.facts.dossiers import Slice, decided, load_slice
from app.services.facts.mappings import keep_mappings
from app.services.facts.order_search import not_asked
from app.services.history import Notes
from app.services.outside import Outside

SOON = timedelta(seconds=30)
"""A retry up to this far away is a message with a countdown; a later one is a due time in the database."""
GRACE = timedelta(seconds=2)
"""How long the sweep leaves a retry to the message that was sent for it."""
CLOSING_DELAY = timedelta(seconds=5)
"""How long a closing waits: the receipt that makes it needless may be on its way beside the event that asked for it."""
LOOK_AGAIN = timedelta(minutes=10)
"""How often, at the latest, the bridge looks by itself whether the cause of an exception is gone."""
CAUSE_GONE = "the cause is gone"
"""Who closed an exception that closed by itself."""
_SOONEST = timedelta(minutes=1)
"""How soon after an exception opened it looks for the first time: what is mended at once does not wait."""

MENDED_OUTSIDE = frozenset(
    {
        Code.UNKNOWN_SKU,
        Code.INACTIVE_SKU,
        Code.UNKNOWN_ORDER,
        Code.ORDER_AMBIGUOUS,
        Code.ORDER_NOT_INVOICED,
        Code.OVER_RETURN,
        Code.SKU_NOT_ON_ORDER,
        Code.ALREADY_CREDITED,
    }
)
"""Exceptions whose cause lies in BlueCherry and may be mended there without anyone telling the bridge."""


def plan(session: Session, pks: Iterable[int], outside: Outside) -> Slice:
    """Plan returns: new documents into the ledger as `due`, those no longer due `withdrawn`, blockers as exceptions."""
    work = load_slice(session, pks, outside)
    replan(session, work, outside)
    return work


def replan(session: Session, work: Slice, outside: Outside, freed: Collection[int] = ()) -> None:
    """Plan the returns of a slice that is loaded and locked already.

    One whose order nobody asked for yet stays as it is and pending: an order that was not looked for is not unknown.

    `freed`: those of them that let go of units on their orders just now.
    """
    notes = Notes()
    letting_go = set(freed)
    keep_mappings(session, {row.store for row in work.returns.values()}, outside)
    exceptions = _open_exceptions(session, work.returns)
    for pk, row in work.returns.items():
        if not_asked(row):
            continue
        rules = outside.store(row.store).rules
        _receive_by_status(session, work, row, rules)
        dossier = work.dossier(pk)
        due = documents_due(dossier, rules, outside.now())
        if _sync_ledger(session, work, row, rules, due, notes, outside.now()):
            letting_go.add(pk)
        standing = _sync_exceptions(session, work, row, exceptions.get(pk, []), due.blockers, notes, outside.now())
        _settle(work, row, due, standing, outside)
        work.note(pk)
    notes.write(session)
    session.flush()
    if letting_go:
        _wake_rivals(session, [work.returns[pk] for pk in letting_go], outside)


def _wake_rivals(session: Session, rows: Sequence[ReturnRow], outside: Outside) -> None:
    """Let returns look again that wait for units of an order which others let go of.

    One that is locked is left out: whoever holds it waits for the order, and will see what is free.
    """
    waiting = (
        select(ReturnRow)
        .join(ExceptionRow, ExceptionRow.return_pk == ReturnRow.pk)
        .where(
            ExceptionRow.closed_at.is_(None),
            ExceptionRow.code.in_((Code.OVER_RETURN, Code.ALREADY_CREDITED)),
            ReturnRow.ord_num.in_({row.ord_num for row in rows if row.ord_num}),
            ReturnRow.pk.not_in([row.pk for row in rows]),
        )
        .with_for_update(of=ReturnRow, skip_locked=True)
    )
    for rival in session.scalars(waiting):
        rival.pending, rival.wake_at = True, outside.now()


def kinds_to_make(work: Slice, outside: Outside) -> dict[int, set[Kind]]:
    """For each return that lacks something, the kinds of documents that a chain of steps could make now."""
    now = outside.now()
    found: dict[int, set[Kind]] = {}
    for pk, rows in work.ledger.items():
        reachable = {each.key for each in rows if each.state == State.POSTED}
        for each in rows:
            waits = each.tired or each.batch_id is not None or (each.retry_at is not None and each.retry_at > now)
            if each.state in (State.SENDING, State.DOUBTFUL) and not waits:
                found.setdefault(pk, set()).add(Kind(each.kind))
            elif each.state == State.DUE and each.post_at is None and not waits:
                reachable.add(each.key)
        for each in rows:
            if each.state == State.DUE and each.key in reachable and set(each.after) <= reachable:
                found.setdefault(pk, set()).add(Kind(each.kind))
    return found


def _receive_by_status(session: Session, work: Slice, row: ReturnRow, rules: StoreRules) -> None:
    """Without a warehouse feed the item's status is the receipt: remember it as one."""
    rows = work.receipts.setdefault(row.pk, [])
    known = {each.external_id for each in rows}
    ret = corrected(load(Return, row.data), decided(work.decisions.get(row.pk, [])))
    for receipt in receipts_by_status(ret, rules, known, len(rows)):
        received = ReceiptRow(
            site=receipt.site,
            external_id=receipt.id,
            store=row.store,
            return_pk=row.pk,
            n=receipt.n,
            kind=receipt.kind,
            data=dump(replace(receipt, n=0)),
            received_at=receipt.received_at,
        )
        session.add(received)
        rows.append(received)


def _sync_ledger(
    session: Session, work: Slice, row: ReturnRow, rules: StoreRules, due: Due, notes: Notes, now: datetime
) -> bool:
    """Bring the ledger in line; whether the return lets go of units that it held on its order."""
    lets_go = False
    rows = work.ledger.setdefault(row.pk, [])
    by_key = {each.key: each for each in rows}
    for document in due.documents:
        known = by_key.get(document.key)
        if known is None:
            known = _new_row(work, row, document)
            session.add(known)
            rows.append(known)
        elif not _to_rewrite(known, document):
            if known.state == State.DUE:
                # What nobody sent yet is made by the mapping that says so last.
                known.mapping_version = rules.version
            continue
        _make_due(known, document, rules, now)
        notes.add(row.pk, "due", document.key, units=document.units, order=document.ord_num)
    keys = {document.key for document in due.documents}
    for each in rows:
        if each.key not in keys and each.state in (State.DUE, State.REFUSED):
            each.state = State.WITHDRAWN
            notes.add(row.pk, "withdrawn", each.key)
            lets_go = lets_go or each.kind in (Kind.RETURN_AUTHORISATION, Kind.CREDIT_MEMO)
    return lets_go


def _to_rewrite(row: LedgerRow, document: Document) -> bool:
    """Whether a row that was never made must be written anew: it was withdrawn, or what is due differs now."""
    if row.state == State.WITHDRAWN:
        return True
    return row.state in (State.DUE, State.REFUSED) and row.document != dump(document)


def _new_row(work: Slice, row: ReturnRow, document: Document) -> LedgerRow:
    connection = work.outside.store(row.store).connection
    return LedgerRow(
        return_pk=row.pk,
        store=row.store,
        connection=connection,
        key=document.key,
        kind=document.kind.value,
        shadow=row.shadow,
        look_first=work.may_lack_documents(row),
        tries=0,
        waits=0,
        tired=False,
    )


def _make_due(row: LedgerRow, document: Document, rules: StoreRules, now: datetime) -> None:
    write_document(row, document)
    posting = rules.posting.get(Kind(row.kind))
    fresh = row.state != State.DUE
    if row.business_date is None or row.state == State.WITHDRAWN:
        row.business_date = now.astimezone(rules.time_zone).date().isoformat()
    row.state = State.DUE
    row.mapping_version = rules.version
    row.tries, row.waits, row.tired, row.error, row.error_code = 0, 0, False, None, None
    row.amounts, row.basis, row.total, row.currency, row.sent_at, row.batch_id = None, None, None, None, None, None
    if fresh:
        row.retry_at = now + CLOSING_DELAY if row.kind == Kind.RA_CLOSE else None
        row.post_at = next_window(posting, rules.time_zone, now) if posting else None


def _open_exceptions(session: Session, returns: dict[int, ReturnRow]) -> dict[int, list[ExceptionRow]]:
    statement = select(ExceptionRow).where(
        ExceptionRow.return_pk.in_(list(returns)),
        ExceptionRow.closed_at.is_(None),
        # What reconciliation or a restore found is for them to close: the rules of a return know nothing of it.
        ExceptionRow.code.not_in((Code.BOOKS_DIFFER, Code.RECEIPT_LOST)),
    )
    found: dict[int, list[ExceptionRow]] = {}
    for each in session.scalars(statement):
        found.setdefault(each.return_pk or 0, []).append(each)
    return found


def _sync_exceptions(
    session: Session,
    work: Slice,
    row: ReturnRow,
    known: list[ExceptionRow],
    blockers: tuple[Blocker, ...],
    notes: Notes,
    now: datetime,
) -> list[ExceptionRow]:
    """Bring the exceptions in line; those that are open now."""
    receipts = {each.external_id: each.pk for each in work.receipts.get(row.pk, [])}
    standing = {(each.code, each.cause, each.receipt_id or ""): each for each in known}
    open_now = []
    for blocker in blockers:
        each = standing.pop(blocker.identity, None)
        if each is None:
            each = ExceptionRow(
                code=blocker.code.value,
                cause=blocker.cause,
                team=blocker.team.value,
                store=row.store,
                return_pk=row.pk,
                return_id=row.id,
                receipt_id=blocker.receipt_id,
                receipt_pk=receipts.get(blocker.receipt_id or ""),
                opened_at=now,
            )
            session.add(each)
            notes.add(row.pk, "exception opened", blocker.document_key, code=blocker.code.value)
        each.units, each.document_key = blocker.units, blocker.document_key
        each.message, each.said = blocker.message, pack(blocker.message)
        # Money of zero is false, and yet it is known: None says that nobody knows.
        each.amount = blocker.amount.amount if blocker.amount is not None else None
        each.currency = blocker.amount.currency if blocker.amount is not None else None
        each.side = blocker.side
        open_now.append(each)
    for each in standing.values():
        each.closed_at, each.closed_by = now, CAUSE_GONE
        notes.add(row.pk, "exception closed", each.document_key, code=each.code)
    return open_now


def _settle(work: Slice, row: ReturnRow, due: Due, exceptions: Sequence[ExceptionRow], outside: Outside) -> None:
    """Write down where the return stands and when the sweep looks at it again."""
    now = outside.now()
    row.pending, row.fetch_tries = False, 0
    row.phase = outside.store(row.store).rules.phase_of(row.status).value
    row.state = due.outlook.value
    moments = [due.look_again] if due.look_again else []
    since = [each.opened_at for each in exceptions if each.code in MENDED_OUTSIDE]
    if since:
        moments.append(now + min(LOOK_AGAIN, max(_SOONEST, now - min(since))))
    lag = outside.bluecherry[outside.store(row.store).connection].profile.lookup_lag
    posted = {each.key for each in work.ledger[row.pk] if each.state == State.POSTED}
    for each in work.ledger[row.pk]:
        moment = _next_move(each, posted, outside, lag)
        if moment is not None:
            moments.append(moment)
    row.wake_at = min(moments, default=None)


def tried_again_at(row: LedgerRow, lag: timedelta) -> datetime | None:
    """When a document that was tried may be tried again; None when no time stands in its way, or no time helps it.

    What is doubtful waits until the look-up has caught up (`lag`).
    """
    if row.tired or row.batch_id is not None:
        return None
    if row.state == State.SENDING and row.lease_until is not None:
        return row.lease_until + lag
    if row.state == State.DOUBTFUL and row.doubtful_since is not None:
        caught_up = row.doubtful_since + lag
        return max(caught_up, row.retry_at or caught_up)
    return row.retry_at if row.state == State.DUE else None


def _next_move(row: LedgerRow, posted: set[str], outside: Outside, lag: timedelta) -> datetime | None:
    """When a document can be moved on, if it is the sweep that must do it: not before the chain had its chance."""
    now = outside.now()
    moment = tried_again_at(row, lag)
    if row.state == State.DOUBTFUL and moment is not None:
        return after_its_message(max(moment, now), now)
    if row.state != State.DUE or row.tired or row.batch_id is not None:
        return moment
    if row.post_at is not None or not set(row.after) <= posted:
        return None
    if moment is None or moment <= now:
        # Its time has come, and what holds it up all the same (an inbox that is behind) is not over at once.
        return now + outside.config.sweep.stalled_after
    return after_its_message(moment, now) if row.tries else moment


def after_its_message(moment: datetime, now: datetime) -> datetime:
    """What is tried again soon has a message of its own; the sweep comes only after it, should it be lost."""
    return moment + GRACE if moment - now <= SOON else moment
