"""Alerts: what each team is told, and when. Messages are written down here; `alert_delivery` gets them through.

One message per team and channel over all that is to be told now. A cause is told once; what comes after is a count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import and_, exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.config import Alerts
from app.db.codec import dump
from app.db.engine import transaction
from app.db.tables.exceptions import AlertMessage, AlertRow, ExceptionRow
from app.domain.blockers import REMEDIES, Code, Team
from app.ops.alerts import Alert, Message, Why
from app.services.alerts import links
from app.services.exceptions.exception_queue import Filter, Group, groups

_LOCK = 7_202_612
_MOST = 20
"""Things to mend in one message; the others are counted."""
_GATHER = timedelta(hours=1)
"""How long more of a cause that was told is gathered before its count is told."""
_GATHER_URGENT = timedelta(minutes=1)
_CALM = timedelta(minutes=10)
"""A team that got `_BUSY` messages in this time is told the rest together, when the time is over."""
_BUSY = 5
_SLICE = 5_000
"""Silent exceptions that one run takes; the next run takes the others."""

_TAKE_SILENT = text(
    """
    with silent as (
        select id from exceptions where alerted_at is null and closed_at is null
        order by id limit :slice for update skip locked
    ), taken as (
        update exceptions set alerted_at = :now from silent where exceptions.id = silent.id
        returning code, cause, team, exceptions.opened_at
    )
    select code, cause, team, count(*) as number, min(opened_at) as opened_at from taken group by code, cause, team
    """
)
# Locked rows are skipped: telling somebody never waits for the books, and they never wait for it.

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Told:
    """One alert as it is told now, and the channels of the step that tells it; None for the team's own."""

    row: AlertRow
    why: Why
    channels: tuple[str, ...] | None = None


def plan(settings: Alerts, now: datetime, *, urgent_only: bool = False) -> int:
    """Write down the messages that are to be sent now; how many.

    Quiet hours hold back all but what is urgent. Calls nobody, and waits for nobody's lock.
    """
    with transaction() as session:
        if not session.scalar(select(func.pg_try_advisory_xact_lock(_LOCK))):
            return 0
        logged = _take_in(session, now)
        _close(session, now)
        told = _news(session, settings, now, urgent_only) + _escalations(session, settings, now, urgent_only)
        written = _write(session, settings, told, now)
    for line in logged:
        log.warning("exceptions", **line)
    return written


def _take_in(session: Session, now: datetime) -> list[dict[str, object]]:
    """Make silent exceptions into alerts, or count them into those that stand open; what the log says of them."""
    lines: list[dict[str, object]] = []
    for found in session.execute(_TAKE_SILENT, {"slice": _SLICE, "now": now}):
        values = {
            "code": found.code,
            "cause": found.cause,
            "team": found.team,
            "urgent": REMEDIES[Code(found.code)].urgent,
            "untold": found.number,
            "opened_at": found.opened_at,
        }
        session.execute(
            insert(AlertRow)
            .values(values)
            .on_conflict_do_update(
                index_elements=["code", "cause"],
                index_where=AlertRow.closed_at.is_(None),
                set_={"untold": AlertRow.untold + found.number},
            )
        )
        lines.append({"code": found.code, "cause": found.cause, "team": found.team, "count": found.number})
    return lines


def _close(session: Session, now: datetime) -> None:
    """What was mended is not told any more."""
    open_exception = exists().where(
        ExceptionRow.code == AlertRow.code, ExceptionRow.cause == AlertRow.cause, ExceptionRow.closed_at.is_(None)
    )
    session.execute(update(AlertRow).where(AlertRow.closed_at.is_(None), ~open_exception).values(closed_at=now))
    open_alert = exists().where(AlertRow.id == func.any(AlertMessage.alert_ids), AlertRow.closed_at.is_(None))
    unsent = (AlertMessage.sent_at.is_(None), AlertMessage.withdrawn_at.is_(None))
    session.execute(update(AlertMessage).where(*unsent, ~open_alert).values(withdrawn_at=now, error="nothing is left"))


def _news(session: Session, settings: Alerts, now: datetime, urgent_only: bool) -> list[_Told]:
    row = AlertRow
    query = select(row).where(row.closed_at.is_(None), row.untold > 0).order_by(row.id)
    if urgent_only:
        query = query.where(row.urgent)
    busy = _busy_teams(session, now)
    found = []
    for alert in session.scalars(query):
        gather = _GATHER_URGENT if alert.urgent else _GATHER
        if alert.told_at is not None and alert.told_at > now - gather:
            continue
        held = alert.team in busy and not alert.urgent
        if not held and settings.team(alert.team).may_be_told(now, urgent=alert.urgent):
            found.append(_Told(alert, Why.NEW if alert.told_at is None else Why.MORE))
    return found


