"""Sessions of the console: who sits in front of a browser, until when. The browser's token is stored as a digest."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update

from app.db.engine import transaction
from app.db.tables.people import PersonRow, SessionRow
from app.services.access.people import Person, person_of

IDLE = timedelta(hours=2)
"""Without a request for so long, a session ends."""
LONGEST = timedelta(hours=12)
"""However busy, a session ends after a working day."""
_NOTED_EVERY = timedelta(minutes=1)


def open_session(person: Person, now: datetime) -> str:
    """Begin a session; its token, for the browser alone. Sessions that are over go."""
    token = secrets.token_urlsafe(32)
    with transaction() as session:
        over = or_(SessionRow.seen_at < now - IDLE, SessionRow.created_at < now - LONGEST)
        session.execute(delete(SessionRow).where(over))
        session.add(SessionRow(digest=_digest(token), person_id=person.id, created_at=now, seen_at=now))
    return token


def person_in_session(token: str, now: datetime) -> Person | None:
    """Who a token belongs to; None when its session is over, or the person may sign in no more."""
    digest = _digest(token)
    statement = (
        select(PersonRow, SessionRow.seen_at)
        .join(SessionRow, SessionRow.person_id == PersonRow.id)
        .where(
            SessionRow.digest == digest,
            SessionRow.seen_at >= now - IDLE,
            SessionRow.created_at >= now - LONGEST,
            PersonRow.active,
        )
    )
    with transaction() as session:
        found = session.execute(statement).one_or_none()
        if found is None:
            return None
        row, seen_at = found
        # Once a minute is enough to know whether somebody is there, and spares a write per request.
        if now - seen_at >= _NOTED_EVERY:
            session.execute(update(SessionRow).where(SessionRow.digest == digest).values(seen_at=now))
        return person_of(row)


def close_session(token: str) -> None:
    """End one session."""
    with transaction() as session:
        session.execute(delete(SessionRow).where(SessionRow.digest == _digest(token)))


def close_all_sessions(person_id: int) -> int:
    """End every session of a person, on whatever machine; how many there were."""
    with transaction() as session:
        ended = session.execute(
            delete(SessionRow).where(SessionRow.person_id == person_id).returning(SessionRow.digest)
        )
        return len(ended.all())


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
