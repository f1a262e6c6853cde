"""People: who may sign in to the console, and with what roles."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.db.engine import transaction
from app.db.people import PersonRow
from app.domain.blockers import Team
from app.permissions import OF_TEAMS, Actor, Role

SHORTEST_PASSWORD = 12
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,99}")


class PersonProblem(ValueError):
    """An account that cannot be made or changed so; the message says why."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account. `language` is one of the console's, or None for the browser's."""

    id: int
    login: str
    name: str
    role: Role
    teams: frozenset[Team]
    language: str | None
    active: bool
    local: bool
    """Whether there is a password here; without one, a provider says who it is."""

    @property
    def actor(self) -> Actor:
        """Who the history says did what they do, and what they may."""
        return Actor(self.login, self.role, self.teams)


@cache
def _hasher() -> PasswordHasher:
    """Argon2id as RFC 9106 recommends it where memory is scarce."""
    return PasswordHasher()


@cache
def _nobodys_hash() -> str:
    return _hasher().hash("a password that nobody has")


def add_person(login: str, name: str, role: Role, teams: Collection[Team] = (), password: str | None = None) -> Person:
    """Make an account. Raises PersonProblem for a login that is taken or cannot be one, or a short password.

    It is raised too when role and teams do not go together: an operator acts for a team, a viewer for none.
    """
    row = PersonRow(
        login=_checked_login(login),
        name=name.strip() or login,
        role=role.value,
        teams=_checked_teams(role, teams),
        active=True,
        password_hash=None if password is None else hash_password(password),
    )
    try:
        with transaction() as session:
            session.add(row)
            session.flush()
            return person_of(row)
    except IntegrityError:
        raise PersonProblem(f"There is somebody with the login {login} already.") from None


def person_by_password(login: str, password: str) -> Person | None:
    """Who signs in so; None when login or password is wrong, or the account is not active.

    An unknown login takes as long as a wrong password.
    """
    with transaction() as session:
        row = session.scalar(select(PersonRow).where(PersonRow.login == login.strip().lower()))
    known = row.password_hash if row is not None and row.active else None
    try:
        _hasher().verify(known or _nobodys_hash(), password)
    except (VerifyMismatchError, InvalidHashError):
        return None
    return person_of(row) if row is not None and known is not None else None


def list_people() -> list[Person]:
    """Everybody, by login."""
    with transaction() as session:
        return [person_of(row) for row in session.scalars(select(PersonRow).order_by(PersonRow.login))]


def hash_password(password: str) -> str:
    """The argon2id hash of a password. Raises PersonProblem for a short one."""
    if len(password) < SHORTEST_PASSWORD:
        raise PersonProblem(f"A password has at least {SHORTEST_PASSWORD} characters.")
    return _hasher().hash(password)


def person_of(row: PersonRow) -> Person:
    """The person of a row."""
    return Person(
        id=row.id,
        login=row.login,
        name=row.name,
        role=Role(row.role),
        teams=frozenset(Team(team) for team in row.teams),
        language=row.language,
        active=row.active,
        local=row.password_hash is not None,
    )


def _checked_teams(role: Role, teams: Collection[Team]) -> list[str]:
    if role is Role.SERVICE:
        raise PersonProblem("The role service is for other programs: make a token for one.")
    if role is Role.OPERATOR and not teams:
        raise PersonProblem("An operator acts for a team: name at least one.")
    if teams and role not in OF_TEAMS:
        raise PersonProblem(f"The role {role} has no teams: leave them out.")
    return sorted(team.value for team in set(teams))


def _checked_login(login: str) -> str:
    plain = login.strip().lower()
    if _LOGIN.fullmatch(plain) is None:
        raise PersonProblem(
            f"{login!r} cannot be a login: letters, digits and . _ @ + - (100 at most), and first a letter or digit."
        )
    return plain
