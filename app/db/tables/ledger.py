"""Tables of the ledger: documents, their steps, windows and batches."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    Boolean,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Json


class LedgerRow(Base):
    """A document, unique by its key. `due → sending → posted`, or `doubtful`, `refused`, `withdrawn`.

    `sending` is committed with a lease before the call. `sent_at` is set once a call may have left; from then on
    the lines are fixed. `post_at`: the window the document waits for (null: at once). `retry_at`: no try before.
    `waits` counts what is no try, BlueCherry being busy or away: the delay grows with both. `business_date`: the day
    on which it became due, `document_date`: the one that it bears in BlueCherry, both in the store's time zone.
    `basis`: the order and the memos on it that the amounts were worked out from. `shadow`, as on its return: it
    stands here alone, with a number of our own. `look_first`: since a restore it may stand in BlueCherry although it
    is not posted here, and is looked up before it is sent. Each step leaves a row in `ledger_versions`, by a trigger.
    """

    __tablename__ = "ledger"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    return_pk: Mapped[int] = mapped_column(ForeignKey("returns.pk"))
    store: Mapped[str]
    connection: Mapped[str]
    key: Mapped[str]
    kind: Mapped[str]
    n: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(server_default="due")
    ord_num: Mapped[str]
    document: Mapped[Json]
    after: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    amounts: Mapped[Json | None]
    basis: Mapped[Json | None]
    units: Mapped[int] = mapped_column(Integer, server_default="0")
    total: Mapped[Decimal | None]
    currency: Mapped[str | None]
    business_date: Mapped[str | None]
    document_date: Mapped[str | None]
    number: Mapped[str | None]
    post_at: Mapped[datetime | None]
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batches.id"))
    lease_until: Mapped[datetime | None]
    doubtful_since: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(Integer, server_default="0")
    waits: Mapped[int] = mapped_column(Integer, server_default="0")
    retry_at: Mapped[datetime | None]
    tired: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    error_code: Mapped[str | None]
    error: Mapped[str | None]
    mapping_version: Mapped[str]
    sent_at: Mapped[datetime | None]
    posted_at: Mapped[datetime | None]
    shadow: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    look_first: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    __table_args__ = (
        UniqueConstraint("store", "key"),
        Index("ix_ledger_return", "return_pk"),
        Index("ix_ledger_order", "connection", "ord_num"),
        Index(
            "ix_ledger_open", "store", "kind", "state", postgresql_where=text("state in ('due', 'sending', 'doubtful')")
        ),
        Index(
            "ix_ledger_times",
            "posted_at",
            postgresql_where=text("kind in ('inventory_journal', 'credit_memo') and state = 'posted' and not shadow"),
        ),
        Index(
            "ix_ledger_memo_date",
            "document_date",
            postgresql_where=text("kind = 'credit_memo' and state = 'posted' and not shadow"),
        ),
        Index("ix_ledger_batch", "batch_id", postgresql_where=text("batch_id is not null")),
        Index("ix_ledger_key", "key"),
        Index("ix_ledger_number", "number", postgresql_where=text("number is not null")),
        Index("ix_ledger_shadow", "store", "posted_at", postgresql_where=text("shadow")),
    )


class LedgerVersion(Base):
    """A document as it was at one step. `document` and `basis` are null where they are those of the step before.

    Written by a trigger, protected by another.
    """

    __tablename__ = "ledger_versions"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    ledger_id: Mapped[int]
    state: Mapped[str]
    number: Mapped[str | None]
    document: Mapped[Json | None]
    amounts: Mapped[Json | None]
    basis: Mapped[Json | None]
    document_date: Mapped[str | None]
    mapping_version: Mapped[str]
    error_code: Mapped[str | None]
    error: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    __table_args__ = (Index("ix_ledger_versions_ledger", "ledger_id", "id"),)


class BatchRow(Base):
    """A batch posted in a window. `state`: `sending` → `queued` → `done`, or `doubtful`; a refused one is `refused`."""

    __tablename__ = "batches"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    window_id: Mapped[int] = mapped_column(ForeignKey("windows.id"))
    connection: Mapped[str]
    batch_ref: Mapped[str] = mapped_column(unique=True)
    batch_num: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default="sending")
    documents: Mapped[int] = mapped_column(Integer)
    lease_until: Mapped[datetime | None]
    doubtful_since: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(Integer, server_default="0")
    look_at: Mapped[datetime | None]
    error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    done_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_batches_window", "window_id"),
        Index("ix_batches_open", "look_at", postgresql_where=text("state in ('sending', 'queued', 'doubtful')")),
    )


class WindowRow(Base):
    """A posting window of a store and kind in which something was posted: one row however often beat ticks."""

    __tablename__ = "windows"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    store: Mapped[str]
    kind: Mapped[str]
    opens_at: Mapped[datetime]
    claimed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    __table_args__ = (UniqueConstraint("store", "kind", "opens_at"),)
