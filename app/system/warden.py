"""The warden: a small process that ends the system's process groups when whoever started them is gone.

A supervisor that is killed outright can stop nothing any more. The warden reads a pipe that only the supervisor holds;
the end of the pipe, however it came about, is the end of the system. It watches whole process groups, so that the
children of a worker go with it, and works the same on every POSIX system.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable

import psutil

_PATIENCE_SECONDS = 8.0
_STEP_SECONDS = 0.05


class Warden:
    """The supervisor's side: tells the warden which groups are alive."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "app.system.warden"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def watch(self, group: int, stop_signal: signal.Signals) -> None:
        """From now on this group ends with the supervisor; the signal asks its leader to stop."""
        self._say(f"+{group} {int(stop_signal)}")

    def forget(self, group: int) -> None:
        """The group is gone."""
        self._say(f"-{group}")

    def close(self) -> None:
        """Dismiss the warden; what it still watches is ended."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()
        self._process.wait(timeout=2 * _PATIENCE_SECONDS)

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None  # noqa: S101 - Popen was given a pipe
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError):
            # Somebody killed the warden. The system runs on; only the last line of defence is lost.
            return


def group_lives(group: int) -> bool:
    """Whether any process of the group still works; one that nobody has buried yet does not."""
    return any(_works_in(pid, group) for pid in psutil.pids())


def end_groups(groups: dict[int, int], seconds: float = _PATIENCE_SECONDS) -> None:
    """Ask each group's leader to stop, by its signal ({group: signal}).

    Kill what is left of the groups when the leaders are gone, or when the time (seconds) is up.
    """
    for group, number in groups.items():
        _send(group, number, leader_only=True)
    deadline = time.monotonic() + seconds
    while any(_works_in(leader, leader) for leader in groups) and time.monotonic() < deadline:
        time.sleep(_STEP_SECONDS)
    for group in groups:
        _send(group, signal.SIGKILL, leader_only=False)


def _works_in(pid: int, group: int) -> bool:
    try:
        return os.getpgid(pid) == group and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, PermissionError, psutil.Error):
        return False


def _send(group: int, number: int, *, leader_only: bool) -> None:
    try:
        if leader_only:
            os.kill(group, number)
        else:
            os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return


def _listen(lines: Iterable[str]) -> dict[int, int]:
    """Read the supervisor's words until it falls silent: the groups that are left, with their signals."""
    groups: dict[int, int] = {}
    for line in lines:
        if line.startswith("+"):
            group, number = line[1:].split()
            groups[int(group)] = int(number)
        else:
            groups.pop(int(line[1:]), None)
    return groups


if __name__ == "__main__":
    end_groups(_listen(sys.stdin))
