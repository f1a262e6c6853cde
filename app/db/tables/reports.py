"""The table of reports: the lists of a period's end, as they were made."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, Identity, Index, Integer, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Json


class ReportRow(Base):
    """A list of a period's end that somebody asked for: `list` of a store (null: all) by documents until `at`.

    `lease_until`: a worker makes it until then, `tries`: how many began it. `read_at`: when the books stood as it says.
    Once `finished_at` is set there is either `error`, or `lines` (how many), `shown` (sums, and the lines of a page)
    and the `file`, CSV compressed by gzip; a trigger keeps it so.
    """

    __tablename__ = "reports"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    list: Mapped[str]
    store: Mapped[str | None]
    at: Mapped[date | None] = mapped_column(Date)
    asked_by: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    lease_until: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(Integer, server_default="0")
    read_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    error: Mapped[str | None]
    lines: Mapped[int | None] = mapped_column(Integer)
    shown: Mapped[Json | None]
    file: Mapped[bytes | None] = mapped_column(deferred=True)
    __table_args__ = (
        Index("ix_reports_list", "list", "id"),
        # What is asked for twice while it is made is made once.
        Index(
            "uq_reports_under_way",
            "list",
            text("coalesce(store, '')"),
            text("coalesce(at, '-infinity'::date)"),
            unique=True,
            postgresql_where=text("finished_at is null"),
        ),
    )
