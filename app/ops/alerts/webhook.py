"""A generic webhook: JSON, signed as the bridge's own messages are, with an idempotency key."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence

from app.ops.alerts.http import post
from app.ops.alerts.message import Alert, Message
from app.reveni.signature import WAREHOUSE_HEADER, sign
from app.secret import Secret


class Webhook:
    """A URL that takes messages as JSON by POST.

    `Idempotency-Key` is the same when a message is sent again. With a key, `X-BRIDGE-SIGNATURE` holds time and
    HMAC-SHA256 (`app.reveni.signature`), as on the messages of a warehouse.
    """

    def __init__(
        self,
        name: str,
        url: Secret,
        key: Secret | None,
        private_hosts: Sequence[str] = (),
        now: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self._url, self._key, self._private_hosts, self._now = url, key, private_hosts, now

    def deliver(self, message: Message) -> None:
        """Post it."""
        body = json.dumps(as_json(message), ensure_ascii=False).encode()
        headers = {"Idempotency-Key": message.key}
        if self._key is not None:
            headers[WAREHOUSE_HEADER] = sign(body, self._key, self._now())
        post(self._url, body, headers, self._private_hosts)


def as_json(message: Message) -> dict[str, object]:
    """The message as a webhook gets it. `text` is what a person reads."""
    lines = [message.title, *(f"{alert.message} {alert.way_out}" for alert in message.alerts), message.rest]
    return {
        "id": message.key,
        "text": "\n".join(line for line in lines if line),
        "team": message.team,
        "urgent": message.urgent,
        "link": message.link,
        "alerts": [_alert(alert) for alert in message.alerts],
        "further": message.further,
    }


def _alert(alert: Alert) -> dict[str, object]:
    return {
        "code": alert.code,
        "cause": alert.cause,
        "team": alert.team,
        "urgent": alert.urgent,
        "why": alert.why.value,
        "count": alert.count,
        "added": alert.added,
        "units": alert.units,
        "amounts": dict(alert.amounts),
        "unknown_amounts": alert.unknown,
        "oldest": alert.oldest.isoformat(),
        "message": alert.message,
        "way_out": alert.way_out,
        "link": alert.link,
        "runbook": alert.runbook,
    }
