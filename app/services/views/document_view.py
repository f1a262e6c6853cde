"""Documents as people read them: one by one with all that led to it, or in a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.db.codec import load
from app.db.engine import transaction
from app.db.entries import entry_of
from app.db.tables.exceptions import ExceptionRow
from app.db.tables.history import History
from app.db.tables.ledger import LedgerRow, LedgerVersion
from app.db.tables.returns import ReturnRow
from app.domain.documents import Document, Entry, Line
from app.domain.memo_amounts import Basis, Credited, credited_so_far
from app.domain.model import MemoOnOrder, Receipt
from app.domain.money import Money
from app.domain.policy import Kind
from app.domain.receiving import receipt_name
from app.domain.stock import TRANSFER
from app.services.exceptions.exception_queue import ExceptionView, view_of
from app.services.page import LARGEST_PAGE, Page, page_of
from app.services.views.origins import DecisionView, EventView, Told, decisions_of, events_of, receipts_of, told

_UNDO = (Kind.RA_CANCEL, Kind.RA_CLOSE, Kind.ORDER_CANCEL)


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document as the ledger has it. `total` is None where the kind has no amounts.

    `business_date`: the day on which it became due; `document_date`: the one that it bears. `shadow`: it stands in the
    ledger alone, `posted` or not.
    """

    entry: Entry
    total: Money | None
    business_date: str | None
    document_date: str | None
    mapping_version: str
    post_at: datetime | None
    retry_at: datetime | None
    sent_at: datetime | None
    tries: int
    shadow: bool


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A document in a list. `cursor` is its place there."""

    cursor: int
    store: str
    return_id: str
    document: DocumentView


@dataclass(frozen=True, slots=True)
class TracedLine:
    """A line of a document with its amounts, and what was credited of its order line before; None where it has none."""

    line: Line
    net: Money | None
    disc: Money | None
    tax: Money | None
    before: Credited | None


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened to a document: a state that it came to, or a note about a call for it."""

    at: datetime
    what: str
    number: str | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class Trace:
    """A document and all that led to it.

    `told` is what Reveni had told when it was sent, `events` and `decisions` what had come until then, `receipts` those
    that brought goods of its lines. `memos_before`: the memos that stood on its order when its amounts were fixed.
    """

    store: str
    return_id: str
    return_state: str
    order_ref: str
    document: DocumentView
    lines: tuple[TracedLine, ...]
    memos_before: tuple[MemoOnOrder, ...]
    told: Told | None
    events: tuple[EventView, ...]
    receipts: tuple[Receipt, ...]
    decisions: tuple[DecisionView, ...]
    exceptions: tuple[ExceptionView, ...]
    steps: tuple[Step, ...]


class NoSuchDocument(LookupError):
    """The ledger has no document of this number or key: it was made by hand, or the bridge never made it."""


def document_of(row: LedgerRow) -> DocumentView:
    """A row of the ledger as people read it."""
    total = Money.rounded(row.total, row.currency) if row.total is not None and row.currency else None
    return DocumentView(
        entry=entry_of(row),
        total=total,
        business_date=row.business_date,
        document_date=row.document_date,
        mapping_version=row.mapping_version,
        post_at=row.post_at,
        retry_at=row.retry_at,
        sent_at=row.sent_at,
        tries=row.tries,
        shadow=row.shadow,
    )


def trace(number_or_key: str) -> list[Trace]:
    """The documents of a BlueCherry number or of a key of the bridge, with all that led to them.

    Several when two stores have returns of one id, or two connections documents of one number. Raises NoSuchDocument.
    """
    with transaction() as session:
        statement = select(LedgerRow).where(or_(LedgerRow.number == number_or_key, LedgerRow.key == number_or_key))
        rows = session.scalars(statement.order_by(LedgerRow.id)).all()
        # A cancellation bears the number of what it undoes; asked for by number, that is what is meant.
        made = [row for row in rows if row.key == number_or_key or row.kind not in _UNDO]
        if not made:
            raise NoSuchDocument(f"the ledger has no document {number_or_key}")
        return [_trace(session, row) for row in made]


