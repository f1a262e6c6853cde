"""Table of the mapping's edits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Identity, func
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models import Base, Json


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
