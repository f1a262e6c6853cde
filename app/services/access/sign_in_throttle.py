"""A limit on guessing passwords: after a few failures, a login and an address have to wait, longer each time."""

from __future__ import annotations

import hashlib
import math
from datetime import datetime, timedelta

from sqlalchemy import case, delete, select
from sqlalchemy.dialects.postgresql import insert

from app.db.engine import transaction
from app.db.tables.people import SignInFailure

_FREE = {"login": 5, "address": 20}
"""Failures that cost nothing: a shop shares one address."""
_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(minutes=15)
_FORGOTTEN_AFTER = timedelta(hours=1)


def seconds_to_wait(login: str, address: str, now: datetime) -> int:
    """0 when this login may be tried from this address now; else whole seconds until then."""
    names = _names(login, address)
    with transaction() as session:
        rows = session.scalars(select(SignInFailure).where(SignInFailure.name.in_(names))).all()
    return max((_wait(row, now) for row in rows), default=0)


def note_failure(login: str, address: str, now: datetime) -> None:
    """Count a failure for both; what is old is forgotten."""
    with transaction() as session:
        session.execute(delete(SignInFailure).where(SignInFailure.last_at < now - _FORGOTTEN_AFTER))
        values = [{"name": name, "count": 1, "last_at": now} for name in sorted(_names(login, address))]
        statement = insert(SignInFailure).values(values)
        longer_ago = SignInFailure.last_at < now - _FORGOTTEN_AFTER
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["name"],
                set_={"count": case((longer_ago, 1), else_=SignInFailure.count + 1), "last_at": now},
            )
        )


def forget_failures(login: str) -> None:
    """A login that got in begins anew; its address goes on being counted."""
    with transaction() as session:
        session.execute(delete(SignInFailure).where(SignInFailure.name == _name("login", login)))


def _wait(row: SignInFailure, now: datetime) -> int:
    over = row.count - _FREE[row.name.partition(":")[0]]
    if over < 0 or now - row.last_at >= _FORGOTTEN_AFTER:
        return 0
    wait = min(_FIRST_WAIT * (1 << min(over, 10)), _LONGEST_WAIT)
    return max(0, math.ceil((row.last_at + wait - now).total_seconds()))


def _names(login: str, address: str) -> set[str]:
    return {_name("login", login), _name("address", address)}


def _name(kind: str, value: str) -> str:
    return f"{kind}:{hashlib.sha256(value.strip().lower().encode()).hexdigest()}"
