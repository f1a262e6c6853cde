"""Adopting: a document that BlueCherry had already when a restored ledger looked for it.

What BlueCherry has is what was made: the ledger takes over its number, lines, places and amounts, and the rules go on
from there. A journal is known by what it moved, for receipts that were lost may come again in another order.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.bluecherry.documents import JournalLine, PostedJournal
from app.db.codec import dump, load
from app.db.entries import write_document
from app.db.tables.exceptions import ExceptionRow
from app.db.tables.ledger import LedgerRow
from app.db.tables.mirrors import StrayRow
from app.db.tables.returns import ReceiptRow
from app.domain.blockers import Code
from app.domain.documents import AmountLine, Amounts, Document, Line, State, document_key, number_of, undo_key
from app.domain.model import MemoOnOrder, Order, RaOnOrder
from app.domain.policy import Kind, StoreRules
from app.domain.receiving import QUARANTINE
from app.domain.stock import TRANSFER
from app.services.facts.dossiers import Slice
from app.services.ledger.sending import Standing
from app.services.ledger.strays import is_claimed, tell
from app.services.outside import Outside

ENDINGS = {"X": Kind.RA_CANCEL, "C": Kind.RA_CLOSE}
"""How a return authorisation was ended, by its status."""
_APART = timedelta(minutes=10)
"""How far a warehouse's clock and BlueCherry's may be apart: goods are received before they are journalled."""
_LOOK_AGAIN = timedelta(minutes=1)


def adopt(session: Session, work: Slice, row: LedgerRow, found: Standing | None, key: str, outside: Outside) -> bool:
    """Take over what BlueCherry has for a document that was looked up under a key; whether it has it.

    Otherwise the document is due: to be sent, or to be looked up again where its key is another now. The return is
    locked and loaded in `work`; who calls plans it anew.
    """
    row.doubtful_since, row.retry_at = None, None
    if row.kind == Kind.INVENTORY_JOURNAL:
        return _adopt_journal(session, work, row, found if isinstance(found, PostedJournal) else None, key, outside)
    if found is None:
        _is_due(row, look_first=False)
        return False
    document = load(Document, row.document)
    match found:
        case RaOnOrder():
            write_document(row, document.with_lines(_ra_lines(document, found, work, row)))
            number, ending = found.ra_num, ENDINGS.get(found.status)
        case MemoOnOrder():
            write_document(row, document.with_lines(_memo_lines(document, found, work, row)))
            lines = tuple(AmountLine(x.ord_line_seq, x.net, x.disc, x.tax) for x in found.lines)
            _fix(row, Amounts(lines, found.freight, found.freight_tax, found.fee, found.total))
            number, ending = found.memo_num, None
        case Order():
            _fix(row, _amounts_of(found))
            number, ending = found.ord_num, Kind.ORDER_CANCEL if found.ord_status == "X" else None
        case PostedJournal():
            raise AssertionError(f"{row.key} is no journal")
    _is_posted(row, number, outside)
    if ending is not None:
        add_ending(session, work.ledger[row.return_pk], row, ending, outside)
    return True


def _is_due(row: LedgerRow, *, look_first: bool) -> None:
    row.state, row.sent_at, row.look_first = State.DUE, None, look_first
    row.amounts, row.basis, row.total, row.currency = None, None, None, None


def _is_posted(row: LedgerRow, number: str, outside: Outside) -> None:
    row.state, row.number, row.posted_at, row.look_first = State.POSTED, number, outside.now(), False
    row.sent_at = row.sent_at or row.posted_at
    row.error, row.error_code, row.tired, row.waits = None, None, False, 0
    row.post_at, row.batch_id = None, None


def _fix(row: LedgerRow, amounts: Amounts) -> None:
    row.amounts, row.basis = dump(amounts), None
    row.total, row.currency = amounts.total.amount, amounts.total.currency


def _amounts_of(order: Order) -> Amounts:
    lines = tuple(AmountLine(x.line_seq, x.net, x.disc, x.tax) for x in order.lines)
    total = order.freight + order.freight_tax
    for line in order.lines:
        total = total + line.net + line.tax
    nothing = total - total
    return Amounts(lines, order.freight, order.freight_tax, nothing, total)


def _ra_lines(document: Document, ra: RaOnOrder, work: Slice, row: LedgerRow) -> tuple[Line, ...]:
    """The lines of the authorisation as it stands; what they are of, from those that are due."""
    due = Counter({(line.ord_line_seq or 0, line.qty): 1 for line in document.lines})
    if Counter({(seq, qty): 1 for seq, qty, _ in ra.lines}) == due and len(ra.lines) == len(document.lines):
        return document.lines
    by_line = _by_order_line(document)
    lines = []
    for seq, (ord_line_seq, qty, _) in enumerate(ra.lines, start=1):
        like = by_line.get(ord_line_seq, deque())
        line = like[0] if len(like) == 1 else like.popleft() if like else _unlike(ord_line_seq, document, work, row)
        lines.append(replace(line, seq=seq, ord_line_seq=ord_line_seq, qty=qty))
    return tuple(lines)


def _memo_lines(document: Document, memo: MemoOnOrder, work: Slice, row: LedgerRow) -> tuple[Line, ...]:
    """The units that the memo credits, over the lines that are due; what is beyond those, over the first of them."""
    by_line = _by_order_line(document)
    lines: list[Line] = []
    for credited in memo.lines:
        left = credited.qty
        like = by_line.get(credited.ord_line_seq) or deque([_unlike(credited.ord_line_seq, document, work, row)])
        for line in like:
            units = min(left, line.qty) if line is not like[-1] else left
            if units > 0:
                lines.append(replace(line, seq=len(lines) + 1, qty=units))
            left -= units
    return tuple(lines)


def _by_order_line(document: Document) -> dict[int, deque[Line]]:
    found: dict[int, deque[Line]] = {}
    for line in document.lines:
        found.setdefault(line.ord_line_seq or 0, deque()).append(line)
    return found


def _unlike(ord_line_seq: int, document: Document, work: Slice, row: LedgerRow) -> Line:
    """A line that BlueCherry has and that is not due: what is known of it from the order and the authorisation."""
    file = work.orders.get((row.connection, document.ord_num))
    skus = {line.line_seq: line.sku for line in file.order.lines} if file else {}
    for each in work.ledger[row.return_pk]:
        if each.kind == Kind.RETURN_AUTHORISATION and each.state == State.POSTED:
            for line in load(Document, each.document).lines:
                if line.ord_line_seq == ord_line_seq:
                    return Line(0, line.sku, 0, ord_line_seq, line.seq, line.item_id)
    return Line(0, skus.get(ord_line_seq, ""), 0, ord_line_seq)


def add_ending(session: Session, rows: list[LedgerRow], row: LedgerRow, kind: Kind, outside: Outside) -> None:
    """Let the ledger know that a document was cancelled or closed since. `rows`: those of its return; it joins them."""
    key = undo_key(row.key, kind)
    undo = next((each for each in rows if each.key == key), None)
    if undo is None:
        undo = LedgerRow(
            return_pk=row.return_pk,
            store=row.store,
            connection=row.connection,
            key=key,
            kind=kind.value,
            mapping_version=row.mapping_version,
            tries=0,
            waits=0,
            tired=False,
            shadow=False,
        )
        write_document(undo, Document(key, kind, 1, row.ord_num, (), (row.key,), source=row.key))
        session.add(undo)
        rows.append(undo)
    _is_posted(undo, row.number or "", outside)


def _adopt_journal(
    session: Session, work: Slice, row: LedgerRow, found: PostedJournal | None, key: str, outside: Outside
) -> bool:
    home = work.returns[row.return_pk]
    document = load(Document, row.document)
    mine = select(StrayRow).where(
        StrayRow.connection == row.connection,
        StrayRow.return_id == home.id,
        StrayRow.ord_num == row.ord_num,
    )
    held = {each.number for each in work.ledger[row.return_pk] if each.number}
    claimable = mine.where(~is_claimed()).order_by(StrayRow.id)
    strays = [stray for stray in session.scalars(claimable) if stray.number not in held]
    alike = [stray for stray in strays if _moved(load(PostedJournal, stray.journal).lines) == _moved(document.lines)]
    received = _received_at(session, document, outside.store(row.store).rules)
    fitting = [
        load(PostedJournal, stray.journal)
        for stray in alike
        if received is None or received <= stray.posted_at + _APART
    ]
    if found is not None and found.journal_num not in held | {stray.number for stray in strays}:
        fitting += [found] if _moved(found.lines) == _moved(document.lines) else []
    fitting.sort(key=lambda each: (each.aux_ref_num != row.key, _number(each.aux_ref_num, home.id)))
    if fitting:
        _take_over(session, work, row, fitting[0], outside)
        return True
    if _wait_for_word(session, alike, outside):
        # The same goods once more, or the lost receipt with another time: a person, or the other receipt, will tell.
        _is_due(row, look_first=True)
        row.retry_at = outside.now() + _LOOK_AGAIN
        return False
    taken = {stray.key for stray in strays} | ({key} if found is not None else set())
    if row.key in taken:
        others = [each.n for each in work.ledger[row.return_pk] if each.kind == Kind.INVENTORY_JOURNAL]
        n = 1 + max([*others, *(_number(stray.key, home.id) for stray in strays)])
        _rename(row, document_key(Kind.INVENTORY_JOURNAL, home.id, n), n)
    _is_due(row, look_first=row.key != key)
    return False


def _received_at(session: Session, document: Document, rules: StoreRules) -> datetime | None:
    """When a journal's goods were received, by the warehouse's word; None where nobody says so."""
    site, _, name = (document.source or "").partition("/")
    if document.source == TRANSFER or not rules.warehouse_feed:
        return None
    statement = select(ReceiptRow.received_at).where(ReceiptRow.site == site, ReceiptRow.external_id == name)
    return session.scalars(statement).one_or_none()


def _number(key: str | None, return_id: str) -> int:
    return number_of(key, Kind.INVENTORY_JOURNAL, return_id) or 0


def _wait_for_word(session: Session, alike: Sequence[StrayRow], outside: Outside) -> bool:
    """Whether a journal must wait because one over the same goods has lost its receipt, and nobody ended that yet."""
    ended = select(ExceptionRow.receipt_id).where(
        ExceptionRow.code == Code.RECEIPT_LOST,
        ExceptionRow.receipt_id.in_([stray.number for stray in alike]),
        ExceptionRow.closed_at.is_not(None),
    )
    over = set(session.scalars(ended)) if alike else set()
    waiting = [stray for stray in alike if stray.number not in over]
    for stray in waiting:
        tell(session, stray, outside)
    return bool(waiting)


def _moved(lines: Iterable[Line | JournalLine]) -> Counter[tuple[object, ...]]:
    """What a journal moved: of goods that came, how many of what, wherever they lie; of a transfer, the places too."""
    moved: Counter[tuple[object, ...]] = Counter()
    for line in lines:
        where = (line.location, line.lot) if line.rec_type == "SA" else (line.ra_line_seq,)
        moved[line.rec_type, line.sku, *where] += line.qty
    return moved


def _take_over(session: Session, work: Slice, row: LedgerRow, journal: PostedJournal, outside: Outside) -> None:
    home = work.returns[row.return_pk]
    key = journal.aux_ref_num or row.key
    if key != row.key:
        other = next((each for each in work.ledger[row.return_pk] if each.key == key), None)
        old_key, old_n = row.key, row.n
        if other is not None:
            _rename(row, f"{key}/changing", row.n)
            session.flush()
            _rename(other, old_key, old_n)
            other.look_first = True
            session.flush()
        _rename(row, key, _number(key, home.id))
    document = load(Document, row.document)
    rules = outside.store(row.store).rules
    write_document(row, document.with_lines(_places(document.lines, journal.lines, rules)))
    _is_posted(row, journal.journal_num, outside)
    close = update(ExceptionRow).where(
        ExceptionRow.code == Code.RECEIPT_LOST,
        ExceptionRow.receipt_id == journal.journal_num,
        ExceptionRow.return_id == home.id,
        ExceptionRow.closed_at.is_(None),
    )
    session.execute(close.values(closed_at=outside.now(), closed_by="its receipt is known again"))


def _rename(row: LedgerRow, key: str, n: int) -> None:
    row.key = key
    write_document(row, replace(load(Document, row.document), key=key, n=n))


def _places(due: Sequence[Line], there: Sequence[JournalLine], rules: StoreRules) -> tuple[Line, ...]:
    """The journal's own lines, each with what is known of the goods, and what lying in its place means."""
    lines: list[Line] = []
    for moved in there:
        like = [line for line in due if (line.sku, line.rec_type) == (moved.sku, moved.rec_type)]
        at_home = [line for line in like if (line.location, line.lot) == (moved.location, moved.lot)]
        same_line = [line for line in at_home or like if moved.ra_line_seq in (None, line.ra_line_seq)]
        line = (same_line or at_home or like)[0]
        how = line.disposition if line in at_home else _meaning(line, moved, rules)
        lines.append(
            replace(line, seq=len(lines) + 1, qty=moved.qty, location=moved.location, lot=moved.lot, disposition=how)
        )
    return tuple(lines)


def _meaning(line: Line, moved: JournalLine, rules: StoreRules) -> str:
    site = rules.sites[line.site or ""]
    for grade in rules.grades:
        place = rules.place(site, grade)
        if place is not None and (place.location, place.lot) == (moved.location, moved.lot):
            return grade
    return QUARANTINE
