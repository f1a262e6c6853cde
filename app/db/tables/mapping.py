"""Table of the mapping's edits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    ForeignKey,
    Identity,
    Index,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Json


class MappingEditRow(Base):
    """An edit of the mapping in the console. Append-only; the newest row's `overlay` is in force, above the file.

    `reverts`: the edit whose overlay was put into force again.
    """

    __tablename__ = "mapping_edits"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    overlay: Mapped[Json]
    by: Mapped[str]
    note: Mapped[str | None]
    reverts: Mapped[int | None] = mapped_column(ForeignKey("mapping_edits.id"))
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class MappingRow(Base):
    """The mapping of a store under one version, whole, in the file's words. Written once, when first used."""

    __tablename__ = "mappings"
    store: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[Json]
    first_used_at: Mapped[datetime] = mapped_column(server_default=func.now())
    __table_args__ = (Index("ix_mappings_version", "version"),)


class SkuAlias(Base):
    """A SKU of the shop that means another SKU of BlueCherry, named by a person."""

    __tablename__ = "sku_aliases"
    store: Mapped[str] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(primary_key=True)
    target: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.now())
