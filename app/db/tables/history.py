"""The table of what happened."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    Identity,
    Index,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Json


class History(Base):
    """What happened, in order; a trigger refuses every change. `detail` holds no personal data."""

    __tablename__ = "history"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    return_pk: Mapped[int | None]
    what: Mapped[str]
    key: Mapped[str | None]
    detail: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    __table_args__ = (
        Index("ix_history_return", "return_pk", "id"),
        Index("ix_history_acts", "id", postgresql_where=text("return_pk is null and detail ? 'by'")),
    )
