"""One part of the system: a child process with its group, its log and the sign that it is ready."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.system.errors import SystemFault
from app.system.warden import Warden, end_groups, group_lives

_STEP_SECONDS = 0.05
_LOG_LINES_SHOWN = 15


@dataclass(frozen=True)
class Part:
    """How one process of the system is run.

    ``ready`` is asked until it says yes, with what the process has written to its log since this start.
    """

    name: str
    command: list[str]
    ready: Callable[[str], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    ready_seconds: float = 60.0
    # Makes the place clean before each start, the first and those after a crash.
    before: Callable[[], None] | None = None


class Process:
    """A running part. It leads a process group of its own, so that its children can be ended with it."""

    def __init__(self, part: Part, log: Path, warden: Warden) -> None:
        self.part = part
        self.log = log
        self._warden = warden
        self._child: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def name(self) -> str:
        """The part's name."""
        return self.part.name

    @property
    def pid(self) -> int:
        """The process id of the group's leader. Raises SystemFault when the part was never started."""
        if self._child is None:
            raise SystemFault(f"{self.name} is not running")
        return self._child.pid

    @property
    def alive(self) -> bool:
        """Whether the leader runs."""
        return self._child is not None and self._child.poll() is None

    def start(self) -> None:
        """Start the process; it need not be ready yet. Raises SystemFault when its program cannot be run."""
        self._end_group()
        if self.part.before is not None:
            self.part.before()
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            try:
                self._child = subprocess.Popen(
                    self.part.command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=self.part.directory,
                    env={**os.environ, **self.part.environment},
                    start_new_session=True,
                )
            except OSError as error:
                raise SystemFault(f"{self.name} cannot be started: {error}") from error
        self._warden.watch(self._child.pid, self.part.stop_signal)

    def wait_ready(self, aborted: Callable[[], bool] = lambda: False) -> None:
        """Wait until the part is ready.

        Raises SystemFault, with the end of its log, when it dies, takes too long, or the wait is aborted.
        """
        deadline = time.monotonic() + self.part.ready_seconds
        while not self.part.ready(self.output()):
            if not self.alive:
                raise SystemFault(f"{self.name} stopped while it started. {self._end_of_log()}")
            if aborted():
                raise SystemFault(f"Stopped before {self.name} was ready.")
            if time.monotonic() > deadline:
                raise SystemFault(
                    f"{self.name} was not ready after {self.part.ready_seconds:g} s. {self._end_of_log()}"
                )
            time.sleep(_STEP_SECONDS)

    def ask_to_stop(self) -> None:
        """Send the leader the signal by which it stops in good order."""
        if self.alive and self._child is not None:
            self._child.send_signal(self.part.stop_signal)

    def finish(self, deadline: float) -> None:
        """Wait for the leader until the deadline (monotonic seconds), then kill what is left of the group."""
        if self._child is None:
            return
        try:
            self._child.wait(timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.kill()
        self._end_group()

    def kill(self) -> None:
        """End the whole group at once, with SIGKILL."""
        # The supervisor may put a new child in its place at any moment.
        child = self._child
        if child is not None:
            end_groups({child.pid: signal.SIGKILL}, seconds=0.0)
            child.wait()

    def output(self) -> str:
        """What the part has written since its last start."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def _end_group(self) -> None:
        """Children that outlived their leader would work beside the new ones."""
        if self._child is None:
            return
        if group_lives(self._child.pid):
            end_groups({self._child.pid: signal.SIGKILL}, seconds=0.0)
        self._warden.forget(self._child.pid)
        self._child = None

    def _end_of_log(self) -> str:
        lines = self.output().splitlines()[-_LOG_LINES_SHOWN:]
        return "\n".join([f"The end of {self.log}:", *(f"  {line}" for line in lines)])
