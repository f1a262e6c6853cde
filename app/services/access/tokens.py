"""Tokens of the JSON API: made once, kept as a hash, known in the history by their name (docs/adr/0021)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from app.db.engine import transaction
from app.db.tables.people import ApiToken
from app.domain.blockers import Team
from app.permissions import OF_TEAMS, Actor, Role
from app.secret import Secret
from app.services.history import Notes
from app.services.outside import utc_now

PREFIX = "bridge_"
"""By which scanners of repositories and logs know a token that was left there."""
_BYTES = 32
_LONGEST = 200
_USE_IS_NOTED_EVERY = timedelta(minutes=1)


class NoSuchToken(LookupError):
    """There is no token of this name that could be revoked."""


class TokenNotMade(ValueError):
    """A token cannot be made like this; the message says why and what can."""


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token without its secret. `last_used_at` is true to the minute."""

    name: str
    role: str
    teams: tuple[str, ...]
    created_at: datetime
    created_by: str
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None


def hash_of(text: str) -> bytes:
    """What is kept of a token. A plain SHA-256 is enough for 256 random bits: there is nothing to guess."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()


def add_token(name: str, role: Role, teams: Iterable[Team], by: str, expires_at: datetime | None) -> Secret:
    """Make a token and return it: the only time that anybody sees it.

    Raises TokenNotMade when the name was ever used, or when role and teams do not go together.
    """
    own = sorted(set(teams))
    if role is Role.OPERATOR and not own:
        raise TokenNotMade("An operator acts for a team: name at least one.")
    if own and role not in OF_TEAMS:
        raise TokenNotMade(f"The role {role} has no teams: leave them out.")
    text = PREFIX + secrets.token_urlsafe(_BYTES)
    values = {
        "name": name,
        "hash": hash_of(text),
        "role": role.value,
        "teams": [team.value for team in own],
        "created_by": by,
        "expires_at": expires_at,
    }
    with transaction() as session:
        made = session.scalar(
            insert(ApiToken).values(values).on_conflict_do_nothing(index_elements=["name"]).returning(ApiToken.name)
        )
        if made is None:
            raise TokenNotMade(f"There is or was a token {name}, and the history knows it by its name: take another.")
        notes = Notes()
        notes.add(None, "token added", name, role=role.value, teams=" ".join(own), by=by)
        notes.write(session)
    return Secret(text)


def list_tokens() -> list[TokenView]:
    """All tokens that there ever were, by name."""
    with transaction() as session:
        return [_view(row) for row in session.scalars(select(ApiToken).order_by(ApiToken.name))]


def revoke_token(name: str, by: str) -> None:
    """End a token; the next request with it is refused. Raises NoSuchToken when there is none to end."""
    with transaction() as session:
        ended = session.scalar(
            update(ApiToken)
            .where(ApiToken.name == name, ApiToken.revoked_at.is_(None))
            .values(revoked_at=utc_now(), revoked_by=by)
            .returning(ApiToken.name)
        )
        if ended is None:
            raise NoSuchToken(f"there is no token {name}, or it is revoked already")
        notes = Notes()
        notes.add(None, "token revoked", name, by=by)
        notes.write(session)


def actor_of(text: str) -> Actor | None:
    """Who shows this token; None when it is unknown, revoked or over. Notes the use, once a minute at most."""
    if not text.startswith(PREFIX) or len(text) > _LONGEST:
        return None
    now = utc_now()
    with transaction() as session:
        row = session.scalar(select(ApiToken).where(ApiToken.hash == hash_of(text)))
        if row is None or row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
            return None
        if row.last_used_at is None or now - row.last_used_at >= _USE_IS_NOTED_EVERY:
            session.execute(update(ApiToken).where(ApiToken.name == row.name).values(last_used_at=now))
        return Actor(f"token {row.name}", Role(row.role), frozenset(Team(team) for team in row.teams))


def _view(row: ApiToken) -> TokenView:
    return TokenView(
        name=row.name,
        role=row.role,
        teams=tuple(row.teams),
        created_at=row.created_at,
        created_by=row.created_by,
        last_used_at=row.last_used_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        revoked_by=row.revoked_by,
    )
