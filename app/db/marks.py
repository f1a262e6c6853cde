"""Marks: remembered positions and moments, by name."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.tables.upkeep import Mark


def set_mark(session: Session, name: str, value: str, at: datetime) -> None:
    """Set a mark, whether it is there or not: two that set or delete it at once do each other no harm."""
    statement = insert(Mark).values(name=name, value=value, at=at)
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": value, "at": at}))
