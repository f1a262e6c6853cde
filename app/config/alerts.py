"""``[alerts]``: who is told of exceptions, by which way, when not, and who is told when nobody mends them."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta

from app.domain.alerting import QuietHours, Step, TeamAlerts
from app.domain.blockers import Team
from app.secret import Secret
from app.toml_schema import Problem, Table, near

WEBHOOK, MAIL = "webhook", "mail"
"""The channels that the keys on top of ``[alerts]`` make."""
DAYS = tuple(name.lower() for name in calendar.day_name)
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class AlertChannel:
    """A way by which alerts leave: mail `to` somebody, or the `url` of a chat or webhook. `key` signs what is sent."""

    name: str
    kind: str
    url: Secret | None = None
    key: Secret | None = None
    to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alerts:
    """Whom alerts go to beside the log. `console_url`: where the console is reached, for links.

    `private_hosts`: hosts and networks inside that a channel's URL may name; without them, it must be public.
    """

    console_url: str | None = None
    smtp_url: Secret | None = None
    email_from: str | None = None
    channels: Mapping[str, AlertChannel] = field(default_factory=dict)
    teams: Mapping[str, TeamAlerts] = field(default_factory=dict)
    """Those that have an entry; the others are told by the channels on top."""
    private_hosts: tuple[str, ...] = ()

    def team(self, name: str) -> TeamAlerts:
        """How a team is told."""
        own = self.teams.get(name, TeamAlerts(()))
        common = tuple(channel for channel in (WEBHOOK, MAIL) if channel in self.channels)
        return TeamAlerts(own.channels or common, own.quiet, own.escalation)


def alerts_of(table: Table, secret: Callable[[str | None], Secret | None]) -> Alerts:
    """The settings of a checked table. `secret` gives what an environment variable holds."""
    channels = {
        name: AlertChannel(
            name, entry["kind"], secret(entry.get("url_env")), secret(entry.get("secret_env")), tuple(entry["to"])
        )
        for name, entry in table["channels"].items()
    }
    if table.get("webhook_url_env"):
        url, key = secret(table["webhook_url_env"]), secret(table.get("webhook_secret_env"))
        channels[WEBHOOK] = AlertChannel(WEBHOOK, "webhook", url, key)
    if table["email_to"] and table.get("smtp_url_env"):
        channels[MAIL] = AlertChannel(MAIL, "mail", to=tuple(table["email_to"]))
    return Alerts(
        console_url=table["console_url"].rstrip("/") if "console_url" in table else None,
        smtp_url=secret(table.get("smtp_url_env")),
        email_from=table.get("email_from"),
        channels=channels,
        teams={name: _team(entry) for name, entry in table["teams"].items()},
        private_hosts=tuple(table["private_hosts"]),
    )


def _team(entry: Table) -> TeamAlerts:
    steps = [Step(_duration(after), tuple(channels)) for after, channels in entry["escalation"].items()]
    return TeamAlerts(
        tuple(entry["channels"]), _quiet(entry), tuple(sorted(steps, key=lambda step: (step.after, step.channels)))
    )


def _quiet(entry: Table) -> QuietHours | None:
    if "time_zone" not in entry:
        return None
    begins, ends = (time.fromisoformat(entry[key]) if key in entry else None for key in ("quiet_from", "quiet_until"))
    return QuietHours(entry["time_zone"], begins, ends, frozenset(DAYS.index(day) for day in entry["quiet_days"]))


def _duration(text: str) -> timedelta:
    return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})


def variables_of_alerts(alerts: Table) -> Iterator[tuple[str, str]]:
    """The environment variables that the table names, each with its key."""
    for key in ("webhook_url_env", "webhook_secret_env", "smtp_url_env"):
        if alerts.get(key):
            yield f"alerts.{key}", alerts[key]
    for name, entry in alerts.get("channels", {}).items():
        for key in ("url_env", "secret_env"):
            if entry.get(key):
                yield f"alerts.channels.{name}.{key}", entry[key]


def problems_of_alerts(alerts: Table, file: str) -> Iterator[Problem]:
    """What one key asks of another."""
    channels = alerts.get("channels", {})
    if alerts.get("smtp_url_env") and not alerts.get("email_from"):
        yield Problem(file, "alerts.email_from", "is missing", "smtp_url_env is set: say from whom the mail comes.")
    if alerts.get("smtp_url_env") and not alerts.get("email_to") and not _mails(channels):
        yield Problem(file, "alerts.email_to", "is missing", "smtp_url_env is set: say who gets the mail.")
    for name, entry in channels.items():
        yield from _channel(name, entry, alerts, file)
    known = {*channels, *(name for name, key in ((WEBHOOK, "webhook_url_env"), (MAIL, "email_to")) if alerts.get(key))}
    for name, entry in alerts.get("teams", {}).items():
        yield from _of_team(name, entry, known, file)


def _mails(channels: Table) -> bool:
    return any(entry.get("kind") == "mail" for entry in channels.values())


def _channel(name: str, entry: Table, alerts: Table, file: str) -> Iterator[Problem]:
    path = f"alerts.channels.{name}"
    if name in (WEBHOOK, MAIL):
        yield Problem(file, path, "is the name of the channel on top of [alerts]", "Give it another name.")
    if entry.get("kind") == "mail":
        if not entry.get("to"):
            yield Problem(file, f"{path}.to", "is missing", "Say who gets the mail.")
        if not alerts.get("smtp_url_env"):
            yield Problem(file, "alerts.smtp_url_env", "is missing", f"{path} sends mail: name the mail server.")
    elif entry.get("kind") and not entry.get("url_env"):
        yield Problem(file, f"{path}.url_env", "is missing", "Name the environment variable with the URL.")


def _of_team(name: str, entry: Table, known: set[str], file: str) -> Iterator[Problem]:
    path = f"alerts.teams.{name}"
    teams = [team.value for team in Team]
    if name not in teams:
        yield Problem(file, path, "is no team", near(name, teams))
    named = [(f"{path}.channels", channel) for channel in entry.get("channels", [])]
    for after, channels in entry.get("escalation", {}).items():
        named += [(f"{path}.escalation.{after}", channel) for channel in channels]
    for key, channel in named:
        if channel not in known:
            yield Problem(file, key, f"there is no [alerts.channels.{channel}]", near(channel, sorted(known)))
    for day in entry.get("quiet_days", []):
        if day not in DAYS:
            yield Problem(file, f"{path}.quiet_days", f"{day!r} is no day", near(day, DAYS))
    if ("quiet_from" in entry) != ("quiet_until" in entry):
        yield Problem(file, path, "has one end of its quiet hours", "Give both quiet_from and quiet_until.")
    if ("quiet_from" in entry or entry.get("quiet_days")) and "time_zone" not in entry:
        yield Problem(file, f"{path}.time_zone", "is missing", "Quiet hours are hours of the team's own time zone.")
