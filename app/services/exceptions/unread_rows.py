"""Exceptions about rows of BlueCherry's list of documents that cannot be read; what is known of each is in a mark."""

from __future__ import annotations

import json

from cattrs import BaseValidationError
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.db.codec import load
from app.db.tables.exceptions import ExceptionRow
from app.db.tables.upkeep import Mark
from app.domain.blockers import Code
from app.domain.reconciliation import Unread, unread_cause


def about_unread(connection: str) -> tuple[ColumnElement[bool], ...]:
    """The conditions on an exception that it is open about such a row of a connection."""
    return (
        ExceptionRow.code == Code.BOOKS_DIFFER,
        ExceptionRow.closed_at.is_(None),
        ExceptionRow.cause.startswith(unread_cause(connection), autoescape=True),
    )


def mark_of(cause: str) -> str:
    """The name of the mark of a row, by the cause of its exception."""
    return f"stands {cause}"


def kept_row(mark: Mark) -> Unread | None:
    """A row as a mark has it; None for one that another version of the bridge kept: the next reading mends it."""
    try:
        return load(Unread, json.loads(mark.value))
    except (ValueError, BaseValidationError):
        return None


def standing_rows(session: Session, connection: str) -> list[Unread]:
    """The rows of a connection's list about which an exception is open; one that was kept otherwise may be any."""
    names = select(func.concat(mark_of(""), ExceptionRow.cause)).where(*about_unread(connection))
    marks = session.scalars(select(Mark).where(Mark.name.in_(names)))
    return [kept_row(mark) or Unread(None, False, None, None, None, 0, mark.at, "", ()) for mark in marks]
