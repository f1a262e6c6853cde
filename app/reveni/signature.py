"""Signatures of webhooks: Reveni's and, by the same scheme, the warehouses' (facts, grade A).

``X-REVENI-SIGNATURE: t=1654594965.749773,v1=<64 hex>``: HMAC-SHA256 over ``<t exactly as received>.<raw body>``, keyed
with the store's API key (or the site's secret). Several `v1` may stand in one header while a key rotates; other schemes
are ignored.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from datetime import timedelta

from app.secret import Secret

WAREHOUSE_HEADER = "X-BRIDGE-SIGNATURE"
"""The header of a warehouse's signature; Reveni's own stands in its profile."""
_TIME = re.compile(r"\d{1,12}(\.\d{1,20})?", re.ASCII)


class BadSignature(Exception):
    """A message that nobody known has signed. The text never holds the signature or a key."""


class SignatureMissing(BadSignature):
    """The header is not there."""


class SignatureUnreadable(BadSignature):
    """The header has no readable time, or no signature of the scheme v1."""


class SignatureExpired(BadSignature):
    """The time of the signature lies outside the tolerance."""


class SignatureWrong(BadSignature):
    """No key that is known here made the signature over this body."""


def verify(header: str | None, body: bytes, keys: Iterable[Secret], tolerance: timedelta, now: float) -> None:
    """Check that one of `keys` signed `body` at a time not farther than `tolerance` from `now` (unix seconds).

    Raises SignatureMissing, SignatureUnreadable, SignatureWrong or SignatureExpired, in this order. Comparing takes
    the same time whatever is wrong with a signature.
    """
    if not header:
        raise SignatureMissing("there is no signature")
    text, signatures = _parts(header)
    expected = [_digest(key, text, body) for key in keys]
    fits = [
        hmac.compare_digest(known, given.encode(errors="surrogatepass")) for known in expected for given in signatures
    ]
    if not any(fits):
        raise SignatureWrong("the signature was not made with a key of this address")
    if abs(now - float(text)) > tolerance.total_seconds():
        raise SignatureExpired("the signature's time is outside the tolerance")


def sign(body: bytes, key: Secret, now: float) -> str:
    """The header for a body, signed at `now` (unix seconds)."""
    text = f"{now:.6f}"
    return f"t={text},v1={_digest(key, text, body).decode()}"


def _parts(header: str) -> tuple[str, list[str]]:
    times: list[str] = []
    signatures: list[str] = []
    for part in header.split(","):
        scheme, _, value = part.strip().partition("=")
        if scheme == "t":
            times.append(value)
        elif scheme == "v1":
            signatures.append(value)
    if len(times) != 1 or not _TIME.fullmatch(times[0]):
        raise SignatureUnreadable("the signature has no readable time")
    if not signatures:
        raise SignatureUnreadable("the signature has no v1")
    return times[0], signatures


def _digest(key: Secret, text: str, body: bytes) -> bytes:
    return hmac.digest(key.reveal().encode(), text.encode() + b"." + body, "sha256").hex().encode()
