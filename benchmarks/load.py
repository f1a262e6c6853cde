"""A load generator in a process of its own: kept-alive connections that send requests made before the clock starts."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a load. `latencies`: seconds, sorted; of a paced load from when each request was due."""

    statuses: dict[int, int]
    seconds: float
    latencies: list[float]

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """The latency that this share of the requests kept below, in milliseconds."""
        return 1000 * self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))]


def load(port: int, requests: list[bytes], *, connections: int, per_second: float | None = None) -> Outcome:
    """Send the requests to a local port, as fast as they are answered or at a pace, and wait for all the answers."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_run, port, requests, connections, per_second).result()


def _run(port: int, requests: list[bytes], connections: int, per_second: float | None) -> Outcome:
    return asyncio.run(_send_all(port, requests, connections, per_second))


async def _send_all(port: int, requests: list[bytes], connections: int, per_second: float | None) -> Outcome:
    streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(connections)]
    statuses: Counter[int] = Counter()
    latencies: list[float] = []
    start = time.perf_counter()
    queue = _schedule(requests, start, per_second)

    async def sender(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for due, payload in queue:
            if due is not None:
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
            began = due or time.perf_counter()
            writer.write(payload)
            statuses[await _read_answer(reader)] += 1
            latencies.append(time.perf_counter() - began)
        writer.close()

    await asyncio.gather(*(sender(reader, writer) for reader, writer in streams))
    return Outcome(dict(statuses), time.perf_counter() - start, sorted(latencies))


def _schedule(requests: list[bytes], start: float, per_second: float | None) -> Iterator[tuple[float | None, bytes]]:
    """The requests, each with the moment at which it is due. Shared by all senders: whoever is free takes the next."""
    for number, payload in enumerate(requests):
        yield (None if per_second is None else start + number / per_second), payload


async def _read_answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
    )
    await reader.readexactly(length)
    return int(head.split(b" ", 2)[1])
