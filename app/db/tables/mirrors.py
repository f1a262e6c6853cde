"""Tables of what BlueCherry said: its orders, items, periods, and journals of which nothing is known here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Identity,
    Index,
    Integer,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Json


class OrderRow(Base):
    """A sales order as BlueCherry told it last, without its address, with the `ras` and `memos` that it has on it."""

    __tablename__ = "orders"
    pk: Mapped[int] = mapped_column(Identity(), primary_key=True)
    connection: Mapped[str]
    ord_num: Mapped[str]
    ref_num1: Mapped[str | None]
    data: Mapped[Json]
    ras: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    memos: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    fetched_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("connection", "ord_num"),
        Index("ix_orders_ref", "connection", "ref_num1"),
    )


class ItemRow(Base):
    """The mirror of the item master. `known` false: BlueCherry was asked at `seen_at` and has no such SKU."""

    __tablename__ = "items"
    connection: Mapped[str] = mapped_column(primary_key=True)
    division: Mapped[str] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(primary_key=True)
    upc: Mapped[str | None]
    known: Mapped[bool] = mapped_column(Boolean)
    active: Mapped[bool] = mapped_column(Boolean)
    data: Mapped[Json]
    seen_at: Mapped[datetime]
    __table_args__ = (
        Index("ix_items_upc", "connection", "division", "upc"),
        Index("ix_items_sku_prefix", "connection", "division", text("sku text_pattern_ops")),
    )


class PeriodsRow(Base):
    """The mirror of a connection's posting periods. `fetched_at` null: BlueCherry contradicted it."""

    __tablename__ = "periods"
    connection: Mapped[str] = mapped_column(primary_key=True)
    periods: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    fetched_at: Mapped[datetime | None]


class StrayRow(Base):
    """A journal that BlueCherry has with a key of the bridge's, and that a restored ledger did not know.

    `journal`: as BlueCherry has it. `posted_at`: by BlueCherry's clock. `told_at`: logistics was told that its receipt
    is lost. It is stray no more once a document of the ledger bears its number.
    """

    __tablename__ = "strays"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    connection: Mapped[str]
    number: Mapped[str]
    key: Mapped[str]
    return_id: Mapped[str]
    ord_num: Mapped[str]
    units: Mapped[int] = mapped_column(Integer)
    journal: Mapped[Json]
    posted_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("connection", "number"),
        Index("ix_strays_return", "return_id"),
        Index("ix_strays_untold", "id", postgresql_where=text("told_at is null")),
    )
