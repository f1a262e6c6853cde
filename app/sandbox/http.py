"""The HTTP server under both sandboxes: tornado's connections without its request handlers.

A call is answered in one function without waiting, because all state is in memory; what a fault plan asks for
(a late answer, a connection that is cut) is done here, since only the server holds the connection.
"""

from __future__ import annotations

import asyncio
import enum
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

from tornado.http1connection import HTTP1Connection
from tornado.httpserver import HTTPServer
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.netutil import bind_sockets

from app.sandbox.json import Json, dump

_REASONS = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    204: "No Content",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    422: "Unprocessable Entity",
    423: "Locked",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
_LONGEST_BODY = 256 * 1024 * 1024
_LOCAL = frozenset({"127.0.0.1", "::1", "::ffff:127.0.0.1"})


@dataclass(frozen=True, slots=True)
class Request:
    """One call: its path is unquoted and without a slash at the end, its headers are found in any case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    local: bool

    @property
    def parts(self) -> list[str]:
        """The segments of the path."""
        return self.path[1:].split("/")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back."""

    status: int
    body: bytes
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


class Cut(enum.Enum):
    """Whether the connection is cut instead of answered: at once, or in the middle of the answer."""

    NO = "no"
    SILENT = "silent"
    HALFWAY = "halfway"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, after how many seconds it is sent, and whether all of it arrives."""

    answer: Answer
    delay: float = 0.0
    cut: Cut = Cut.NO


Application = Callable[[Request], Reply]


def json_answer(status: int, value: Json, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer that holds a JSON value."""
    return Answer(status, dump(value), headers=headers or {})


class _Call(HTTPMessageDelegate):
    """Collects one request and sends its reply."""

    def __init__(self, application: Application, connection: HTTP1Connection) -> None:
        self._application = application
        self._connection = connection
        self._body: list[bytes] = []

    def headers_received(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders) -> None:
        if isinstance(start_line, RequestStartLine):
            self._method, self._target = start_line.method, start_line.path
        self._headers = headers

    def data_received(self, chunk: bytes) -> None:
        self._body.append(chunk)

    def finish(self) -> None:
        path, _, query = self._target.partition("?")
        context = self._connection.context
        reply = self._application(
            Request(
                method=self._method,
                path=(unquote(path) if "%" in path else path).rstrip("/"),
                query=dict(parse_qsl(query, keep_blank_values=True)) if query else {},
                headers=self._headers,
                body=b"".join(self._body),
                local=getattr(context, "remote_ip", "") in _LOCAL,
            )
        )
        if reply.delay > 0:
            asyncio.get_running_loop().call_later(reply.delay, self._send, reply)
        else:
            self._send(reply)

    def _send(self, reply: Reply) -> None:
        stream = self._connection.stream
        if stream.closed():
            return  # a caller that did not wait has hung up
        if reply.cut is Cut.SILENT:
            stream.close()
            return
        answer = reply.answer
        if reply.cut is Cut.HALFWAY:
            self._write(_head(answer) + answer.body[: len(answer.body) // 2], stream.close)
        else:
            self._write(_head(answer) + answer.body, self._connection.finish)

    def _write(self, message: bytes, then: Callable[[], None]) -> None:
        # The message goes to the stream as it is: writing it through the connection, which looks at every header
        # again, took a third of the time of a small call.
        sent = self._connection.stream.write(message)
        if sent.done():
            then()
        else:
            sent.add_done_callback(lambda future: then() if future.exception() is None else None)


def _head(answer: Answer) -> bytes:
    lines = [
        f"HTTP/1.1 {answer.status} {_REASONS[answer.status]}",
        f"Content-Type: {answer.content_type}",
        f"Content-Length: {len(answer.body)}",
        *(f"{name}: {value}" for name, value in answer.headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class _Calls(HTTPServerConnectionDelegate):
    def __init__(self, application: Application) -> None:
        self._application = application

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        if not isinstance(request_conn, HTTP1Connection):
            raise TypeError("only HTTP/1.1 is served")
        return _Call(self._application, request_conn)


async def serve(application: Application, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serves until SIGTERM or SIGINT; `ready` is told the address once the port is open (port 0 takes a free one)."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    server = HTTPServer(_Calls(application), max_body_size=_LONGEST_BODY, max_buffer_size=_LONGEST_BODY)
    sockets = bind_sockets(port, host)
    server.add_sockets(sockets)
    ready(f"http://{host}:{sockets[0].getsockname()[1]}")
    await stop.wait()
    server.stop()
    await server.close_all_connections()
