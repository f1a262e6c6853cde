"""Tables of the bridge. All times are with time zone; all quantities are whole units."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Numeric,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Json = dict[str, Any]


class Base(DeclarativeBase):
    """Base of all tables; constraints get names that migrations can rely on."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        int: BigInteger,
        str: Text,
        Json: JSONB,
        Decimal: Numeric,
    }


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
        Index("ix_ledger_batch", "batch_id", postgresql_where=text("batch_id is not null")),
        Index("ix_ledger_key", "key"),
        Index("ix_ledger_number", "number", postgresql_where=text("number is not null")),
        Index("ix_ledger_shadow", "store", "posted_at", postgresql_where=text("shadow")),
    )


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


class ExceptionRow(Base):
    """An exception: a blocker that stands open until its cause is gone or a person resolved it.

    `assigned_to`: the login of who sees to it. `snoozed_until`: nobody wants to see it before.
    """

    __tablename__ = "exceptions"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    code: Mapped[str]
    cause: Mapped[str]
    team: Mapped[str]
    store: Mapped[str | None]
    return_pk: Mapped[int | None] = mapped_column(ForeignKey("returns.pk"))
    receipt_pk: Mapped[int | None] = mapped_column(ForeignKey("receipts.pk"))
    inbox_id: Mapped[int | None] = mapped_column(ForeignKey("inbox.id"))
    return_id: Mapped[str | None]
    receipt_id: Mapped[str | None]
    document_key: Mapped[str | None]
    units: Mapped[int] = mapped_column(Integer, server_default="0")
    amount: Mapped[Decimal | None]
    currency: Mapped[str | None]
    message: Mapped[str]
    opened_at: Mapped[datetime] = mapped_column(server_default=func.now())
    alerted_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
    assigned_to: Mapped[str | None]
    snoozed_until: Mapped[datetime | None]
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    __table_args__ = (
        Index(
            "uq_exceptions_open",
            "code",
            "cause",
            text("coalesce(return_pk, 0)"),
            text("coalesce(receipt_id, '')"),
            text("coalesce(inbox_id, 0)"),
            unique=True,
            postgresql_where=text("closed_at is null"),
        ),
        Index("ix_exceptions_return", "return_pk"),
        Index("ix_exceptions_open", "id", postgresql_where=text("closed_at is null")),
        Index("ix_exceptions_silent", "id", postgresql_where=text("alerted_at is null and closed_at is null")),
    )


class AlertRow(Base):
    """Something to mend that a team is told of, from its first exception until the last of them is closed.

    `untold`: exceptions that came since it was told last, at `told_at` (null: never). `level`: how many steps of the
    escalation path were taken.
    """

    __tablename__ = "alerts"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    code: Mapped[str]
    cause: Mapped[str]
    team: Mapped[str]
    urgent: Mapped[bool] = mapped_column(Boolean)
    untold: Mapped[int] = mapped_column(Integer)
    level: Mapped[int] = mapped_column(Integer, server_default="0")
    opened_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    __table_args__ = (
        Index("uq_alerts_open", "code", "cause", unique=True, postgresql_where=text("closed_at is null")),
        Index("ix_alerts_untold", "id", postgresql_where=text("untold > 0 and closed_at is null")),
        Index("ix_alerts_escalation", "team", "level", "opened_at", postgresql_where=text("closed_at is null")),
    )


class AlertMessage(Base):
    """A message that leaves, or left, by one channel. `key` goes with it, the same at every try.

    Committed before it is sent, with a lease while it is; `sent_at` says that the channel took it, `withdrawn_at` that
    nothing is left to be told, or the channel is gone from the configuration.
    """

    __tablename__ = "alert_messages"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    channel: Mapped[str]
    team: Mapped[str]
    urgent: Mapped[bool] = mapped_column(Boolean)
    alert_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    content: Mapped[Json]
    tries: Mapped[int] = mapped_column(Integer, server_default="0")
    retry_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    error: Mapped[str | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    __table_args__ = (
        Index(
            "ix_alert_messages_open",
            "channel",
            "tries",
            "id",
            postgresql_where=text("sent_at is null and withdrawn_at is null"),
        ),
        Index("ix_alert_messages_team", "team", "created_at"),
    )


class DecisionRow(Base):
    """What a person decided about a blocker: `resolved` ends it, `release` has its units credited all the same.

    `order` picks the sales order that `value` names; `quantity` takes an item (`value`: its id, an equals sign, units)
    for fewer units than Reveni says; `next_period` lets memos stand in the next open posting period.
    """

    __tablename__ = "decisions"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    return_pk: Mapped[int] = mapped_column(ForeignKey("returns.pk"))
    code: Mapped[str]
    cause: Mapped[str]
    receipt_id: Mapped[str] = mapped_column(server_default="")
    action: Mapped[str]
    value: Mapped[str | None]
    by: Mapped[str]
    note: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    __table_args__ = (Index("ix_decisions_return", "return_pk"),)


class SkuAlias(Base):
    """A SKU of the shop that means another SKU of BlueCherry, named by a person."""

    __tablename__ = "sku_aliases"
    store: Mapped[str] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(primary_key=True)
    target: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.now())


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


class MappingRow(Base):
    """The mapping of a store under one version, whole, in the file's words. Written once, when first used."""

    __tablename__ = "mappings"
    store: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[Json]
    first_used_at: Mapped[datetime] = mapped_column(server_default=func.now())
    __table_args__ = (Index("ix_mappings_version", "version"),)


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


class ApiToken(Base):
    """A token of the JSON API, of which only a SHA-256 is kept. Its name is what the history says, so it stays."""

    __tablename__ = "api_tokens"
    name: Mapped[str] = mapped_column(primary_key=True)
    hash: Mapped[bytes] = mapped_column(unique=True)
    role: Mapped[str]
    teams: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    created_by: Mapped[str]
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None]


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


class RestoreRow(Base):
    """A restore from a backup that was taken at `taken_at`. `read_at`: since then BlueCherry's list is read."""

    __tablename__ = "restores"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    taken_at: Mapped[datetime]
    restored_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    read_at: Mapped[datetime | None]


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


class Mark(Base):
    """A remembered position or moment: how far the item mirror or the poll of a store is."""

    __tablename__ = "marks"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
