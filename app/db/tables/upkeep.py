"""Tables of the running system: circuits, positions, restores."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    Identity,
    Integer,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base


class CircuitRow(Base):
    """How it stands with one system outside: a BlueCherry connection, or ``reveni:<store>`` (`app.circuit`).

    No row: it was never away. `next_call_at`: where a rate is set, the first moment that is not taken.
    """

    __tablename__ = "circuits"
    name: Mapped[str] = mapped_column(primary_key=True)
    open_until: Mapped[datetime | None]
    since: Mapped[datetime | None]
    openings: Mapped[int] = mapped_column(Integer, server_default="0")
    probe_until: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    why: Mapped[str] = mapped_column(server_default="")
    next_call_at: Mapped[datetime | None]


class Mark(Base):
    """A remembered position or moment: how far the item mirror or the poll of a store is."""

    __tablename__ = "marks"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class RestoreRow(Base):
    """A restore from a backup that was taken at `taken_at`. `read_at`: since then BlueCherry's list is read."""

    __tablename__ = "restores"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    taken_at: Mapped[datetime]
    restored_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    read_at: Mapped[datetime | None]
