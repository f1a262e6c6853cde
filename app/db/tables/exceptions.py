"""Tables of exceptions, of what people decided about them, and of who was told."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Json


class ExceptionRow(Base):
    """An exception: a blocker that stands open until its cause is gone or a person resolved it.

    `message` in English, `said` what it was made of, by which it is said in another language (`app.domain.saying`).
    `assigned_to`: the login of who sees to it. `snoozed_until`: nobody wants to see it before.
    `side`: of a refund's difference, whether too much (`over`) or too little (`under`) was refunded.
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
    side: Mapped[str | None]
    message: Mapped[str]
    said: Mapped[Json | None]
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
        Index("ix_exceptions_closed", "closed_at", postgresql_where=text("closed_at is not null")),
        Index("ix_exceptions_closed_cause", "code", "cause", postgresql_where=text("closed_at is not null")),
        Index("ix_exceptions_silent", "id", postgresql_where=text("alerted_at is null and closed_at is null")),
    )


RESOLVED_BY = "resolved by "
"""What `closed_by` of an exception begins with that a person ended."""


class DecisionRow(Base):
    """What a person decided about a blocker: `resolved` ends it, `release` has its units credited all the same.

    `order` picks the sales order that `value` names; `quantity` takes an item (`value`: its id, an equals sign, units)
    for fewer units than Reveni says; `next_period` lets memos stand in the next open posting period. `amount`,
    `currency` and `side`: what a `resolved` exception held up then; None where that was not known or not kept.
    """

    __tablename__ = "decisions"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    return_pk: Mapped[int] = mapped_column(ForeignKey("returns.pk"))
    code: Mapped[str]
    cause: Mapped[str]
    receipt_id: Mapped[str] = mapped_column(server_default="")
    action: Mapped[str]
    value: Mapped[str | None]
    amount: Mapped[Decimal | None]
    currency: Mapped[str | None]
    side: Mapped[str | None]
    by: Mapped[str]
    note: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    __table_args__ = (Index("ix_decisions_return", "return_pk"),)


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
