"""Erasing a customer: what is personal goes; documents, units and amounts stay (docs/adr/0023).

What keeps it so is in `app.services.privacy.erased`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Text, and_, cast, false, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.db.codec import load
from app.db.engine import transaction
from app.db.tables.desk import ApprovalRow, BulkJobRow, CommentRow
from app.db.tables.exceptions import AlertMessage, AlertRow, DecisionRow, ExceptionRow
from app.db.tables.figures import SignOffRow
from app.db.tables.history import History
from app.db.tables.ledger import BatchRow, LedgerRow, LedgerVersion
from app.db.tables.mapping import MappingEditRow
from app.db.tables.returns import Erasure, InboxEvent, ReceiptRow, ReturnRow
from app.domain.model import Personal
from app.pseudonym import pseudonym
from app.secret import Secret
from app.services.facts.dossiers import lock_returns
from app.services.history import Notes
from app.services.outside import Outside
from app.services.privacy.erased import allow_erasing, reduced_body, wait_for_storing, without_notes

ERASED = "[erased]"
_TEXTS_OF_HISTORY = ("note", "why", "message", "reason", "value")
_SHORTEST_NAME, _SHORTEST_PART = 3, 5


class NoSuchCustomer(LookupError):
    """No return of this id is known, or several stores have one."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased: returns, raw events, receipts whose notes are gone, other texts that named the customer."""

    returns: int
    events: int
    receipts: int
    texts: int


def erase_customer(customer: str, by: str, key: Secret, outside: Outside) -> Erased:
    """Erase all that is known of a customer, in one transaction.

    `customer`: an e-mail; or a return's id, or ``STORE/ID``, whose customer is meant with all returns of the same
    e-mail. An e-mail of which nothing is known is remembered as erased all the same. Raises NoSuchCustomer.
    """
    with transaction() as session:
        wait_for_storing(session)
        emails, pks = _meant(session, customer)
        lock_returns(session, pks)
        allow_erasing(session)
        rows = session.scalars(select(ReturnRow).where(ReturnRow.pk.in_(pks)).order_by(ReturnRow.pk)).all()
        private = _Private(emails, [load(Personal, row.personal or {}) for row in rows])
        now = outside.now()
        notes = Notes()
        for row in rows:
            row.personal, row.email_hash, row.erased_at = {}, None, now
            notes.add(row.pk, "personal data erased", by=by)
        receipts = _erase_notes(session, pks, private)
        events = _reduce_events(session, rows, receipts, private, outside)
        texts = _erase_texts(session, pks, receipts, events, private)
        done = Erased(len(rows), len(events), len(receipts), texts)
        subjects: list[bytes | None] = [*sorted(pseudonym(email, key) for email in emails)] or [None]
        for subject in subjects:
            session.add(Erasure(subject=subject, by=by, at=now, returns=done.returns, events=done.events))
        notes.write(session)
    return done


class _Private:
    """What would tell who the customer is, wherever it stands in a text."""

    def __init__(self, emails: Iterable[str], known: Sequence[Personal]) -> None:
        self.emails = sorted({email.strip().lower() for email in emails})
        self.names = sorted({each.name.strip() for each in known if each.name and each.name.strip()})
        found = {*self.emails, *self.names}
        for each in known:
            found.update(part for part in (each.name or "").split() if len(part) >= _SHORTEST_NAME)
            # A town or a country alone tells nobody, and is the name of a site too.
            found.update(part for part in _leaves(each.ship_to) if len(part) >= _SHORTEST_PART and not part.isalpha())
        longest_first = sorted(found, key=len, reverse=True)
        pattern = "|".join(re.escape(part) for part in longest_first)
        self._pattern = re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE) if found else None

    def named_in(self, column: Any) -> ColumnElement[bool]:
        """The condition that a text or JSON holds the e-mail or the whole name."""
        said = cast(column, Text)
        return or_(false(), *(said.icontains(each, autoescape=True) for each in (*self.emails, *self.names)))

    def out_of(self, value: Any) -> Any:
        """A text, or JSON, with each of them replaced."""
        if isinstance(value, Mapping):
            return {name: self.out_of(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.out_of(each) for each in value]
        return self._pattern.sub(ERASED, value) if self._pattern is not None and isinstance(value, str) else value


def _leaves(value: object) -> Iterable[str]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each)
    elif isinstance(value, str | int):
        yield str(value).strip()


def _email(column: Any) -> Any:
    return func.lower(func.trim(column["email"].astext))


