"""Tables of the people who work in the console: accounts, sessions, failed sign-ins."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    Boolean,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base


class PersonRow(Base):
    """Somebody who may sign in. `login` is lower case.

    `password_hash`: argon2id; null for somebody who signs in with a provider (`issuer`, `subject`) alone. `role` and
    `teams`: as the permission table names them. Nobody is deleted, for actions bear their login; who left is not
    `active`.
    """

    __tablename__ = "people"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str | None]
    issuer: Mapped[str | None]
    subject: Mapped[str | None]
    role: Mapped[str]
    teams: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    language: Mapped[str | None]
    active: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    __table_args__ = (UniqueConstraint("issuer", "subject"),)


class SessionRow(Base):
    """A session in a browser. `digest`: SHA-256 of the token that the browser has, which is stored nowhere."""

    __tablename__ = "sessions"
    digest: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    __table_args__ = (Index("ix_sessions_person", "person_id"), Index("ix_sessions_seen", "seen_at"))


class SignInFailure(Base):
    """How often sign-in failed lately: for a login or an address, which `name` holds a digest of."""

    __tablename__ = "sign_in_failures"
    name: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime]


class ApiToken(Base):
    """A token of the JSON API, of which only a SHA-256 is kept. Its name is what the history says, so it stays."""

    __tablename__ = "api_tokens"
    name: Mapped[str] = mapped_column(primary_key=True)
    hash: Mapped[bytes] = mapped_column(unique=True)
    role: Mapped[str]
    teams: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    created_by: Mapped[str]
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None]
