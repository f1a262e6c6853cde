"""Somebody in logistics at the console's receiving station: signs in, scans, counts, grades, sends the form.

The page's own forms are filled in, over HTTP, as a browser without JavaScript would do it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http import HTTPStatus
from typing import cast

import requests

_TIMEOUT = 10.0
_SIGN_IN = "/console/sign-in"
_FOR_NOW = (
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)


class NotReceived(RuntimeError):
    """The console does not let this person in, or does not take the form, and would not a moment later either."""


@dataclass(frozen=True, slots=True)
class Login:
    """An account of the console."""

    name: str
    password: str = field(repr=False)


class Station:
    """The receiving stations of a console, and the person in front of them. May be used by several threads."""

    def __init__(self, receiver: str, login: Login) -> None:
        self._receiver = receiver
        self._login = login
        self._local = threading.local()
        self._keys: dict[str, str] = {}

    def receive(self, site: str, receipt_id: str, reference: str, lines: Sequence[tuple[str, int, str]]) -> bool:
        """Enter (code, units, grade) of a parcel; False when it is not certain that it was stored: enter it again.

        Entered again under the same id it is the same receipt. Raises NotReceived.
        """
        try:
            return self._receive(f"/console/station/{site}", receipt_id, reference, lines)
        except requests.RequestException:
            return False

    def _receive(self, path: str, receipt_id: str, reference: str, lines: Sequence[tuple[str, int, str]]) -> bool:
        page = self._open(path, {"reference": reference})
        if page is None:
            return False
        # The form of the first try bears the key by which the bridge knows this receipt.
        key = self._keys.setdefault(receipt_id, page["key"])
        form: dict[str, str | list[str]] = {
            **page,
            "key": key,
            "reference": reference,
            "code": [code for code, *_ in lines],
            "units": [str(units) for _, units, _ in lines],
            "grade": [grade for *_, grade in lines],
            "remark": ["" for _ in lines],
        }
        return self._send(path, form) == f"{path}/{key}"

    def _open(self, path: str, query: Mapping[str, str]) -> dict[str, str] | None:
        """The hidden fields of the form that a page sends to itself; None when there is no page for now.

        Signs in where that is asked for.
        """
        answer = self._session.get(f"{self._receiver}{path}", params=query, timeout=_TIMEOUT, allow_redirects=False)
        if _leads_to(answer).startswith(_SIGN_IN):
            if not self._sign_in():
                return None
            answer = self._session.get(f"{self._receiver}{path}", params=query, timeout=_TIMEOUT, allow_redirects=False)
        if not self._good(answer):
            return None
        return _hidden_fields(answer.text, path)

    def _sign_in(self) -> bool:
        answer = self._session.get(f"{self._receiver}{_SIGN_IN}", timeout=_TIMEOUT)
        if not self._good(answer):
            return False
        form = {**_hidden_fields(answer.text, _SIGN_IN), "login": self._login.name, "password": self._login.password}
        return self._send(_SIGN_IN, form) is not None

    def _send(self, path: str, form: Mapping[str, str | list[str]]) -> str | None:
        """Where a form leads when it was taken; None when it is not certain that it was."""
        url = f"{self._receiver}{path}"
        answer = self._session.post(url, data=form, timeout=_TIMEOUT, allow_redirects=False)
        return _leads_to(answer) if self._good(answer) else None

    def _good(self, answer: requests.Response) -> bool:
        """Whether it is the answer that was asked for; False when it may be a moment later. Raises NotReceived."""
        if answer.status_code in _FOR_NOW:
            return False
        if answer.ok:
            return True
        # What a page says of a mistake stands in it; the demo's person makes none.
        raise NotReceived(f"{answer.request.method} {answer.url} answers {answer.status_code}")

    @property
    def _session(self) -> requests.Session:
        """A browser for each thread: a session is not to be shared."""
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
            self._local.session.trust_env = False
            self._local.session.headers["Accept"] = "text/html"
        return cast(requests.Session, self._local.session)


def _leads_to(answer: requests.Response) -> str:
    return answer.headers.get("Location", "") if answer.is_redirect else ""


class _Form(HTMLParser):
    """The hidden fields of the form that a page sends to an address."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self._action = action
        self._inside = False
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes the form, and what is hidden in it."""
        given = dict(attrs)
        if tag == "form":
            self._inside = (given.get("method"), given.get("action")) == ("post", self._action)
        if tag == "input" and self._inside and given.get("type") == "hidden" and (name := given.get("name")):
            self.fields[name] = given.get("value") or ""


def _hidden_fields(page: str, action: str) -> dict[str, str]:
    parser = _Form(action)
    parser.feed(page)
    return parser.fields
