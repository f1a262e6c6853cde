"""Metrics in Prometheus' text format, made from figures that the database holds: every process answers the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from app.ops.diagnosis import Health

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class _Figures(Collector):
    def __init__(self, health: Health, counts: Mapping[str, int]) -> None:
        self._health, self._counts = health, counts

    def collect(self) -> Iterator[GaugeMetricFamily]:
        waiting = GaugeMetricFamily("bridge_lag_count", "What the bridge should have done by now.", labels=["what"])
        oldest = GaugeMetricFamily("bridge_lag_seconds", "How long the oldest of them waits.", labels=["what"])
        for name, lag in self._health.lags.items():
            waiting.add_metric([name], lag.count)
            oldest.add_metric([name], lag.seconds)
        canary = GaugeMetricFamily("bridge_canary_seconds", "Since a task came through a queue.", labels=["queue"])
        for queue, seconds in self._health.canaries.items():
            canary.add_metric([queue], seconds)
        beat = GaugeMetricFamily("bridge_beat_seconds", "Since anything that beat sent came through.")
        if self._health.beat is not None:
            beat.add_metric([], self._health.beat)
        books = GaugeMetricFamily("bridge_books_seconds", "Since the books were compared.", labels=["connection"])
        for connection, seconds in self._health.books.items():
            books.add_metric([connection], seconds)
        work = GaugeMetricFamily("bridge_work", "What is left, as /api/settled counts it.", labels=["what"])
        for name, count in self._counts.items():
            work.add_metric([name], count)
        yield from (waiting, oldest, canary, beat, books, work)


def exposition(health: Health, counts: Mapping[str, int]) -> bytes:
    """The figures as Prometheus scrapes them. `counts`: what is left, by name."""
    registry = CollectorRegistry()
    registry.register(_Figures(health, counts))
    return generate_latest(registry)
