"""People: who may sign in to the console, and with what roles."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db.engine import transaction
from app.db.tables.people import PersonRow, SessionRow
from app.domain.blockers import Team
from app.domain.saying import Said, say
from app.permissions import OF_TEAMS, Actor, Role

SHORTEST_PASSWORD = 12
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,99}")


class PersonProblem(ValueError):
    """An account that cannot be made or changed so; the sentence says why."""

    def __init__(self, said: Said) -> None:
        self.said = said
        super().__init__(said)


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
        raise PersonProblem(say("There is somebody with the login %(login)s already.", login=login)) from None


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


def person_by_provider(issuer: str, subject: str, email: str | None) -> Person | None:
    """Whom a provider vouches for; None when nobody here is active under that name.

    The first time, `email` (verified by the provider; None otherwise) finds the account without a password of that
    login, which belongs to this subject from then on. Nobody gets an account just because a provider knows them.
    """
    with transaction() as session:
        row = session.scalar(select(PersonRow).where(PersonRow.issuer == issuer, PersonRow.subject == subject))
        if row is None and email is not None:
            unclaimed = (PersonRow.subject.is_(None), PersonRow.password_hash.is_(None))
            row = session.scalar(
                select(PersonRow).where(PersonRow.login == email.strip().lower(), *unclaimed).with_for_update()
            )
            if row is not None:
                row.issuer, row.subject = issuer, subject
        return person_of(row) if row is not None and row.active else None


def change_role(login: str, role: Role, teams: Collection[Team]) -> Person:
    """Give somebody another role. Raises PersonProblem: nobody of that login, or no admin would be left."""
    with transaction() as session:
        row = _locked(session, login)
        if role is not Role.ADMIN:
            _another_admin(session, row)
        row.role, row.teams = role.value, _checked_teams(role, teams)
        return person_of(row)


def change_password(login: str, password: str) -> Person:
    """Give somebody another password; every session of theirs ends. Raises PersonProblem."""
    digest = hash_password(password)
    with transaction() as session:
        row = _locked(session, login)
        row.password_hash = digest
        session.execute(delete(SessionRow).where(SessionRow.person_id == row.id))
        return person_of(row)


def set_active(login: str, active: bool) -> Person:
    """Let somebody sign in no more, or again; their sessions end at once. Raises PersonProblem."""
    with transaction() as session:
        row = _locked(session, login)
        if not active:
            _another_admin(session, row)
            session.execute(delete(SessionRow).where(SessionRow.person_id == row.id))
        row.active = active
        return person_of(row)


def choose_language(person_id: int, language: str) -> None:
    """Remember the language in which somebody reads."""
    with transaction() as session:
        session.execute(update(PersonRow).where(PersonRow.id == person_id).values(language=language))


def _locked(session: Session, login: str) -> PersonRow:
    row = session.scalar(select(PersonRow).where(PersonRow.login == login.strip().lower()).with_for_update())
    if row is None:
        raise PersonProblem(say("There is nobody with the login %(login)s.", login=login))
    return row


def _another_admin(session: Session, row: PersonRow) -> None:
    """Raises PersonProblem when this is the last admin who can sign in."""
    if row.role != Role.ADMIN or not row.active:
        return
    admin = (PersonRow.role == Role.ADMIN, PersonRow.active)
    admins = session.scalars(select(PersonRow.id).where(*admin).order_by(PersonRow.id).with_for_update()).all()
    if list(admins) == [row.id]:
        raise PersonProblem(say("%(login)s is the last admin: make another one first.", login=row.login))


def list_people() -> list[Person]:
    """Everybody, by login."""
    with transaction() as session:
        return [person_of(row) for row in session.scalars(select(PersonRow).order_by(PersonRow.login))]


def hash_password(password: str) -> str:
    """The argon2id hash of a password. Raises PersonProblem for a short one."""
    if len(password) < SHORTEST_PASSWORD:
        raise PersonProblem(say("A password has at least %(number)s characters.", number=SHORTEST_PASSWORD))
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
        raise PersonProblem(say("The role service is for other programs: make a token for one."))
    if role is Role.OPERATOR and not teams:
        raise PersonProblem(say("An operator acts for a team: name at least one."))
    if teams and role not in OF_TEAMS:
        raise PersonProblem(say("This role has no teams: leave them out."))
    return sorted(team.value for team in set(teams))


def _checked_login(login: str) -> str:
    plain = login.strip().lower()
    if _LOGIN.fullmatch(plain) is None:
        raise PersonProblem(
            say(
                "%(login)r cannot be a login: letters, digits and . _ @ + - (100 at most), first a letter or digit.",
                login=login,
            )
        )
    return plain
