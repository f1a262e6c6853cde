"""The signature of a webhook, as Reveni describes it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

HEADER = "X-REVENI-SIGNATURE"


def sign(keys: Iterable[str], at: str, body: bytes) -> str:
    """The header of a body sent at `at` (unix seconds with a fraction): one ``v1`` for each key, while a key rotates.

    ``v1`` is HMAC-SHA256 in hex over ``<at>.<body>``, keyed with the store's API key.
    """
    message = at.encode() + b"." + body
    marks = (hmac.new(key.encode(), message, hashlib.sha256).hexdigest() for key in keys)
    return ",".join([f"t={at}", *(f"v1={mark}" for mark in marks)])
