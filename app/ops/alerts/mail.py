"""E-mail by SMTP."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from app.ops.alerts.message import Alert, Message, NotDelivered
from app.secret import Secret

_SECONDS = 8.0


class Mail:
    """E-mail by ``smtp://user:password@host:port`` (STARTTLS where it is offered) or ``smtps://``.

    The `Message-ID` is the same when a message is sent again, so that mail programs show it once.
    """

    def __init__(self, name: str, url: Secret, sender: str, recipients: Sequence[str]) -> None:
        self.name = name
        self._url = url
        self._sender = sender
        self._recipients = list(recipients)

    def deliver(self, message: Message) -> None:
        """Hand it to the mail server."""
        try:
            with self._connect() as server:
                server.send_message(self._letter(message))
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise NotDelivered(type(error).__name__) from None

    def _connect(self) -> smtplib.SMTP:
        url = urlsplit(self._url.reveal())
        host, tls = url.hostname or "localhost", ssl.create_default_context()
        server: smtplib.SMTP
        if url.scheme == "smtps":
            server = smtplib.SMTP_SSL(host, url.port or 465, timeout=_SECONDS, context=tls)
        else:
            server = smtplib.SMTP(host, url.port or 25, timeout=_SECONDS)
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

    def _letter(self, message: Message) -> EmailMessage:
        letter = EmailMessage()
        # A cause may hold what others wrote: a line break in it must not begin a header.
        letter["Subject"] = " ".join(f"[bridge] {message.title}".split())
        letter["From"] = self._sender
        letter["To"] = ", ".join(self._recipients)
        letter["Message-ID"] = f"<{message.key}@bridge.invalid>"
        parts = ["" if len(message.alerts) == 1 else message.title, *map(_paragraph, message.alerts), message.rest]
        parts.append("" if len(message.alerts) == 1 else message.link or "")
        letter.set_content("\n\n".join(part for part in parts if part) + "\n")
        return letter


def _paragraph(alert: Alert) -> str:
    lines = [
        alert.title,
        alert.message,
        f"Cause: {alert.cause}",
        f"Since: {alert.oldest:%Y-%m-%d %H:%M} UTC",
        f"What to do: {alert.way_out}",
        f"Open: {alert.link}" if alert.link else "",
        f"Runbook: {alert.runbook}" if alert.runbook else "",
    ]
    return "\n".join(line for line in lines if line)
