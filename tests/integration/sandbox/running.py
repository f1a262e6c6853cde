"""The sandboxes as processes of their own, as the command starts them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import requests

KEY, CODE = "the-key", "the-code"
_COMMAND = "from app.commands.sandbox import sandbox; sandbox()"


class Server:
    """One running sandbox, and a session that speaks to it."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-c", _COMMAND, *arguments, "--port", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("listening on http://127.0.0.1:"), line
        self.url = line.split()[-1]
        self.session = requests.Session()

    def call(self, method: str, path: str, body: object = None) -> requests.Response:
        return self.session.request(method, self.url + path, json=body, timeout=10)

    def end(self) -> tuple[int, str, str]:
        """Ends it with SIGTERM: its exit code, and what it wrote after its first line."""
        self.session.close()
        self.process.terminate()
        out, err = self.process.communicate(timeout=10)
        return self.process.returncode, out, err


@contextmanager
def bluecherry(*arguments: str) -> Iterator[Server]:
    """BlueCherry, spoken to with key and code."""
    server = Server("bluecherry", "--key", KEY, "--code", CODE, *arguments)
    try:
        server.session.headers["Ocp-Apim-Subscription-Key"] = KEY
        server.session.params = {"code": CODE}
        yield server
    finally:
        server.process.kill()
        server.process.communicate()


@contextmanager
def reveni(*arguments: str) -> Iterator[Server]:
    """Reveni, spoken to with the key of store 1."""
    server = Server("reveni", *arguments)
    try:
        server.session.headers["Authorization"] = "Bearer k1"
        yield server
    finally:
        server.process.kill()
        server.process.communicate()
