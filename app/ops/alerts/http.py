"""The one place where an alert's HTTP call is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from app.connections import Pool, TlsPool, fenced, trust, within
from app.ops.alerts.address import addresses_of
from app.ops.alerts.message import NotDelivered
from app.secret import Secret

_TIMEOUT = urllib3.Timeout(connect=3.0, read=5.0)
_SECONDS = 10.0
"""What all of a call may take, whichever of the addresses answers: one that trickles must not hold up the others."""
_PORTS = {"http": 80, "https": 443}


def post(url: Secret, body: bytes, headers: Mapping[str, str], private_hosts: Sequence[str] = ()) -> None:
    """Post JSON; any 2xx is delivered, and no redirect is followed. Raises NotDelivered.

    The host is resolved once, its addresses are checked (`addresses_of`), and the call goes to a checked one: a name
    that means something else a moment later changes nothing. TLS is verified for the name.
    """
    try:
        parts = urlsplit(url.reveal())
        port = parts.port or _PORTS.get(parts.scheme, 0)
        host = (parts.hostname or "").encode("idna").decode()
    except ValueError:
        raise NotDelivered("the URL cannot be read") from None
    if not port or not host:
        raise NotDelivered("the URL is none of http or https")
    sent = {"Content-Type": "application/json", "Host": parts.netloc.rpartition("@")[2], **headers, **_login(parts)}
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    addresses = addresses_of(host, port, private_hosts)
    proxy = None if proxy_bypass(host) else getproxies().get(parts.scheme)
    with within(_SECONDS):
        if proxy is not None:
            with fenced(urllib3.ProxyManager(proxy, retries=False, **trust())) as manager:
                _expect_taken(manager.connection_from_host(host, port, parts.scheme), url.reveal(), body, sent)
            return
        for last, address in [(address == addresses[-1], address) for address in addresses]:
            try:
                with _pool(parts.scheme, address, port, host) as pool:
                    _expect_taken(pool, target, body, sent)
                return
            except _NotReached:
                if last:
                    raise


class _NotReached(NotDelivered):
    """Nobody answers at this address; another of the same host may."""


def _expect_taken(pool: urllib3.HTTPConnectionPool, target: str, body: bytes, headers: Mapping[str, str]) -> None:
    try:
        # The body of the answer is nobody's concern: it is not even read.
        answer = pool.urlopen(
            "POST", target, body=body, headers=headers, redirect=False, preload_content=False, timeout=_TIMEOUT
        )
        answer.close()
    except (ConnectTimeoutError, NewConnectionError) as error:
        raise _NotReached(type(error).__name__) from None
    except (HTTPError, ValueError) as error:
        raise NotDelivered(type(error).__name__) from None
    if not 200 <= answer.status < 300:
        raise NotDelivered(f"HTTP {answer.status}")


def _pool(scheme: str, address: str, port: int, host: str) -> urllib3.HTTPConnectionPool:
    if scheme == "http":
        return Pool(address, port, retries=False)
    return TlsPool(address, port, retries=False, server_hostname=host, assert_hostname=host, **trust())


def _login(parts: SplitResult) -> dict[str, str]:
    if parts.username is None:
        return {}
    return dict(urllib3.make_headers(basic_auth=f"{unquote(parts.username)}:{unquote(parts.password or '')}"))
