"""Tables of the desk: comments on exceptions, what waits for a second person, and work on many exceptions at once."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Integer, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Json


class CommentRow(Base):
    """What somebody wrote about an exception, for whoever looks at it next."""

    __tablename__ = "exception_comments"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    exception_id: Mapped[int] = mapped_column(ForeignKey("exceptions.id"))
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    by: Mapped[str]
    text: Mapped[str]
    __table_args__ = (Index("ix_exception_comments_exception", "exception_id", "id"),)


class ApprovalRow(Base):
    """Something that changes money and waits for a second person.

    `state`: `open` → `approved` | `refused` | `withdrawn`.

    `action` is done to `exception_ids` with `arguments` when it is approved. `units`, `amount` and `currency` are what
    it was about when it was asked for; `unknown`: of how many exceptions nobody knew the amount, beside that sum.
    `edit`: an edit of the mapping, which is about no exceptions.
    """

    __tablename__ = "approvals"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    action: Mapped[str]
    exception_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    arguments: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    edit: Mapped[Json | None]
    team: Mapped[str]
    units: Mapped[int] = mapped_column(Integer)
    amount: Mapped[Decimal | None]
    currency: Mapped[str | None]
    unknown: Mapped[int] = mapped_column(Integer, server_default="0")
    reason: Mapped[str]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    state: Mapped[str] = mapped_column(server_default="open")
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("state not in ('approved', 'refused') or decided_by <> asked_by", name="second_person"),
        Index("ix_approvals_open", "id", postgresql_where=text("state = 'open'")),
    )


class WindowHold(Base):
    """The windows of a store and kind that a person holds: nothing is posted in them until it is released."""

    __tablename__ = "window_holds"
    store: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class BulkJobRow(Base):
    """One action on many exceptions, done in slices by the workers. `done`: how many of `exception_ids` went through.

    `lease_until`: a worker is at it until then. `error`: why it ended early. `tries`: how often what comes next was
    begun; up to `alone_until` of them go one by one. `set_aside`: those that no worker got through.
    """

    __tablename__ = "bulk_jobs"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    action: Mapped[str]
    exception_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    arguments: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    by: Mapped[str]
    done: Mapped[int] = mapped_column(Integer, server_default="0")
    tries: Mapped[int] = mapped_column(Integer, server_default="0")
    alone_until: Mapped[int] = mapped_column(Integer, server_default="0")
    set_aside: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default=text("'{}'"))
    lease_until: Mapped[datetime | None]
    error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]
    __table_args__ = (Index("ix_bulk_jobs_open", "id", postgresql_where=text("finished_at is null")),)
