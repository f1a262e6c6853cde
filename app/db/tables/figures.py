"""Tables of what people look at every morning: figures that are counted once a minute, and checklists signed off."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, Date, Identity, Index, Integer, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Json


class FiguresRow(Base):
    """Figures that take too long to be counted while somebody waits. `at`: the moment that they are of."""

    __tablename__ = "figures"
    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    data: Mapped[Json]


class SignOffRow(Base):
    """A point of a checklist that somebody signed off, or took back. Append-only; the newest row of a point holds.

    `day`: the checklist's day, the first of the month at month-end. `open`: how many exceptions stood open then.
    """

    __tablename__ = "sign_offs"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    rhythm: Mapped[str]
    day: Mapped[date] = mapped_column(Date)
    team: Mapped[str]
    point: Mapped[str]
    signed: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    by: Mapped[str]
    note: Mapped[str | None]
    open: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    __table_args__ = (Index("ix_sign_offs_day", "rhythm", "day", "point", "id"),)
