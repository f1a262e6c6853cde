"""The data directory: who holds it, what it keeps secret, and where the running system can be reached."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Self

from app.system.errors import SystemFault

DEFAULT = Path(".bridge")


class DataDirectory:
    """Everything that the system at home writes lies below this directory (mode 0700).

    One system at a time holds it. While it does, ``running.json`` tells other commands on this machine how to reach it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock: IO[str] | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """The directory that BRIDGE_DATA names, or ``.bridge``."""
        return cls(Path(environment.get("BRIDGE_DATA") or DEFAULT))

    @property
    def logs(self) -> Path:
        """The directory of the log files."""
        return self.path / "logs"

    @property
    def _running(self) -> Path:
        return self.path / "running.json"

    def hold(self) -> None:
        """Make the directory and take it. Raises SystemFault when another system runs on it."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (self.path / "lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise SystemFault(
                f"Another bridge runs on the data directory {self.path}: stop it, or name another one in BRIDGE_DATA."
            ) from None
        self._lock = lock

    def release(self) -> None:
        """Give the directory back; what it said about the running system is gone."""
        if self._lock is not None:
            self._running.unlink(missing_ok=True)
            self._lock.close()
            self._lock = None

    def announce(self, environment: Mapping[str, str]) -> None:
        """Write the environment by which other commands reach this system, for this user's eyes only."""
        self._write(self._running, json.dumps(dict(environment), indent=2))

    def running(self) -> dict[str, str]:
        """The environment of the system that runs on this directory now; empty when none does."""
        try:
            with (self.path / "lock").open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            pass
        except FileNotFoundError:
            return {}
        else:
            return {}
        try:
            announced: dict[str, str] = json.loads(self._running.read_text())
        except FileNotFoundError:
            return {}
        return announced

    def secret(self, name: str) -> str:
        """A password of this directory's own, made when it is first asked for and kept."""
        path = self.path / "secrets" / name
        if not path.exists():
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            self._write(path, secrets.token_urlsafe(24))
        return path.read_text()

    @staticmethod
    def _write(path: Path, text: str) -> None:
        draft = path.with_suffix(".new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        draft.replace(path)
