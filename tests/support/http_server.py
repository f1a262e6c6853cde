"""A small real HTTP server that answers as it is told, and can do what servers do on a bad day."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

Cut = Literal["before_answer", "in_body", "reset"]


@dataclass(frozen=True)
class Call:
    """A call that came in."""

    method: str
    path: str
    query: dict[str, str]
    headers: Message
    body: Any
    raw_path: str = ""


@dataclass(frozen=True)
class Answer:
    """What is sent back: JSON, or bytes as they are; `cut` ends the connection without what should have come."""

    body: object = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: Cut | None = None
    trickle: threading.Event | None = None
    """Send the body a byte at a time until this is set."""
    trickle_headers: threading.Event | None = None
    """Send a header a byte at a time until this is set, and then nothing more."""
    hold: threading.Event | None = None
    """Answer only once this is set."""


class HttpServer:
    """Answers by `reply`, and remembers the calls."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.calls: list[Call] = []
        self.connections = 0
        self.reply: Callable[[Call], Answer] = lambda call: Answer({})

    def always(self, body: object = None, status: int = 200, **kwargs: Any) -> None:
        """Give every call the same answer."""
        answer = Answer(body, status, **kwargs)
        self.reply = lambda call: answer

    @property
    def last(self) -> Call:
        """The call that came last."""
        return self.calls[-1]


@contextmanager
def http_server(tls: ssl.SSLContext | None = None) -> Iterator[HttpServer]:
    """A server on a free port, ended with all its connections; it speaks TLS where it is given a context."""
    listener = _Listener(("127.0.0.1", 0), _Handler)
    scheme = "http"
    if tls is not None:
        scheme = "https"
        listener.socket = tls.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
    server = listener.script = HttpServer(f"{scheme}://127.0.0.1:{listener.server_address[1]}")
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


def closed_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    script: HttpServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Listener
    timeout = 30

    def setup(self) -> None:
        super().setup()
        self.server.script.connections += 1

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        url = urlsplit(self.path)
        call = Call(
            method=self.command,
            path=url.path,
            query=dict(parse_qsl(url.query, keep_blank_values=True)),
            headers=self.headers,
            body=json.loads(raw) if raw else None,
            raw_path=self.path,
        )
        self.server.script.calls.append(call)
        self._send(self.server.script.reply(call))

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 (the names that http.server calls)

    def _send(self, answer: Answer) -> None:
        if answer.hold:
            answer.hold.wait(30)
        if answer.cut in ("before_answer", "reset"):
            self._end(reset=answer.cut == "reset")
            return
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        if answer.trickle_headers:
            self.flush_headers()
            self.wfile.write(b"X-Slow: ")
            while not answer.trickle_headers.wait(0.05):
                self.wfile.write(b"x")
            self._end(reset=False)
            return
        self.end_headers()
        if answer.cut == "in_body":
            self.wfile.write(body[: len(body) // 2])
            self._end(reset=False)
        elif answer.trickle:
            for byte in body:
                if answer.trickle.wait(0.05):
                    break
                self.wfile.write(bytes([byte]))
            self._end(reset=False)
        else:
            self.wfile.write(body)

    def _end(self, *, reset: bool) -> None:
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is written to the console."""