def list_documents(
    *,
    store: str | None = None,
    kind: str | None = None,
    state: str | None = None,
    order: str | None = None,
    since: datetime | None = None,
    before: int | None = None,
    limit: int = LARGEST_PAGE,
) -> Page[DocumentLine]:
    """Documents, the newest first, those behind the cursor `before`. `since`: made due at or after this moment."""
    query = select(LedgerRow, ReturnRow.id).join(ReturnRow, ReturnRow.pk == LedgerRow.return_pk)
    for column, wanted in (
        (LedgerRow.store, store),
        (LedgerRow.kind, kind),
        (LedgerRow.state, state),
        (LedgerRow.ord_num, order),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    if since is not None:
        query = query.where(LedgerRow.created_at >= since)
    if before is not None:
        query = query.where(LedgerRow.id < before)
    with transaction() as session:
        found = session.execute(query.order_by(LedgerRow.id.desc()).limit(limit + 1)).all()
        lines = [DocumentLine(row.id, row.store, return_id, document_of(row)) for row, return_id in found]
    return page_of(lines, limit, lambda line: line.cursor, lambda line: line)


def _trace(session: Session, row: LedgerRow) -> Trace:
    home = session.get_one(ReturnRow, row.return_pk)
    until = row.sent_at or row.posted_at
    view = document_of(row)
    basis = load(Basis, row.basis) if row.basis else None
    exceptions = select(ExceptionRow).where(ExceptionRow.return_pk == row.return_pk).order_by(ExceptionRow.id)
    versions = [each for each in told(session, row.return_pk) if until is None or each.at <= until]
    return Trace(
        store=row.store,
        return_id=home.id,
        return_state=home.state,
        order_ref=home.order_ref,
        document=view,
        lines=_lines(view.entry, basis),
        memos_before=basis.memos if basis else (),
        told=versions[-1] if versions else None,
        events=tuple(e for e in events_of(session, row.return_pk) if until is None or e.received_at <= until),
        receipts=_receipts(session, row, view.entry.document),
        decisions=tuple(d for d in decisions_of(session, row.return_pk) if until is None or d.at <= until),
        exceptions=tuple(view_of(each) for each in session.scalars(exceptions)),
        steps=_steps(session, row),
    )


def _lines(entry: Entry, basis: Basis | None) -> tuple[TracedLine, ...]:
    """A memo has one amount per order line, in their order; an exchange order one per line of its own."""
    document, amounts = entry.document, entry.amounts
    if amounts is None:
        return tuple(TracedLine(line, None, None, None, None) for line in document.lines)
    before = credited_so_far(basis.memos if basis else (), amounts.total.currency)
    if document.kind is Kind.EXCHANGE_ORDER:
        pairs = zip(document.lines, amounts.lines, strict=True)
        return tuple(TracedLine(line, part.net, part.disc, part.tax, None) for line, part in pairs)
    parts = {part.seq: part for part in amounts.lines}
    traced = []
    for line in document.lines:
        # Several lines of the memo may be of one order line: the amounts stand on the first.
        part = parts.pop(line.ord_line_seq or 0, None)
        credited = before.get(line.ord_line_seq or 0)
        if part is None:
            traced.append(TracedLine(line, None, None, None, credited))
        else:
            traced.append(TracedLine(line, part.net, part.disc, part.tax, credited))
    return tuple(traced)


def _receipts(session: Session, row: LedgerRow, document: Document) -> tuple[Receipt, ...]:
    """The receipts behind a journal, or behind the journals that a memo follows; behind a transfer the regrades."""
    sources = {document.source}
    if document.kind is Kind.CREDIT_MEMO:
        statement = select(LedgerRow).where(LedgerRow.return_pk == row.return_pk, LedgerRow.key.in_(document.after))
        sources = {load(Document, each.document).source for each in session.scalars(statement)}
    return tuple(
        each
        for each in receipts_of(session, row.return_pk)
        if receipt_name(each) in sources or (each.kind == "regrade" and TRANSFER in sources)
    )


def _steps(session: Session, row: LedgerRow) -> tuple[Step, ...]:
    versions = session.scalars(
        select(LedgerVersion).where(LedgerVersion.ledger_id == row.id).order_by(LedgerVersion.id)
    ).all()
    notes = session.scalars(
        select(History).where(History.return_pk == row.return_pk, History.key == row.key).order_by(History.id)
    )
    steps = [Step(each.at, each.state, each.number, each.error) for each in _changes(versions)]
    known = {step.what for step in steps}
    for note in notes:
        if note.what not in known:
            detail = ", ".join(f"{name} {value}" for name, value in note.detail.items() if value is not None)
            steps.append(Step(note.at, note.what, None, detail or None))
    return tuple(sorted(steps, key=lambda step: step.at))


def _changes(versions: Sequence[LedgerVersion]) -> list[LedgerVersion]:
    """The versions in which the state or the number changed, or the document was written anew."""
    kept: list[LedgerVersion] = []
    for each in versions:
        if not kept or each.document is not None or (each.state, each.number) != (kept[-1].state, kept[-1].number):
            kept.append(each)
    return kept
