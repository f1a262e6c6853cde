"""A watch on a running system: memory and processor time of its processes, lengths of the broker's queues."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import psutil
import redis

from app.system.bridge import System

QUEUES = ("batches", "clock", "steps", "take-in")
PARTS = ("receiver", "worker", "postgres", "redis", "bluecherry", "reveni")
_MIB = 1024 * 1024


@dataclass(slots=True)
class _Sample:
    seconds: float
    mark: str
    memory: dict[str, float] = field(default_factory=dict)
    processor: dict[str, float] = field(default_factory=dict)
    queued: int = 0


class Watch:
    """Takes a sample each second, as a context manager.

    Of each part with its children: resident memory in MiB, and processor seconds, which say what work costs also on a
    machine that others use.
    """

    def __init__(self, system: System, parts: tuple[str, ...] = PARTS) -> None:
        self._system = system
        self._parts = parts
        self._broker = redis.Redis.from_url(system.urls.broker)
        self._mark = "quiet"
        self._begin = time.monotonic()
        self._spent: dict[int, float] = {}
        self._part_of: dict[int, str] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._samples: list[_Sample] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        self._broker.close()

    def mark(self, name: str) -> None:
        """From now on samples bear this name."""
        self._mark = name

    def as_json(self) -> dict[str, object]:
        """The samples, and of each stretch the first, last and largest memory and the longest queue."""
        stretches: dict[str, list[_Sample]] = {}
        for sample in self._samples:
            stretches.setdefault(sample.mark, []).append(sample)
        summary = {
            mark: {
                "seconds": round(samples[-1].seconds - samples[0].seconds),
                "processor_seconds": {
                    part: round(samples[-1].processor[part] - samples[0].processor[part], 1) for part in self._parts
                },
                "messages_queued_at_most": max(sample.queued for sample in samples),
                **{
                    f"{part}_mib": {
                        "first": samples[0].memory.get(part),
                        "last": samples[-1].memory.get(part),
                        "largest": max(sample.memory.get(part, 0.0) for sample in samples),
                    }
                    for part in self._parts
                },
            }
            for mark, samples in stretches.items()
        }
        rows = [[s.seconds, s.mark, s.queued, *(s.memory.get(part) for part in self._parts)] for s in self._samples]
        return {"stretches": summary, "samples": {"columns": ["s", "mark", "queued", *self._parts], "rows": rows}}

    def _run(self) -> None:
        while not self._over.wait(1.0):
            sample = _Sample(round(time.monotonic() - self._begin, 1), self._mark)
            for part in self._parts:
                sample.memory[part], sample.processor[part] = self._measure(part)
            sample.queued = sum(self._broker.llen(queue) for queue in QUEUES)
            self._samples.append(sample)

    def _measure(self, part: str) -> tuple[float, float]:
        """Resident memory now, and processor seconds so far, those of children that are gone included."""
        memory, root = 0, self._system.pid(part)
        try:
            process = psutil.Process(root)
            for each in (process, *process.children(recursive=True)):
                memory += each.memory_info().rss
                times = each.cpu_times()
                self._spent[each.pid] = times.user + times.system
                self._part_of[each.pid] = part
        except psutil.NoSuchProcess:
            pass
        spent = sum(seconds for pid, seconds in self._spent.items() if self._part_of[pid] == part)
        return round(memory / _MIB, 1), spent
