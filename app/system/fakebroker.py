"""A Redis in Python, where no real one is to be had: ``python -m app.system.fakebroker PORT``."""

from __future__ import annotations

import sys
from socketserver import StreamRequestHandler

from fakeredis import TcpFakeServer

from app.system.network import LOOPBACK


def serve(port: int) -> None:
    """Serve on this port of the loopback address until the process ends."""
    # It answers in many small writes. Held back by Nagle's algorithm each waits for 40 ms, and Celery does ten tasks a
    # second instead of hundreds.
    StreamRequestHandler.disable_nagle_algorithm = True
    TcpFakeServer((LOOPBACK, port)).serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
