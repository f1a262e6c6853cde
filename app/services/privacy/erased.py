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


def last_erasures(session: Session, emails: Collection[str]) -> dict[str, datetime]:
    """Of these e-mails, those of customers who were erased, and when last. None without BRIDGE_PERSONAL_KEY."""
    key = key_of_environment()
    if key is None or not emails:
        return {}
    subjects = {email: pseudonym(email, key) for email in emails}
    newest = select(Erasure.subject, func.max(Erasure.at)).where(Erasure.subject.in_(set(subjects.values())))
    found = dict(session.execute(newest.group_by(Erasure.subject)).tuples().all())
    return {email: found[subject] for email, subject in subjects.items() if subject in found}


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
