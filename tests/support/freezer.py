"""Loaded into a worker, it stops the child's whole process (SIGSTOP) once, at a point of its first POST of a document.

BRIDGE_TEST_FREEZE: `connected` (the connection stands, nothing was written) or `writing` (the last check is behind it,
the body is about to be written). BRIDGE_TEST_FROZEN: the file that then holds the process id.
"""

from __future__ import annotations

import http.client
import os
import signal
from pathlib import Path
from typing import Any

import urllib3.connection

_CALL = "/return_authorizations"
_send = http.client.HTTPConnection.send
_request = urllib3.connection.HTTPConnection.request
_posting = False


def _freeze() -> None:
    try:
        with Path(os.environ["BRIDGE_TEST_FROZEN"]).open("x") as file:
            file.write(str(os.getpid()))
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGSTOP)


def _request_or_freeze(self: Any, method: str, url: str, *words: Any, **named: Any) -> None:
    global _posting
    _posting = method == "POST" and _CALL in url
    if _posting and os.environ["BRIDGE_TEST_FREEZE"] == "connected":
        if self.sock is None:
            self.connect()
        _freeze()
    _request(self, method, url, *words, **named)


def _send_or_freeze(self: Any, data: Any) -> None:
    if _posting and data[:1] == b"{" and os.environ["BRIDGE_TEST_FREEZE"] == "writing":
        _freeze()
    _send(self, data)


http.client.HTTPConnection.send = _send_or_freeze  # type: ignore[method-assign]
urllib3.connection.HTTPConnection.request = _request_or_freeze  # type: ignore[method-assign]
