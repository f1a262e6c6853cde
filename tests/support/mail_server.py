"""A small real SMTP server that keeps the letters it is given."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage


class MailServer:
    """Takes letters from anybody, or refuses them all."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.letters: list[EmailMessage] = []
        self.refuses = False
        self.came = threading.Event()
        """Set when a letter was taken."""


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """A server on a free port, ended afterwards."""
    listener = _Listener(("127.0.0.1", 0), _Handler)
    listener.server = MailServer(f"smtp://127.0.0.1:{listener.server_address[1]}")
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield listener.server
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    server: MailServer


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        """Speak as much SMTP (RFC 5321) as a letter needs."""
        assert isinstance(self.server, _Listener)
        desk = self.server.server
        self._say("220 ready")
        while line := self.rfile.readline():
            match line[:4].upper():
                case b"DATA":
                    self._say("354 go on")
                    letter = b"".join(iter(self.rfile.readline, b".\r\n"))
                    desk.letters.append(message_from_bytes(letter, policy=policy.default))
                    self._say("250 taken")
                    desk.came.set()
                case b"MAIL" if desk.refuses:
                    self._say("451 not now")
                case b"QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("250 fine")

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")
