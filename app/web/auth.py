"""Bearer tokens of the JSON API."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from http import HTTPStatus

from flask import request

from app.secret import Secret
from app.web.errors import Refusal

_SCHEME = "bearer "


def bearer_check(tokens: Sequence[Secret]) -> Callable[[], None]:
    """A check to run before each request: raises Refusal (401) unless the request carries one of the tokens.

    Every token is compared, each in constant time, so that the answer's time tells nothing.
    """
    known = [token.reveal().encode() for token in tokens]

    def check() -> None:
        header = request.headers.get("Authorization", "")
        given = header[len(_SCHEME) :].strip().encode() if header.lower().startswith(_SCHEME) else b""
        matches = [hmac.compare_digest(given, token) for token in known]
        if not known:
            raise Refusal(HTTPStatus.UNAUTHORIZED, "the API has no tokens: set BRIDGE_API_TOKENS and start again")
        if not given or not any(matches):
            raise Refusal(HTTPStatus.UNAUTHORIZED, "send Authorization: Bearer TOKEN with one of BRIDGE_API_TOKENS")

    return check
