"""The supervisor: starts parts, keeps them alive, and stops them in order."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from app.system.errors import SystemFault
from app.system.process import Part, Process
from app.system.warden import Warden

log = logging.getLogger(__name__)

_WATCH_SECONDS = 0.2


class Supervisor:
    """Runs parts as child process groups, each with a log file ``<logs>/<name>.log``.

    A part that dies is started again, at most ``restarts`` times within ``restarts_seconds``; then it is given up and
    ``failure`` says so. The parts of one ``start`` call start and stop together, those of the last call
    stop first. When this process is killed, a warden ends the parts.
    """

    def __init__(self, logs: Path, *, restarts: int = 5, restarts_seconds: float = 60.0) -> None:
        self._logs = logs
        self._restarts = restarts
        self._restarts_seconds = restarts_seconds
        self._tiers: list[list[Process]] = []
        self._by_name: dict[str, Process] = {}
        self._deaths: dict[str, deque[float]] = {}
        self._held: set[str] = set()
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._watcher: threading.Thread | None = None
        self._warden: Warden | None = None
        self.failure: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def names(self) -> list[str]:
        """The parts, in the order of their start."""
        return list(self._by_name)

    def start(self, *parts: Part) -> None:
        """Start these parts side by side and wait until all are ready.

        Raises SystemFault, with everything stopped, when one does not come up.
        """
        try:
            self._start(parts)
        except BaseException:
            self.stop()
            raise

    def pid(self, name: str) -> int:
        """The process id of the part's leader. Raises SystemFault for a part that is not there."""
        return self._process(name).pid

    def alive(self, name: str) -> bool:
        """Whether the part's leader runs just now."""
        return self._process(name).alive

    def log_of(self, name: str) -> Path:
        """The part's log file."""
        return self._process(name).log

    def restart(self, name: str) -> None:
        """Stop the part in good order, start it again, and wait until it is ready."""
        self.halt(name)
        self.resume(name)

    def halt(self, name: str) -> None:
        """Stop the part in good order and leave it stopped until ``resume``."""
        process = self._process(name)
        with self._lock:
            self._held.add(name)
        # Not under the lock: while one part takes its time to stop, another that dies must be started again.
        process.ask_to_stop()
        process.finish(time.monotonic() + process.part.stop_seconds)

    def resume(self, name: str) -> None:
        """Start a halted part again and wait until it is ready."""
        process = self._process(name)
        with self._lock:
            process.start()
            self._held.discard(name)
        process.wait_ready()

    def kill(self, name: str) -> int:
        """Kill the part's whole group with SIGKILL, as a crash would, and return its process id.

        The supervisor starts it again.
        """
        process = self._process(name)
        with self._lock:
            pid = process.pid
            process.kill()
        return pid

    def wait_revived(self, name: str, killed: int) -> None:
        """Wait until the part runs as another process than the killed one (its id) and is ready.

        Raises SystemFault when the supervisor gave it up.
        """
        process = self._process(name)
        while True:
            with self._lock:
                if process.alive and process.pid != killed:
                    break
            if self._stopping.wait(_WATCH_SECONDS / 4):
                raise SystemFault(self.failure or "The supervisor has stopped.")
        process.wait_ready(self._stopping.is_set)

    def wait(self, seconds: float | None = None) -> bool:
        """Block until the supervisor stops, a part is given up, or the time is over; true when it has ended."""
        return self._stopping.wait(seconds)

    def stop_on_signals(self) -> None:
        """Let SIGTERM and SIGINT end ``wait`` instead of this process. Only the main thread may ask for it."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stopping.set())

    def stop(self) -> None:
        """Stop all parts, the last first, each within its time; harmless when nothing runs."""
        self._stopping.set()
        if self._watcher is not None and self._watcher is not threading.current_thread():
            self._watcher.join()
            self._watcher = None
        with self._lock:
            while self._tiers:
                _stop_together(self._tiers.pop())
            self._by_name.clear()
            if self._warden is not None:
                self._warden.close()
                self._warden = None

    def _start(self, parts: Sequence[Part]) -> None:
        with self._lock:
            self._logs.mkdir(parents=True, exist_ok=True)
            self._warden = self._warden or Warden()
            tier: list[Process] = []
            self._tiers.append(tier)
            for part in parts:
                if part.name in self._by_name:
                    raise SystemFault(f"two parts are called {part.name}")
                process = Process(part, self._logs / f"{part.name}.log", self._warden)
                self._by_name[part.name] = process
                tier.append(process)
                process.start()
        for process in tier:
            process.wait_ready(self._stopping.is_set)
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)
            self._watcher.start()

    def _process(self, name: str) -> Process:
        try:
            return self._by_name[name]
        except KeyError:
            raise SystemFault(f"no part is called {name}; there are: {', '.join(self._by_name) or 'none'}") from None

    def _watch(self) -> None:
        while not self._stopping.wait(_WATCH_SECONDS):
            with self._lock:
                for process in self._by_name.values():
                    if not process.alive and process.name not in self._held and not self._revive(process):
                        self._stopping.set()
                        return

    def _revive(self, process: Process) -> bool:
        """Start a dead part again; false when it dies too often."""
        now = time.monotonic()
        deaths = self._deaths.setdefault(process.name, deque())
        deaths.append(now)
        while now - deaths[0] > self._restarts_seconds:
            deaths.popleft()
        if len(deaths) > self._restarts:
            self.failure = (
                f"{process.name} died {len(deaths)} times within {self._restarts_seconds:g} s and was given up: "
                f"read {process.log}"
            )
            return False
        log.warning("%s died and is started again", process.name)
        try:
            process.start()
        except SystemFault as error:
            self.failure = str(error)
            return False
        return True


def _stop_together(processes: list[Process]) -> None:
    for process in processes:
        process.ask_to_stop()
    now = time.monotonic()
    for process in processes:
        process.finish(now + process.part.stop_seconds)
