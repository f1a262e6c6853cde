"""Connections to other systems: every wait on one ends with its call's time, and every write asks whether it still may.

urllib3's own, made to do so; TLS is verified. What a call means, and how it ended, is `app.http`'s.
"""

from __future__ import annotations

import http.client
import io
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import certifi
import urllib3

from app.calls import TooLate

_RECORD = 16 * 1024

_in_time: ContextVar[Callable[[], bool] | None] = ContextVar("in_time", default=None)


@contextmanager
def sent_while(in_time: Callable[[], bool]) -> Iterator[None]:
    """Send what is called in here only while this is true; asked last when the connection stands and is written to.

    Headers and body go out one after the other, so that a call of which only the headers left is no call. Raises
    TooLate instead of sending.
    """
    token = _in_time.set(in_time)
    try:
        yield
    finally:
        _in_time.reset(token)


_kept: ContextVar[bool] = ContextVar("kept", default=False)
"""Whether the call's last write went to a connection that stood already."""
_deadline: ContextVar[float] = ContextVar("deadline")
"""When the call must be over, on the monotonic clock: whatever it waits for on its connection ends then."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let what is called in here on connections of this module's pools be over after so many seconds."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def time_left() -> float:
    """Seconds that are left of the call's time; none, or fewer, when it is over."""
    return _deadline.get() - time.monotonic()


def _seconds_left() -> float:
    """What a socket may wait for at most. Raises TimeoutError when there is no time left."""
    left = time_left()
    if left <= 0:
        raise TimeoutError("the call's time is over")
    return left


def was_kept() -> bool:
    """Whether the call's last write went to a connection that stood already."""
    return _kept.get()


class _Wire(io.RawIOBase):
    """What comes from a socket, for as long as the call may take.

    A socket's own timeout begins anew with every byte: a server that trickles would hold a call for ever.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override]
        self._sock.settimeout(_seconds_left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_Wire(sock))


class _Fenced(http.client.HTTPConnection):
    """Asks right before every write to the wire: a process may be frozen at any moment, for any time.

    Connecting, the handshake, headers and body together take no longer than the call may.
    """

    response_class = _Response

    def send(self, data: Any) -> None:
        _kept.set(self.sock is not None)
        if self.sock is None:
            self.connect()
        in_time = _in_time.get()
        for part in _parts(data):
            if in_time is not None and not in_time():
                raise TooLate
            self.sock.settimeout(_seconds_left())
            super().send(part)


def _parts(data: Any) -> Iterator[Any]:
    """What is written at once: over TLS a timeout begins anew with every record of 16 KiB."""
    if not isinstance(data, bytes):
        yield data
        return
    for start in range(0, len(data), _RECORD):
        yield data[start : start + _RECORD]


class _Connection(_Fenced, urllib3.connection.HTTPConnection):
    pass


class _TlsConnection(_Fenced, urllib3.connection.HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        # The handshake has what connecting left of the time.
        sock = super()._new_conn()
        sock.settimeout(_seconds_left())
        return sock


class Pool(urllib3.HTTPConnectionPool):
    """Connections to a host, each call over in time (`within`)."""

    ConnectionCls = _Connection


class TlsPool(urllib3.HTTPSConnectionPool):
    """The same over TLS."""

    ConnectionCls = _TlsConnection


def fenced(manager: urllib3.PoolManager) -> urllib3.PoolManager:
    """Let a manager make such pools."""
    manager.pool_classes_by_scheme = {"http": Pool, "https": TlsPool}
    return manager


def trust() -> dict[str, Any]:
    """What a pool trusts, as its arguments: the authorities of REQUESTS_CA_BUNDLE, else those of certifi."""
    return {"cert_reqs": "CERT_REQUIRED", "ca_certs": os.environ.get("REQUESTS_CA_BUNDLE") or certifi.where()}
