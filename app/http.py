"""HTTP to another system: one client class, one bounded call, one reading of how a call ended.

What an answer means follows the contract's rule of certain and doubtful answers (`app.calls`). It is urllib3 itself,
not requests on top of it: a call costs less processor time, and the errors say plainly whether anything was sent.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    EmptyPoolError,
    HTTPError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
)

from app import exact_json
from app.calls import Doubtful, Refused, TryLater, Unauthorised
from app.connections import fenced, time_left, trust, was_kept, within
from app.wire import printable

LARGEST_BODY = 32 * 1024 * 1024
"""Bytes of the largest answer that is read; a longer one is doubtful."""
_CHUNK = 64 * 1024
_LONGEST_WAIT = timedelta(days=1)
_LONGEST_REASON = 100
"""Characters of a code, or of the name of a field, that are kept."""
_REFUSALS = frozenset({400, 404, 409, 422})
_WITH_A_REASON = frozenset({400, 409, 422})
"""Refusals after which it matters why: nothing was made, and the same call again says it."""
_CERTAIN = _REFUSALS | {401, 403, 423, 429}
"""Statuses that say by themselves that nothing was made, whatever their body is (contract)."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What the body of an error says; empty where it says nothing."""

    code: str = ""
    message: str = ""
    field: str | None = None


class _Unreadable(Exception):
    """An answer whose body could not be had, or is not JSON."""


Gate = Callable[[str, float], AbstractContextManager[None]]
"""What a call goes through, by its name and the seconds it may take: raises TryLater (`paused`) or sees its end."""


def open_gate(_name: str, _seconds: float) -> AbstractContextManager[None]:
    """A gate that lets everything pass."""
    return nullcontext()


