"""Lets schemathesis sign what it sends to the receiver, so that what lies behind the signature is asked too."""

from __future__ import annotations

import time
from typing import Any

import requests
import schemathesis
from requests.auth import AuthBase
from schemathesis import Case, HookContext

from app.reveni.signature import WAREHOUSE_HEADER, sign
from app.secret import Secret
from tests.support.configuration import ENVIRON

PLACEHOLDER = "sign-here"
_SIMPLEST, _KNOWN = "0", {"store": "es", "site": "madrid"}
_KEYS = {"X-REVENI-SIGNATURE": ENVIRON["REVENI_ES"], WAREHOUSE_HEADER: ENVIRON["WMS_MADRID"]}


class _Signature(AuthBase):
    """Signs the body as it goes out."""

    def __init__(self, header: str) -> None:
        self._header = header

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        raw = body if isinstance(body, bytes) else body.encode()
        request.headers[self._header] = sign(raw, Secret(_KEYS[self._header]), time.time())
        return request


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Sign where the configuration wants it; what schemathesis leaves unsigned or signs badly stays so."""
    for part, name in _KNOWN.items():
        # Its first choice of a name, which stands for all that it tries elsewhere, is one that there is.
        if case.path_parameters.get(part) == _SIMPLEST:
            case.path_parameters[part] = name
    for header in _KEYS:
        if case.headers and case.headers.get(header) == PLACEHOLDER:
            kwargs["auth"] = _Signature(header)
