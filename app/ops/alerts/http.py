"""The one place where an alert's HTTP call is made."""

from __future__ import annotations

from collections.abc import Mapping

import requests

from app.ops.alerts.message import NotDelivered
from app.secret import Secret

_SECONDS = (3.0, 5.0)


def post(url: Secret, body: bytes, headers: Mapping[str, str]) -> None:
    """Post JSON; any 2xx is delivered, and no redirect is followed. Raises NotDelivered."""
    try:
        # The body of the answer is nobody's concern: it is not even read.
        with requests.post(
            url.reveal(),
            data=body,
            headers={"Content-Type": "application/json", **headers},
            timeout=_SECONDS,
            allow_redirects=False,
            stream=True,
        ) as answer:
            status = answer.status_code
    except (requests.RequestException, ValueError) as error:
        raise NotDelivered(type(error).__name__) from None
    if not 200 <= status < 300:
        raise NotDelivered(f"HTTP {status}")
