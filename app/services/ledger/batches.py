"""Batches: followed until they are done, then each document gets its result."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.bluecherry.documents import Batch, BatchResult
from app.calls import CallError
from app.db.engine import transaction
from app.db.tables.ledger import BatchRow, LedgerRow
from app.domain.documents import State
from app.services.facts.dossiers import lock_returns
from app.services.history import Notes
from app.services.ledger.planning import plan
from app.services.ledger.recording import posted, put_off_code, said_no
from app.services.outside import Outside

BATCH_LOST = "BATCH_LOST"
"""Code of a document whose batch nobody handed in: its worker died with it."""

LOOK = timedelta(seconds=1)
"""How often a batch that runs is looked at."""
_AGAIN = timedelta(seconds=5)
"""How soon a batch is looked at again after an answer that told nothing."""
_PASSING = frozenset({"LOCKED", "THROTTLED", "PROCESSING"})
"""Codes of a rejected document that pass by themselves."""


def batch_lease(outside: Outside) -> timedelta:
    """How long the call that hands a batch in may take."""
    return outside.config.retry.lease * 2


def follow_batches(outside: Outside) -> list[int]:
    """Look at every batch that is under way and whose BlueCherry is there; the returns of those that were done."""
    known = outside.bluecherry.keys() - outside.away().connections
    now = outside.now()
    with transaction() as session:
        statement = (
            select(BatchRow)
            .where(
                BatchRow.state.in_(("sending", "queued", "doubtful")),
                or_(BatchRow.look_at.is_(None), BatchRow.look_at <= now),
            )
            .order_by(BatchRow.id)
            .with_for_update(skip_locked=True)
        )
        batches = [row for row in session.scalars(statement) if row.connection in known]
        ready = [row for row in batches if _ready(row, outside)]
    return sorted({pk for row in ready for pk in _follow(row, outside)})


def _ready(row: BatchRow, outside: Outside) -> bool:
    """Whether a batch can be looked at now; a doubtful one only once the look-up has caught up."""
    now = outside.now()
    if row.state == "sending":
        row.state, row.doubtful_since = "doubtful", row.lease_until or now
    caught_up = (row.doubtful_since or now) + outside.bluecherry[row.connection].profile.lookup_lag
    if row.state == "doubtful" and caught_up > now:
        row.look_at = caught_up
        return False
    row.look_at = now + outside.config.connections[row.connection].timeout + _AGAIN
    return True


def _follow(row: BatchRow, outside: Outside) -> set[int]:
    erp = outside.bluecherry[row.connection]
    try:
        if row.batch_num is not None and row.state == "queued":
            batch = erp.batch(row.batch_num)
            if batch is None:
                return _doubt(row, outside)
            found = [batch]
        else:
            found = erp.batches_by_ref(row.batch_ref)
    except CallError:
        _look_later(row, outside)
        return set()
    if not all(batch.done for batch in found):
        _look_later(row, outside, found)
        return set()
    return _finish(row, found, outside)


def _doubt(row: BatchRow, outside: Outside) -> set[int]:
    """A batch that was taken and is not found: the look-up lags, or it is lost; its ref will tell."""
    now = outside.now()
    with transaction() as session:
        batch = session.get_one(BatchRow, row.id, with_for_update=True)
        if batch.state == "queued":
            batch.state, batch.doubtful_since = "doubtful", now
            batch.look_at = now + outside.bluecherry[row.connection].profile.lookup_lag
    return set()


def _look_later(row: BatchRow, outside: Outside, found: Sequence[Batch] = ()) -> None:
    with transaction() as session:
        batch = session.get_one(BatchRow, row.id, with_for_update=True)
        batch.look_at = outside.now() + (LOOK if found else _AGAIN)
        if found:
            batch.batch_num = found[0].batch_num


def _finish(row: BatchRow, found: Sequence[Batch], outside: Outside) -> set[int]:
    """Write the results down; the returns concerned. A document that no batch of the ref has is due again."""
    results: dict[str, BatchResult] = {}
    for batch in found:
        for result in batch.results:
            if result.aux_ref_num and (result.posted or result.aux_ref_num not in results):
                results[result.aux_ref_num] = result
    with transaction() as session:
        batch_row = session.get_one(BatchRow, row.id, with_for_update=True)
        if batch_row.state == "done":
            return set()
        batch_row.state, batch_row.done_at, batch_row.look_at = "done", outside.now(), None
        if found:
            batch_row.batch_num = found[0].batch_num
        unmade = "NOT_IN_BATCH" if found or batch_row.error else BATCH_LOST
        pks = _record(session, row.id, results, unmade, _is_unclear(found), outside)
        plan(session, pks, outside)
    return pks


def _is_unclear(found: Sequence[Batch]) -> bool:
    """Whether a result does not say what became of which document: then only what is posted by a number is certain."""
    results = [result for batch in found for result in batch.results]
    return any(batch.unread for batch in found) or not all(result.aux_ref_num for result in results)


def _record(
    session: Session,
    batch_id: int,
    results: dict[str, BatchResult],
    unmade: str,
    unclear: bool,
    outside: Outside,
) -> set[int]:
    notes = Notes()
    documents = documents_of(session, batch_id)
    for document in documents:
        document.lease_until = None
        result = results.get(document.key)
        if result is not None and result.posted and result.number is not None:
            posted(document, result.number, notes, outside)
        elif unclear or (result is not None and result.posted):
            _look_up(document, notes, outside)
        elif result is not None and (result.error_code or "") not in _PASSING:
            document.batch_id = None
            said_no(session, document, result.error_code or "REJECTED", result.error or "", notes, outside)
        else:
            document.state, document.batch_id, document.sent_at = State.DUE, None, None
            code = result.error_code if result is not None else unmade
            why = result.error if result is not None else "its batch was not made, or was done without it"
            put_off_code(document, code or "", why or "", notes, outside)
    notes.write(session)
    return {document.return_pk for document in documents}


def _look_up(document: LedgerRow, notes: Notes, outside: Outside) -> None:
    """What the batch does not say of a document, its key does: it is looked up, alone, before it is sent again."""
    document.batch_id = None
    why = "what became of it in its batch cannot be read"
    put_off_code(document, "UNREADABLE_RESULT", why, notes, outside)
    document.state, document.doubtful_since, document.tired = State.DOUBTFUL, outside.now(), False


def documents_of(session: Session, batch_id: int) -> Sequence[LedgerRow]:
    """The documents of a batch, locked after their returns, as planning does it."""
    mine = LedgerRow.batch_id == batch_id
    lock_returns(session, session.scalars(select(LedgerRow.return_pk).where(mine)))
    return session.scalars(select(LedgerRow).where(mine).order_by(LedgerRow.id).with_for_update()).all()
