"""Chat services: Slack's incoming webhooks, and the webhooks of Teams' workflows (an adaptive card)."""

from __future__ import annotations

import json
from collections.abc import Sequence

from app.ops.alerts.http import post
from app.ops.alerts.message import Alert, Message
from app.secret import Secret

_LONGEST = 2900
"""Characters of one Slack section; Slack takes 3,000."""


class Slack:
    """An incoming webhook of Slack: a header and a section for each thing to mend."""

    def __init__(self, name: str, url: Secret, private_hosts: Sequence[str] = ()) -> None:
        self.name = name
        self._url, self._private_hosts = url, private_hosts

    def deliver(self, message: Message) -> None:
        """Post it."""
        blocks = [_section(f"*{_escaped(message.title)}*")]
        blocks += [_section(_told(alert, several=len(message.alerts) > 1)) for alert in message.alerts]
        if message.rest:
            blocks.append(_section(_slack_link(message.link, message.rest) or _escaped(message.rest)))
        body = {"text": _escaped(message.title), "blocks": blocks}
        data = json.dumps(body, ensure_ascii=False).encode()
        post(self._url, data, {"Idempotency-Key": message.key}, self._private_hosts)


class Teams:
    """A webhook of a Teams workflow ("post to a channel when a webhook request is received")."""

    def __init__(self, name: str, url: Secret, private_hosts: Sequence[str] = ()) -> None:
        self.name = name
        self._url, self._private_hosts = url, private_hosts

    def deliver(self, message: Message) -> None:
        """Post it."""
        body = {
            "type": "message",
            "attachments": [
                {
                    "contentType": "application/vnd.microsoft.card.adaptive",
                    "contentUrl": None,
                    "content": _card(message),
                }
            ],
        }
        data = json.dumps(body, ensure_ascii=False).encode()
        post(self._url, data, {"Idempotency-Key": message.key}, self._private_hosts)


def _section(text: str) -> dict[str, object]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:_LONGEST]}}


def _told(alert: Alert, *, several: bool) -> str:
    links = [_slack_link(alert.link, "Open"), _slack_link(alert.runbook, "Runbook")]
    lines = [
        f"*{_escaped(alert.title)}*" if several else "",
        _escaped(alert.message),
        f"_{_escaped(alert.way_out)}_",
        " · ".join(link for link in links if link),
    ]
    return "\n".join(line for line in lines if line)


def _slack_link(url: str | None, text: str) -> str:
    return f"<{_escaped(url)}|{_escaped(text)}>" if url else ""


def _escaped(text: str) -> str:
    # What Slack asks for; without it a text could mention everybody of a channel.
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _card(message: Message) -> dict[str, object]:
    body = [_text(message.title, weight="Bolder", size="Medium")]
    actions = [_open("Open", message.link)] if message.link and len(message.alerts) > 1 else []
    for alert in message.alerts:
        if len(message.alerts) > 1:
            body.append(_text(alert.title, weight="Bolder"))
        else:
            actions += [_open(title, url) for title, url in (("Open", alert.link), ("Runbook", alert.runbook)) if url]
        body += [_text(alert.message), _text(alert.way_out, isSubtle=True)]
    if message.rest:
        body.append(_text(message.rest))
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "actions": actions,
    }


def _text(text: str, **style: object) -> dict[str, object]:
    # A text block of a card is Markdown: a backslash keeps what a cause holds from being taken for it.
    plain = "".join(f"\\{letter}" if letter in "\\*_[]()`~" else letter for letter in text)
    return {"type": "TextBlock", "text": plain, "wrap": True, **style}


def _open(title: str, url: str) -> dict[str, object]:
    return {"type": "Action.OpenUrl", "title": title, "url": url}