def _busy_teams(session: Session, now: datetime) -> set[str]:
    recent = select(AlertMessage.team).where(AlertMessage.created_at > now - _CALM, AlertMessage.urgent.is_(False))
    counted = recent.group_by(AlertMessage.team).having(func.count(AlertMessage.created_at.distinct()) >= _BUSY)
    return set(session.scalars(counted))


def _escalations(session: Session, settings: Alerts, now: datetime, urgent_only: bool) -> list[_Told]:
    """What stands open for longer than the next step of its team's path allows, and nobody has put off until later."""
    row, each = AlertRow, ExceptionRow
    mine = (each.code == row.code, each.cause == row.cause, each.closed_at.is_(None))
    snoozed = each.snoozed_until > now
    awake = or_(each.snoozed_until.is_(None), ~snoozed)
    found = []
    for team in Team:
        policy = settings.team(team.value)
        for level, step in enumerate(policy.escalation):
            before = now - step.after
            # An alert is as old as its first exception. Where that may be snoozed, the age of the others counts.
            due = or_(
                exists().where(*mine, awake, each.opened_at <= before),
                and_(exists().where(*mine, awake), ~exists().where(*mine, snoozed)),
            )
            query = select(row).where(
                row.closed_at.is_(None), row.team == team.value, row.level == level, row.opened_at <= before, due
            )
            if urgent_only:
                query = query.where(row.urgent)
            for alert in session.scalars(query.order_by(row.id)):
                # Once told of: a path begins with the team itself.
                if alert.told_at is not None and policy.may_be_told(now, urgent=alert.urgent):
                    found.append(_Told(alert, Why.ESCALATED, step.channels))
    return found


def _write(session: Session, settings: Alerts, told: Sequence[_Told], now: datetime) -> int:
    if not told:
        return 0
    causes = {(each.row.code, each.row.cause) for each in told}
    figures = {(group.code, group.cause): group for group in groups(session, Filter(open=True), causes)}
    by_channel: dict[tuple[str, str, bool], list[_Told]] = {}
    for each in told:
        for channel in settings.team(each.row.team).channels if each.channels is None else each.channels:
            by_channel.setdefault((each.row.team, channel, each.row.urgent), []).append(each)
    rows = [
        _message(team, channel, urgent, mine, figures, settings, now)
        for (team, channel, urgent), mine in by_channel.items()
    ]
    session.add_all(rows)
    for each in told:
        if each.channels is None:
            each.row.untold, each.row.told_at = 0, now
        else:
            each.row.level += 1
    return len(rows)


def _message(
    team: str,
    channel: str,
    urgent: bool,
    told: Sequence[_Told],
    figures: Mapping[tuple[str, str], Group],
    settings: Alerts,
    now: datetime,
) -> AlertMessage:
    base = settings.console_url
    alerts = [
        _alert(each, group, base)
        for each in told
        if (group := figures.get((each.row.code, each.row.cause))) is not None
    ]
    alerts.sort(key=lambda alert: -alert.units)
    key = _key(channel, now, (each.row.id for each in told))
    link = links.exceptions_of_team(base, team)
    message = Message(key, team, tuple(alerts[:_MOST]), max(0, len(alerts) - _MOST), link)
    return AlertMessage(
        key=key,
        channel=channel,
        team=team,
        urgent=urgent,
        alert_ids=[each.row.id for each in told],
        content=dump(message),
        created_at=now,
    )


def _key(channel: str, now: datetime, alert_ids: Iterable[int]) -> str:
    parts = "\n".join([channel, now.isoformat(), *map(str, sorted(alert_ids))])
    return hashlib.sha256(parts.encode()).hexdigest()[:32]


def _alert(told: _Told, group: Group, base: str | None) -> Alert:
    return Alert(
        code=group.code,
        cause=group.cause,
        team=group.team,
        urgent=group.urgent,
        why=told.why,
        count=group.count,
        added=told.row.untold,
        units=group.units,
        amounts={currency: str(money) for currency, money in sorted(group.money.items())},
        oldest=group.oldest,
        message=group.message,
        way_out=group.way_out,
        link=links.exceptions_of_cause(base, group.code, group.cause),
        runbook=links.runbook(base, group.code),
        unknown=group.unknown,
    )