class HttpClient:
    """Calls one system. Safe to use from several threads; made once per process, after a fork.

    `call` raises `Refused`, `Unauthorised`, `TryLater` or `Doubtful`. At most `calls_at_a_time` connections are open,
    kept alive; a further call waits for one. Nothing that writes is ever sent twice: urllib3's retries are off,
    redirects are not followed. A GET is asked once more when the connection that was kept alive turns out to be closed:
    the other side may close it after any answer (RFC 9112, 9.3.1). TLS is verified; REQUESTS_CA_BUNDLE and the proxy
    variables are honoured.
    """

    def __init__(
        self,
        system: str,
        base_url: str,
        *,
        timeout: timedelta,
        calls_at_a_time: int,
        read_fault: Callable[[object], Fault],
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        secrets: tuple[str, ...] = (),
        gate: Gate = open_gate,
    ) -> None:
        self._system = system
        self._base_url = base_url.rstrip("/")
        self._timeout = timeout.total_seconds()
        self._read_fault = read_fault
        self._gate = gate
        self._query = dict(query or {})
        self._secrets = tuple(secret for secret in secrets if secret)
        self._headers = {"Accept": "application/json", "Accept-Encoding": "gzip", **(headers or {})}
        self._manager = _manager(self._base_url, calls_at_a_time)

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> object:
        """Make one call; the JSON of its 2xx answer (None when that has no body), numbers with a point as Decimal."""
        name = f"{self._system} {method} {path}"
        # A wait at the gate is part of the call's time: whoever holds a lease counts on that.
        with within(self._timeout), self._gate(name, self._timeout):
            return self._call(name, method, path, query, body, headers)

    def _call(
        self,
        name: str,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: object,
        headers: Mapping[str, str] | None,
    ) -> object:
        sent = self._headers | dict(headers or {})
        data = None
        if body is not None:
            data = json.dumps(body, ensure_ascii=False).encode()
            sent["Content-Type"] = "application/json"
        url = f"{self._base_url}{path}?{urlencode({**(query or {}), **self._query})}".rstrip("?")
        try:
            response = self._open(method, url, data, sent)
        except HTTPError as error:
            if method != "GET" or not _closed_meanwhile(error):
                _raise_for(name, error)
            try:
                response = self._open(method, url, data, sent)
            except HTTPError as again:
                _raise_for(name, again)
        return self._answer(name, response)

    def _open(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        left = max(time_left(), 0.001)
        return self._manager.urlopen(
            method,
            url,
            body=body,
            headers=headers,
            timeout=urllib3.Timeout(total=left),
            pool_timeout=left,
            redirect=False,
            preload_content=False,
        )

    def close(self) -> None:
        """Close all connections."""
        self._manager.clear()

    def _answer(self, name: str, response: urllib3.BaseHTTPResponse) -> object:
        status = response.status
        try:
            parsed = _parse(_read(response))
        except _Unreadable as error:
            if status not in _CERTAIN:
                raise Doubtful(name, f"status {status}, {error}", status) from None
            if status in _WITH_A_REASON:
                raise TryLater(name, "garbled") from None
            parsed = None
        if 200 <= status < 300:
            return parsed
        fault = self._read_fault(parsed)
        code = self._public(fault.code)[:_LONGEST_REASON] or f"HTTP_{status}"
        retry_after = parse_retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
        if status in (401, 403):
            raise Unauthorised(name, status, code, self._public(fault.message))
        if status == 423:
            raise TryLater(name, "locked", retry_after)
        if status == 429:
            raise TryLater(name, "throttled", retry_after)
        if status == 503 and code == "PROCESSING":
            raise TryLater(name, "processing", retry_after)
        if status in _REFUSALS:
            field = self._public(fault.field)[:_LONGEST_REASON] if fault.field else None
            raise Refused(name, status, code, self._public(fault.message), field)
        raise Doubtful(name, f"status {status}", status)

    def _public(self, message: str) -> str:
        """The other side's words, without what must not be in a log: our secrets and e-mail addresses.

        Nor with what no column of text holds: what cannot be printed is a question mark.
        """
        for secret in self._secrets:
            message = message.replace(secret, "***")
        words = ("***" if "@" in word else word for word in message.split())
        return printable(" ".join(words))[:300]


def parse_retry_after(text: str | None, now: datetime) -> timedelta | None:
    """The wait that a Retry-After header asks for: seconds or an HTTP date; None when there is none to be read."""
    if text is None:
        return None
    try:
        wait = timedelta(seconds=int(text)) if text.strip().isdigit() else _as_utc(parsedate_to_datetime(text)) - now
    except (ValueError, OverflowError):
        return None
    return min(max(wait, timedelta(0)), _LONGEST_WAIT)


def _as_utc(moment: datetime) -> datetime:
    # An HTTP date is in GMT, also where it says "-0000" and Python therefore leaves the zone out.
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _manager(base_url: str, connections: int) -> urllib3.PoolManager:
    settings: dict[str, Any] = {
        "num_pools": 1,
        "maxsize": connections,
        "block": True,
        "retries": False,
        **trust(),
    }
    url = urlsplit(base_url)
    proxy = None if proxy_bypass(url.hostname or "") else getproxies().get(url.scheme)
    if proxy is None:
        return fenced(urllib3.PoolManager(**settings))
    user = urlsplit(proxy)
    login = urllib3.make_headers(proxy_basic_auth=f"{user.username}:{user.password}") if user.username else None
    return fenced(urllib3.ProxyManager(proxy, proxy_headers=login, **settings))


def _read(response: urllib3.BaseHTTPResponse) -> bytes:
    chunks: list[bytes] = []
    size = 0
    try:
        while chunk := response.read1(_CHUNK, decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if size > LARGEST_BODY:
                raise _Unreadable("a body that is too large")
    except ReadTimeoutError:
        response.close()
        raise _Unreadable("the body took too long") from None
    except HTTPError as error:
        response.close()
        raise _Unreadable(f"the body was cut ({type(error).__name__})") from None
    except _Unreadable:
        response.close()
        raise
    finally:
        # Closed or not, its place among the connections is free again.
        response.release_conn()
    return b"".join(chunks)


def _parse(body: bytes) -> object:
    if not body.strip():
        return None
    try:
        return exact_json.loads(body)
    except ValueError:
        raise _Unreadable("a body that is not JSON") from None


def _closed_meanwhile(error: HTTPError) -> bool:
    """Whether a connection that was kept alive ended before a byte of the answer came."""
    ended = isinstance(error, urllib3.exceptions.ProtocolError) and isinstance(error.args[-1], ConnectionError)
    return ended and was_kept()


def _raise_for(name: str, error: HTTPError) -> NoReturn:
    # The text of the error holds the URL, and the URL a secret: only its type is told.
    if isinstance(error, EmptyPoolError):
        # All its time went by while other calls held the connections: nothing was sent.
        raise TryLater(name, "paused") from None
    if _never_connected(error):
        raise TryLater(name, "unreachable") from None
    if isinstance(error, urllib3.exceptions.TimeoutError):
        raise Doubtful(name, "no answer in time") from None
    raise Doubtful(name, f"the connection was cut ({type(error).__name__})") from None


def _never_connected(error: HTTPError) -> bool:
    """Whether the request certainly never left: refused, unresolved, no trust, no proxy."""
    if isinstance(error, urllib3.exceptions.SSLError):
        return any(isinstance(part, ssl.SSLCertVerificationError) for part in error.args)
    return isinstance(error, ConnectTimeoutError | NewConnectionError | ProxyError)
