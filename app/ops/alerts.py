"""Ways by which an alert leaves the bridge: the log, a webhook, e-mail."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Protocol
from urllib.parse import unquote, urlsplit

import requests
import structlog

from app.secret import Secret

_HTTP_SECONDS = (3.0, 5.0)
_SMTP_SECONDS = 8.0

log = structlog.get_logger(__name__)


class NotDelivered(Exception):
    """An alert that did not get through. The text never holds the address it went to: that can be a secret."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to mend, however many returns it holds up. `amounts`: decimal text per currency. No personal data."""

    code: str
    cause: str
    team: str
    urgent: bool
    count: int
    units: int
    amounts: Mapping[str, str]
    oldest: datetime
    message: str
    way_out: str

    @property
    def title(self) -> str:
        """The alert in one line."""
        returns = "1 exception" if self.count == 1 else f"{self.count} exceptions"
        money = "".join(f", {amount} {currency}" for currency, amount in self.amounts.items())
        return f"{'URGENT: ' if self.urgent else ''}{self.code} ({self.team}): {returns}, {self.units} units{money}"

    def as_json(self) -> dict[str, object]:
        """The alert as a webhook gets it. `text` is what chat services show."""
        return {
            "text": f"{self.title}\n{self.message}\n{self.way_out}",
            "code": self.code,
            "cause": self.cause,
            "team": self.team,
            "urgent": self.urgent,
            "count": self.count,
            "units": self.units,
            "amounts": dict(self.amounts),
            "oldest": self.oldest.isoformat(),
            "message": self.message,
            "way_out": self.way_out,
        }


class Channel(Protocol):
    """A way out. `name` says in the log which one it is."""

    name: str

    def deliver(self, alert: Alert) -> None:
        """Get the alert through, in bounded time. Raises NotDelivered."""


class Log:
    """The log: always there, and never away."""

    name = "log"

    def deliver(self, alert: Alert) -> None:
        """Write one line."""
        log.warning(
            "exception",
            code=alert.code,
            cause=alert.cause,
            team=alert.team,
            urgent=alert.urgent,
            count=alert.count,
            units=alert.units,
            amounts=dict(alert.amounts),
            reason=alert.message,
            way_out=alert.way_out,
        )


class Webhook:
    """A URL that takes alerts as JSON by POST; any 2xx is delivered."""

    name = "webhook"

    def __init__(self, url: Secret) -> None:
        self._url = url

    def deliver(self, alert: Alert) -> None:
        """Post it."""
        try:
            # The body of the answer is nobody's concern: it is not even read.
            with requests.post(
                self._url.reveal(), json=alert.as_json(), timeout=_HTTP_SECONDS, allow_redirects=False, stream=True
            ) as answer:
                status = answer.status_code
        except (requests.RequestException, ValueError) as error:
            raise NotDelivered(type(error).__name__) from None
        if not 200 <= status < 300:
            raise NotDelivered(f"HTTP {status}")


class Mail:
    """E-mail by ``smtp://user:password@host:port`` (STARTTLS where it is offered) or ``smtps://``."""

    name = "mail"

    def __init__(self, url: Secret, sender: str, recipients: Sequence[str]) -> None:
        self._url = url
        self._sender = sender
        self._recipients = list(recipients)

    def deliver(self, alert: Alert) -> None:
        """Hand it to the mail server."""
        try:
            with self._connect() as server:
                server.send_message(self._letter(alert))
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise NotDelivered(type(error).__name__) from None

    def _connect(self) -> smtplib.SMTP:
        url = urlsplit(self._url.reveal())
        host, tls = url.hostname or "localhost", ssl.create_default_context()
        server: smtplib.SMTP
        if url.scheme == "smtps":
            server = smtplib.SMTP_SSL(host, url.port or 465, timeout=_SMTP_SECONDS, context=tls)
        else:
            server = smtplib.SMTP(host, url.port or 25, timeout=_SMTP_SECONDS)
        try:
            server.ehlo()
            if url.scheme != "smtps" and server.has_extn("starttls"):
                server.starttls(context=tls)
                server.ehlo()
            if url.username:
                server.login(unquote(url.username), unquote(url.password or ""))
        except (smtplib.SMTPException, OSError):
            server.close()
            raise
        return server

    def _letter(self, alert: Alert) -> EmailMessage:
        letter = EmailMessage()
        letter["Subject"] = f"[bridge] {alert.title}"
        letter["From"] = self._sender
        letter["To"] = ", ".join(self._recipients)
        letter.set_content(
            f"{alert.title}\n\n{alert.message}\n\nCause: {alert.cause}\nSince: {alert.oldest:%Y-%m-%d %H:%M} UTC\n\n"
            f"What to do: {alert.way_out}\n"
        )
        return letter
