"""Ports and addresses on this machine."""

from __future__ import annotations

import http.client
import secrets
import socket
from urllib.parse import urlsplit

LOOPBACK = "127.0.0.1"
_PORTS = range(15_000, 32_000)


def free_port() -> int:
    """A TCP port of the loopback address on which nothing listens just now.

    It lies below the range from which systems give ports to clients: a client that knocks at a port of that range
    while its server is down may be given the very same port, and then talks to itself and keeps the server out.
    """
    while not port_is_free(port := secrets.choice(_PORTS)):
        pass
    return port


def port_is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback address."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port in TIME_WAIT after a restart is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def http_answers(url: str, seconds: float = 2.0) -> bool:
    """Whether an HTTP server answers there within the time; any status is an answer."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or LOOPBACK, parts.port or 80, timeout=seconds)
    try:
        connection.request("GET", parts.path or "/")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
