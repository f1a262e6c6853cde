"""Tables of what came: events, returns, receipts, and the customers who were erased."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    Boolean,
    ForeignKey,
    Identity,
    Index,
    Integer,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Json


class InboxEvent(Base):
    """A raw event as it came, stored once. `channel` is `reveni` or `warehouse`, `name` the store or site of the URL.

    `state`: `new` → `taken` (by a worker, until `taken_until`) → `done` | `unreadable`.
    """

    __tablename__ = "inbox"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    channel: Mapped[str]
    name: Mapped[str]
    external_id: Mapped[str]
    body: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="new")
    taken_until: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(Integer, server_default="0")
    error: Mapped[str | None]
    return_pk: Mapped[int | None]
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    __table_args__ = (
        UniqueConstraint("channel", "name", "external_id"),
        Index("ix_inbox_open", "id", postgresql_where=text("state in ('new', 'taken')")),
        Index("ix_inbox_return", "return_pk", postgresql_where=text("return_pk is not null")),
    )


class ReturnRow(Base):
    """A return as Reveni told it last, and where its work stands.

    `data` is the return without personal data, which stands in `personal`; `email_hash` (`app.pseudonym`) finds it.
    `pending`: the bridge has work to do on it now; `wake_at`: when the sweep looks at it again. `version` counts
    changes, so that a slow fetch never overwrites a newer one. `accepted_since`: Reveni's `updated` when an item was
    first seen accepted. `asked_at`: when Reveni was last asked for it. `shadow`: the store was in shadow when the
    return was first stored, so it is posted nowhere, ever. `erased_at`: its customer was erased; `personal` stays
    empty, whatever comes. Each `data` that ever stood here stays in `return_versions`, by a trigger.
    """

    __tablename__ = "returns"
    pk: Mapped[int] = mapped_column(Identity(), primary_key=True)
    store: Mapped[str]
    id: Mapped[str]
    data: Mapped[Json]
    personal: Mapped[Json | None]
    email_hash: Mapped[bytes | None]
    status: Mapped[str]
    phase: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="new")
    tracking_number: Mapped[str | None]
    order_ref: Mapped[str]
    ord_num: Mapped[str | None]
    order_problem: Mapped[str | None]
    accepted_since: Mapped[datetime | None]
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    pending: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    wake_at: Mapped[datetime | None]
    fetch_tries: Mapped[int] = mapped_column(Integer, server_default="0")
    updated: Mapped[datetime]
    shadow: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    erased_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    __table_args__ = (
        UniqueConstraint("store", "id"),
        Index("ix_returns_wake", "wake_at", postgresql_where=text("wake_at is not null")),
        Index("ix_returns_pending", "pk", postgresql_where=text("pending")),
        Index("ix_returns_state", "state", "pk"),
        Index("ix_returns_store_state", "store", "state"),
        Index("ix_returns_order", "store", "order_ref"),
        Index("ix_returns_asked", "asked_at"),
        Index("ix_returns_ord_num", "ord_num", postgresql_where=text("ord_num is not null")),
        Index("ix_returns_email", "email_hash", postgresql_where=text("email_hash is not null")),
        Index(
            "ix_returns_skus", text("jsonb_path_query_array(data, '$.items[*].sku'::jsonpath)"), postgresql_using="gin"
        ),
        Index("ix_returns_tracking", "tracking_number", postgresql_where=text("tracking_number is not null")),
        Index("ix_returns_shadow", "store", "created_at", postgresql_where=text("shadow")),
    )


class ReturnVersion(Base):
    """A return as Reveni told it once. Written by a trigger, protected by another; no personal data."""

    __tablename__ = "return_versions"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    return_pk: Mapped[int]
    version: Mapped[int] = mapped_column(Integer)
    status: Mapped[str]
    data: Mapped[Json]
    updated: Mapped[datetime]
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    __table_args__ = (Index("ix_return_versions_return", "return_pk", "id"),)


class ReceiptRow(Base):
    """A receipt or regrade. `n` is its number within its return, given once in the order in which it was taken in."""

    __tablename__ = "receipts"
    pk: Mapped[int] = mapped_column(Identity(), primary_key=True)
    site: Mapped[str]
    external_id: Mapped[str]
    store: Mapped[str | None]
    return_pk: Mapped[int | None] = mapped_column(ForeignKey("returns.pk"))
    n: Mapped[int | None] = mapped_column(Integer)
    kind: Mapped[str]
    data: Mapped[Json]
    received_at: Mapped[datetime]
    taken_at: Mapped[datetime] = mapped_column(server_default=func.now())
    next_look_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("site", "external_id"),
        UniqueConstraint("return_pk", "n"),
        Index("ix_receipts_lost", "next_look_at", postgresql_where=text("return_pk is null")),
    )


class Erasure(Base):
    """A customer who was erased: when, by whom, and a keyed hash of the e-mail (null: none was known). Append-only."""

    __tablename__ = "erasures"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    subject: Mapped[bytes | None]
    by: Mapped[str]
    at: Mapped[datetime]
    returns: Mapped[int] = mapped_column(Integer)
    events: Mapped[int] = mapped_column(Integer)
    __table_args__ = (Index("ix_erasures_subject", "subject"),)
