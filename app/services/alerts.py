"""Alerts: whoever can mend an exception hears of it soon, once, and however many returns it holds up in one message."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence

import structlog
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.config import Alerts
from app.db.engine import engine, transaction
from app.db.models import ExceptionRow, Mark
from app.ops.alerts import Alert, Channel, Log, Mail, NotDelivered, Webhook
from app.services.exception_queue import Filter, Group, grouped
from app.services.outside import outside, utc_now

# A run ends well before the next one begins.
_RUN_SECONDS = 15.0
_LOCK = 7_202_612
_URGENT_LOCK = 7_202_613

log = structlog.get_logger(__name__)


def channels_of(settings: Alerts) -> list[Channel]:
    """The ways that the configuration names, the log always among them."""
    channels: list[Channel] = [Log()]
    if settings.webhook_url is not None:
        channels.append(Webhook(settings.webhook_url))
    if settings.smtp_url is not None:
        channels.append(Mail(settings.smtp_url, settings.email_from or "", settings.email_to))
    return channels


def send_alerts(channels: Sequence[Channel] | None = None, *, urgent: bool | None = None) -> int:
    """Tell of every open exception that nobody was told of yet; the number of causes that went out everywhere.

    `urgent`: only those that are, or only those that are not. Urgent ones are told in runs of their own, which do not
    wait for a run that a channel keeps waiting.

    What a channel did not take is tried again by the next run, on that channel only.
    """
    ways = channels_of(outside().config.alerts) if channels is None else channels
    # Held on a connection without a transaction: no call to another system is made inside one.
    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        lock = _URGENT_LOCK if urgent else _LOCK
        if not connection.scalar(select(func.pg_try_advisory_lock(lock))):
            return 0
        try:
            groups = grouped(Filter(open=True), silent_only=True)
            return _send(ways, [group for group in groups if urgent is None or group.urgent is urgent])
        finally:
            connection.execute(select(func.pg_advisory_unlock(lock)))


def _send(channels: Sequence[Channel], groups: Sequence[Group]) -> int:
    deadline = time.monotonic() + _RUN_SECONDS
    away: set[str] = set()
    told = 0
    for group in groups:
        if time.monotonic() > deadline:
            break
        missing = [channel for channel in channels if not _took(channel, group)]
        failed = [channel for channel in missing if channel.name in away or not _deliver(channel, group)]
        # One that is away would cost every further group its time limit.
        away.update(channel.name for channel in failed)
        if failed:
            _remember([channel for channel in missing if channel not in failed], group)
        else:
            _told(group, channels)
            told += 1
    return told


def _deliver(channel: Channel, group: Group) -> bool:
    try:
        channel.deliver(_alert(group))
    except NotDelivered as error:
        log.error("alert.not_delivered", channel=channel.name, code=group.code, why=str(error))
        return False
    return True


def _alert(group: Group) -> Alert:
    return Alert(
        code=group.code,
        cause=group.cause,
        team=group.team,
        urgent=group.urgent,
        count=group.count,
        units=group.units,
        amounts={currency: str(money) for currency, money in sorted(group.money.items())},
        oldest=group.oldest,
        message=group.message,
        way_out=group.way_out,
    )


def _took(channel: Channel, group: Group) -> bool:
    """Whether the channel was told of this very group in a run in which another channel was away."""
    with transaction() as session:
        mark = session.get(Mark, _mark(channel, group))
        return mark is not None and int(mark.value) >= group.last_id


def _remember(channels: Sequence[Channel], group: Group) -> None:
    with transaction() as session:
        for channel in channels:
            statement = insert(Mark).values(name=_mark(channel, group), value=str(group.last_id))
            newer = {"value": statement.excluded.value, "at": utc_now()}
            session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=newer))


def _told(group: Group, channels: Sequence[Channel]) -> None:
    """Nothing is left to tell of these exceptions; one that was opened meanwhile is for the next run."""
    row = ExceptionRow
    mine = (row.code == group.code, row.cause == group.cause, row.alerted_at.is_(None), row.id <= group.last_id)
    with transaction() as session:
        session.execute(update(row).where(*mine).values(alerted_at=utc_now()))
        session.execute(delete(Mark).where(Mark.name.in_([_mark(channel, group) for channel in channels])))


def _mark(channel: Channel, group: Group) -> str:
    digest = hashlib.sha256(f"{group.code}\n{group.cause}".encode()).hexdigest()[:32]
    return f"alert:{channel.name}:{digest}"
