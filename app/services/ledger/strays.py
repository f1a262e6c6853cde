"""Strays: journals that BlueCherry has and a restored ledger does not know, for their receipts were lost with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.bluecherry.documents import KINDS, DocumentRow, PostedJournal
from app.calls import CallError
from app.db.among import among
from app.db.codec import dump
from app.db.engine import transaction
from app.db.tables.exceptions import ExceptionRow
from app.db.tables.ledger import LedgerRow
from app.db.tables.mirrors import StrayRow
from app.db.tables.returns import ReturnRow
from app.domain.blockers import REMEDIES, Code
from app.domain.policy import Kind
from app.domain.saying import pack, say
from app.services.outside import Outside
from app.services.restores import Restore

PATIENCE = timedelta(minutes=10)
"""How long a stray may wait for a receipt that is in the ledger, or is sent again, before logistics is told."""


def keep_strays(connection: str, rows: Sequence[DocumentRow], outside: Outside) -> None:
    """Remember the journals that the ledger does not know, with what they moved."""
    journals = {row.number: row for row in rows if KINDS[row.type] is Kind.INVENTORY_JOURNAL}
    with transaction() as session:
        known = select(LedgerRow.number).where(LedgerRow.connection == connection, among(LedgerRow.number, journals))
        unknown = journals.keys() - set(session.scalars(known))
    erp = outside.bluecherry[connection]
    keys = sorted({journals[number].aux_ref_num or "" for number in unknown})
    answers = outside.side_by_side(connection, keys, erp.journals_by_aux)
    values = []
    for answer in answers.values():
        if isinstance(answer, CallError):
            raise answer
        values += [
            _stray(connection, each, journals[each.journal_num]) for each in answer if each.journal_num in unknown
        ]
    if values:
        with transaction() as session:
            session.execute(insert(StrayRow).on_conflict_do_nothing(), values)


def _stray(connection: str, journal: PostedJournal, row: DocumentRow) -> dict[str, object]:
    return {
        "connection": connection,
        "number": journal.journal_num,
        "key": row.aux_ref_num,
        "return_id": journal.ref_num2 or row.ref_num2 or "",
        "ord_num": journal.ord_num,
        "units": sum(line.qty for line in journal.lines if line.qty > 0),
        "journal": dump(journal),
        "posted_at": row.posted_at,
    }


def tell_of_strays(outside: Outside) -> int:
    """Tell logistics of journals that nobody claimed for long: their receipts are lost. The number of those."""
    restore = outside.restores.last()
    if restore is None or not restore.read or outside.now() < restore.restored_at + PATIENCE:
        return 0
    with transaction() as session:
        untold = select(StrayRow).where(StrayRow.told_at.is_(None), ~is_claimed()).order_by(StrayRow.id)
        strays = session.scalars(untold.with_for_update(skip_locked=True)).all()
        for stray in strays:
            tell(session, stray, outside)
    return len(strays)


def is_claimed() -> ColumnElement[bool]:
    """The condition on a stray that a document of the ledger bears its number by now."""
    return exists().where(
        LedgerRow.connection == StrayRow.connection,
        LedgerRow.number == StrayRow.number,
        LedgerRow.kind == Kind.INVENTORY_JOURNAL,
    )


def tell(session: Session, stray: StrayRow, outside: Outside) -> None:
    """Put a journal whose receipt is lost in front of logistics, unless that was done."""
    restore = outside.restores.last()
    if stray.told_at is not None or restore is None:
        return
    stray.told_at = outside.now()
    stores = [name for name, store in outside.config.stores.items() if store.connection == stray.connection]
    about = select(ReturnRow).where(ReturnRow.id == stray.return_id, ReturnRow.store.in_(stores)).limit(1)
    home = session.scalars(about).one_or_none()
    message = say(
        "BlueCherry has inventory journal %(number)s (%(key)s, %(units)s units), and the receipt that it is of was "
        "lost with the restore.",
        number=stray.number,
        key=stray.key,
        units=stray.units,
    )
    values = {
        "code": Code.RECEIPT_LOST.value,
        "cause": cause_of(restore),
        "team": REMEDIES[Code.RECEIPT_LOST].team.value,
        "message": message,
        "said": pack(message),
        "units": stray.units,
        "document_key": stray.key,
        "return_id": stray.return_id,
        "receipt_id": stray.number,
        "return_pk": home.pk if home else None,
        "store": home.store if home else None,
    }
    session.execute(insert(ExceptionRow).values(values).on_conflict_do_nothing())


def cause_of(restore: Restore) -> str:
    """What groups all that was lost by one restore."""
    return f"restored to {restore.taken_at:%Y-%m-%dT%H:%MZ}"