def _meant(session: Session, customer: str) -> tuple[set[str], list[int]]:
    if "@" in customer:
        emails, own = {customer.strip().lower()}, list[int]()
    else:
        store, _, return_id = customer.rpartition("/")
        wanted = select(ReturnRow).where(ReturnRow.id == return_id, *([ReturnRow.store == store] if store else []))
        found = session.scalars(wanted).all()
        if not found:
            raise NoSuchCustomer(f"no return {customer} is known")
        if len(found) > 1:
            names = " or ".join(f"{row.store}/{row.id}" for row in found)
            raise NoSuchCustomer(f"several stores have a return {customer}: name {names}")
        own = [row.pk for row in found]
        known = [load(Personal, row.personal or {}).email for row in found]
        emails = {email.strip().lower() for email in known if email}
    same = session.scalars(select(ReturnRow.pk).where(_email(ReturnRow.personal).in_(emails))).all() if emails else []
    return emails, sorted({*own, *same})


def _erase_notes(session: Session, pks: Sequence[int], private: _Private) -> list[ReceiptRow]:
    """Take the notes out of the receipts of these returns, and of those without a return that name the customer."""
    lost = and_(ReceiptRow.return_pk.is_(None), private.named_in(ReceiptRow.data))
    wanted = select(ReceiptRow).where(or_(ReceiptRow.return_pk.in_(pks), lost)).order_by(ReceiptRow.pk)
    rows = list(session.scalars(wanted.with_for_update()))
    for row in rows:
        row.data = without_notes(row)
    return rows


def _reduce_events(
    session: Session, rows: Sequence[ReturnRow], receipts: Sequence[ReceiptRow], private: _Private, outside: Outside
) -> list[int]:
    """Reduce every raw event about these returns or receipts, and every other that names the customer; their ids."""
    event = InboxEvent
    about = [
        event.return_pk.in_([row.pk for row in rows]),
        tuple_(event.channel, event.name, event.external_id).in_(
            [("warehouse", row.site, row.external_id) for row in receipts]
        ),
        # What was not taken in yet is about no return; what it says of itself is all there is.
        *(and_(event.return_pk.is_(None), event.body.contains(row.id, autoescape=True)) for row in rows),
        private.named_in(event.body),
    ]
    found = session.scalars(select(event).where(or_(*about)).order_by(event.id).with_for_update()).all()
    for each in found:
        each.body = reduced_body(each, outside)
    return [each.id for each in found]


def _erase_texts(
    session: Session, pks: Sequence[int], receipts: Sequence[ReceiptRow], events: Sequence[int], private: _Private
) -> int:
    """Replace what is private in the texts around these returns; the number of texts that held any of it."""
    documents = LedgerRow.return_pk.in_(pks)
    of_exceptions = or_(
        ExceptionRow.return_pk.in_(pks),
        ExceptionRow.receipt_pk.in_([row.pk for row in receipts]),
        ExceptionRow.inbox_id.in_(events),
    )
    exceptions = session.scalars(select(ExceptionRow.id).where(of_exceptions)).all()
    around: dict[InstrumentedAttribute[Any], ColumnElement[bool]] = {
        ExceptionRow.message: of_exceptions,
        ExceptionRow.said: of_exceptions,
        DecisionRow.note: DecisionRow.return_pk.in_(pks),
        History.detail: or_(
            History.return_pk.in_(pks), and_(History.return_pk.is_(None), private.named_in(History.detail))
        ),
        CommentRow.text: CommentRow.exception_id.in_(exceptions),
        ApprovalRow.reason: or_(
            ApprovalRow.exception_ids.overlap(cast(exceptions, ARRAY(BigInteger))),
            and_(ApprovalRow.edit.is_not(None), private.named_in(ApprovalRow.reason)),
        ),
        ApprovalRow.arguments: ApprovalRow.exception_ids.overlap(cast(exceptions, ARRAY(BigInteger))),
        BulkJobRow.arguments: BulkJobRow.exception_ids.overlap(cast(exceptions, ARRAY(BigInteger))),
        LedgerRow.error: documents,
        LedgerVersion.error: LedgerVersion.ledger_id.in_(select(LedgerRow.id).where(documents)),
        BatchRow.error: BatchRow.id.in_(select(LedgerRow.batch_id).where(documents)),
        InboxEvent.error: InboxEvent.id.in_(events),
        # Of no return; what they say is all there is to go by.
        SignOffRow.note: private.named_in(SignOffRow.note),
        MappingEditRow.note: private.named_in(MappingEditRow.note),
    }
    about = select(ExceptionRow.code, ExceptionRow.cause).where(around[ExceptionRow.message])
    alerts = session.scalars(select(AlertRow.id).where(tuple_(AlertRow.code, AlertRow.cause).in_(about))).all()
    around[AlertMessage.content] = AlertMessage.alert_ids.overlap(cast(alerts, ARRAY(BigInteger)))
    count = 0
    for column, condition in around.items():
        for row in session.scalars(select(column.class_).where(condition)):
            before = getattr(row, column.key)
            after = _texts_out_of(before, private) if column is History.detail else private.out_of(before)
            if after != before:
                setattr(row, column.key, after)
                count += 1
    return count


def _texts_out_of(detail: Mapping[str, Any], private: _Private) -> dict[str, Any]:
    return {name: private.out_of(value) if name in _TEXTS_OF_HISTORY else value for name, value in detail.items()}
