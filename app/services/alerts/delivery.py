"""Getting messages through: each channel by itself, at least once, with the same key at every try."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from app.config import AlertChannel, Alerts
from app.db.codec import load
from app.db.engine import engine, transaction
from app.db.tables.exceptions import AlertMessage
from app.domain.alerting import retry_after
from app.ops.alerts import Channel, Mail, Message, NotDelivered, Slack, Teams, Webhook
from app.services.alerts import telling
from app.services.alerts.pruning import prune
from app.services.outside import utc_now

_RUN_SECONDS = 15.0
"""A run ends well before the next one begins."""
_LEASE = timedelta(seconds=60)
_LOCK, _URGENT_LOCK = 7_202_613, 7_202_614

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Messages that a channel did not take yet. `error`: why not, of the oldest; it names no address."""

    channel: str
    count: int
    since: datetime
    tries: int
    error: str | None


def channels_of(settings: Alerts) -> dict[str, Channel]:
    """The channels that the configuration names; those without an address are left out."""
    made = {name: _channel(each, settings) for name, each in settings.channels.items()}
    return {name: channel for name, channel in made.items() if channel is not None}


def _channel(each: AlertChannel, settings: Alerts) -> Channel | None:
    if each.kind == "mail":
        return Mail(each.name, settings.smtp_url, settings.email_from or "", each.to) if settings.smtp_url else None
    if each.url is None:
        return None
    match each.kind:
        case "slack":
            return Slack(each.name, each.url, settings.private_hosts)
        case "teams":
            return Teams(each.name, each.url, settings.private_hosts)
        case _:
            return Webhook(each.name, each.url, each.key, settings.private_hosts)


def tell(settings: Alerts, *, urgent_only: bool = False, now: Callable[[], datetime] = utc_now) -> int:
    """Write down what is to be told and get it through; the number of messages that channels took.

    What was told long ago is pruned. With `urgent_only`, what a customer waits for: in runs of its own, which do not
    wait for a run that a channel keeps waiting.
    """
    telling.plan(settings, now(), urgent_only=urgent_only)
    took = deliver(channels_of(settings), urgent_only=urgent_only, now=now)
    if not urgent_only:
        prune(now())
    return took


def deliver(
    channels: Mapping[str, Channel], *, urgent_only: bool = False, now: Callable[[], datetime] = utc_now
) -> int:
    """Send what waits, all channels side by side; the number of messages that they took.

    A channel that fails is left alone until the next run; the others do not notice. One run at a time.
    """
    # Held on a connection without a transaction: no call to another system is made inside one.
    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        lock = _URGENT_LOCK if urgent_only else _LOCK
        if not connection.scalar(select(func.pg_try_advisory_lock(lock))):
            return 0
        try:
            _withdraw_unknown(channels, now())
            names = _waiting(urgent_only, now())
            if not names:
                return 0
            until = time.monotonic() + _RUN_SECONDS
            with ThreadPoolExecutor(len(names), thread_name_prefix="alerts") as pool:
                return sum(pool.map(lambda name: _drain(channels[name], urgent_only, until, now), names))
        finally:
            connection.execute(select(func.pg_advisory_unlock(lock)))


def waiting() -> list[Waiting]:
    """What channels did not take yet, by channel."""
    row = AlertMessage
    query = (
        select(row.channel, func.count(), func.min(row.created_at), func.max(row.tries), func.max(row.error))
        .where(row.sent_at.is_(None), row.withdrawn_at.is_(None))
        .group_by(row.channel)
        .order_by(row.channel)
    )
    with transaction() as session:
        return [Waiting(*found) for found in session.execute(query)]


def _waiting(urgent_only: bool, now: datetime) -> list[str]:
    with transaction() as session:
        return list(session.scalars(select(AlertMessage.channel).distinct().where(*_to_send(urgent_only, now))))


def _to_send(urgent_only: bool, now: datetime) -> list[ColumnElement[bool]]:
    row = AlertMessage
    free = or_(row.lease_until.is_(None), row.lease_until < now)
    its_time = or_(row.retry_at.is_(None), row.retry_at <= now)
    wanted = [row.sent_at.is_(None), row.withdrawn_at.is_(None), free, its_time]
    return [*wanted, row.urgent.is_(True)] if urgent_only else wanted


def _withdraw_unknown(channels: Mapping[str, Channel], now: datetime) -> None:
    row = AlertMessage
    gone = (row.sent_at.is_(None), row.withdrawn_at.is_(None), row.channel.not_in(list(channels)))
    values = {"withdrawn_at": now, "error": "the channel is gone from the configuration"}
    with transaction() as session:
        session.execute(update(row).where(*gone).values(values))


def _drain(channel: Channel, urgent_only: bool, until: float, now: Callable[[], datetime]) -> int:
    """Send a channel's messages until none is left, it fails, or the run ends; how many it took."""
    took = 0
    while time.monotonic() < until:
        with transaction() as session:
            row = _claim(session, channel.name, urgent_only, now())
        if row is None:
            break
        try:
            channel.deliver(load(Message, row.content))
        except NotDelivered as error:
            log.error("alert.not_delivered", channel=channel.name, team=row.team, why=str(error))
            _failed(row, str(error), now())
            break
        _sent(row, now())
        took += 1
    return took


def _claim(session: Session, channel: str, urgent_only: bool, now: datetime) -> AlertMessage | None:
    """One message, with a lease. What was tried least comes first, so that one bad message holds up no other."""
    query = select(AlertMessage).where(AlertMessage.channel == channel, *_to_send(urgent_only, now))
    row = session.scalars(
        query.order_by(AlertMessage.tries, AlertMessage.id).limit(1).with_for_update(skip_locked=True)
    ).first()
    if row is not None:
        row.lease_until = now + _LEASE
    return row


def _sent(row: AlertMessage, now: datetime) -> None:
    with transaction() as session:
        session.execute(
            update(AlertMessage)
            .where(AlertMessage.id == row.id)
            .values(sent_at=now, lease_until=None, error=None, tries=AlertMessage.tries + 1)
        )


def _failed(row: AlertMessage, why: str, now: datetime) -> None:
    with transaction() as session:
        session.execute(
            update(AlertMessage)
            .where(AlertMessage.id == row.id)
            .values(
                tries=AlertMessage.tries + 1, lease_until=None, retry_at=now + retry_after(row.tries + 1), error=why
            )
        )
