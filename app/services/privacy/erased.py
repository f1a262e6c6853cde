"""What keeps a customer erased: nothing that comes later for a return of theirs brings personal data back.

A return that was erased is marked. One that the bridge hears of only afterwards is known by the keyed hash of its
e-mail, if it was made before the erasure; a later one is a new purchase.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.db.codec import dump
from app.db.tables.returns import Erasure, InboxEvent, ReceiptRow
from app.pseudonym import key_of_environment, pseudonym
from app.reveni.reduced import reduced_event, reduced_receipt
from app.services.facts.dossiers import receipt_of
from app.services.outside import Outside

_LOCK = 7_202_616
"""An erasure has it alone, and who stores returns that were not known shares it: else neither would see the other."""


def last_erasures(session: Session, emails: Collection[str]) -> dict[str, datetime]:
    """Of these e-mails, those of customers who were erased, and when last. None without BRIDGE_PERSONAL_KEY.

    No erasure ends between this answer and the end of the transaction.
    """
    if not emails:
        return {}
    session.execute(select(func.pg_advisory_xact_lock_shared(_LOCK)))
    key = key_of_environment()
    if key is None:
        return {}
    subjects = {email: pseudonym(email, key) for email in emails}
    newest = select(Erasure.subject, func.max(Erasure.at)).where(Erasure.subject.in_(set(subjects.values())))
    found = dict(session.execute(newest.group_by(Erasure.subject)).tuples().all())
    return {email: found[subject] for email, subject in subjects.items() if subject in found}


def wait_for_storing(session: Session) -> None:
    """Wait until the returns that are being stored are; those that come meanwhile wait for this transaction's end."""
    session.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def allow_erasing(session: Session) -> None:
    """Let this transaction change the free texts of rows that are otherwise kept as they were written."""
    session.execute(text("set local bridge.erasing = 'on'"))


def reduced_body(event: InboxEvent, outside: Outside) -> str:
    """An event's text with nothing personal in it; it can still be taken in."""
    if event.channel == "warehouse":
        return reduced_receipt(event.body)
    store = outside.config.stores.get(event.name)
    return reduced_event(event.body, store.reveni.profile.fields["event"] if store else None)


def without_notes(row: ReceiptRow) -> dict[str, Any]:
    """What a receipt says, but for what was written into its notes."""
    receipt = receipt_of(row)
    return dump(replace(receipt, n=0, lines=tuple(replace(line, note=None) for line in receipt.lines)))
