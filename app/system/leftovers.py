"""Servers that a crash left behind in a data directory."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import psutil

_PATIENCE_SECONDS = 5.0


def end_leftovers(directory: Path, program: str, stop_signal: signal.Signals = signal.SIGTERM) -> int:
    """Stop every process of this program that works in this very directory, and say how many there were.

    Servers stay in their data directory, so the working directory tells them from servers of somebody else.
    Those that do not go by the signal are killed.
    """
    found = list(_working_in(directory, program))
    for process in found:
        _send(process, stop_signal)
    _, stubborn = psutil.wait_procs(found, timeout=_PATIENCE_SECONDS)
    for process in stubborn:
        _send(process, signal.SIGKILL)
    psutil.wait_procs(stubborn, timeout=_PATIENCE_SECONDS)
    return len(found)


def _working_in(directory: Path, program: str) -> Iterator[psutil.Process]:
    place = str(directory.resolve())
    for process in psutil.process_iter(["name"]):
        if not (process.info["name"] or "").startswith(program):
            continue
        try:
            if process.status() != psutil.STATUS_ZOMBIE and process.cwd() == place:
                yield process
        except psutil.Error:
            continue


def _send(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return
