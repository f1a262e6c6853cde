"""Engines and sessions: one engine per process, made after the fork."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session


class DatabaseNotSet(RuntimeError):
    """DATABASE_URL is not in the environment. Set it, or start the system with `bridge run`, which brings its own."""


@cache
def _engine(url: str, pid: int) -> Engine:
    return create_engine(
        url,
        pool_size=4,
        max_overflow=8,
        pool_pre_ping=True,
        # An error's text must not carry a row into a log: rows hold personal data.
        hide_parameters=True,
        connect_args={"application_name": "bridge"},
    )


def engine() -> Engine:
    """This process's engine on DATABASE_URL. A forked child gets its own: connections do not survive a fork.

    Raises DatabaseNotSet.
    """
    url = os.environ.get("DATABASE_URL")
    if not url:
        raise DatabaseNotSet(DatabaseNotSet.__doc__)
    if url.startswith("postgresql://"):
        url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    return _engine(url, os.getpid())


@contextmanager
def transaction() -> Iterator[Session]:
    """One transaction: committed at the end, rolled back on an error. No call to another system inside it."""
    with Session(engine(), expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def reading() -> Iterator[Session]:
    """One transaction that sees one state of the database and in which PostgreSQL refuses to write; rolled back."""
    bound = engine().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with Session(bound, autoflush=False) as session:
        try:
            yield session
        finally:
            session.rollback()
