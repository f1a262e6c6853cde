"""Waits for a process to end and then ends another: ``python -m tests.support.mourner WATCHED GROUP``."""

from __future__ import annotations

import signal
import sys

import psutil

from app.system.warden import end_groups


def mourn(watched: int, group: int) -> None:
    """Block while both live; end the process group once the watched process is gone."""
    gone, _ = psutil.wait_procs([psutil.Process(watched)], timeout=0)
    while not gone and psutil.pid_exists(group):
        gone, _ = psutil.wait_procs([psutil.Process(watched)], timeout=0.2)
    end_groups({group: signal.SIGINT})


if __name__ == "__main__":
    try:
        mourn(int(sys.argv[1]), int(sys.argv[2]))
    except psutil.NoSuchProcess:
        end_groups({int(sys.argv[2]): signal.SIGINT})
