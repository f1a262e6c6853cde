"""Processes that die, restart, or run twice."""

from __future__ import annotations

import os
import signal
import threading

import psutil
from celery import Celery

from app.chaos.fault import Fault, NotNow, Struck
from app.chaos.target import Target
from app.system.errors import SystemFault


def _a_worker(target: Target) -> str:
    workers = target.workers()
    if not workers:
        raise NotNow("every worker is held by another fault")
    return workers[0]


def kill_worker_child(target: Target) -> Struck:
    """SIGKILL of a process in which a worker runs its tasks, as the kernel does when memory is short."""
    worker = _a_worker(target)
    try:
        child = target.rng.choice(target.children(worker) or [None])
        if child is None:
            raise NotNow(f"{worker} has no children just now")
        child.kill()
    except psutil.NoSuchProcess:
        raise NotNow(f"{worker} was just dying") from None
    return Struck(f"{worker}, process {child.pid}")


def kill_worker(target: Target) -> Struck:
    """SIGKILL of a worker with its children."""
    worker = _a_worker(target)
    return Struck(f"{worker}, process {target.system.kill(worker)}")


def kill_worker_parent(target: Target) -> Struck:
    """SIGKILL of a worker's parent alone: its children live on for a moment."""
    worker = _a_worker(target)
    return Struck(f"{worker}, process {_kill(target, worker)}")


def kill_receiver(target: Target) -> Struck:
    """SIGKILL of the receiver."""
    return Struck(f"process {target.system.kill('receiver')}")


def kill_beat(target: Target) -> Struck:
    """SIGKILL of beat."""
    return Struck(f"process {target.system.kill('beat')}")


def restart_workers(target: Target) -> Struck:
    """SIGTERM of one worker after another, each started again when it has stopped, as a deploy does."""
    workers = target.workers()
    if not workers:
        raise NotNow("every worker is held by another fault")
    target.busy.update(workers)
    restarted: list[str] = []

    def roll() -> None:
        for worker in workers:
            try:
                target.system.restart(worker)
            except SystemFault:
                # It was not ready in time on a machine under fire; the supervisor has it in its care again.
                continue
            restarted.append(worker)

    thread = threading.Thread(target=roll, name="rolling restart")
    thread.start()

    def undo() -> int:
        if thread.is_alive():
            raise NotNow("it is still under way")
        target.busy.difference_update(workers)
        return len(restarted)

    return Struck(", ".join(workers), undo)


def two_beats(target: Target) -> Struck:
    """A second beat runs beside the first."""
    second = target.spare_beats()[0]
    target.system.resume(second)

    def undo() -> int:
        target.system.halt(second)
        return 1

    return Struck(second, undo)


def two_sweeps(target: Target) -> Struck:
    """Two sweeps are asked for at the same moment, beside those of beat."""
    celery = Celery("chaos", broker=target.system.urls.broker, set_as_current=False)
    celery.conf.update(broker_connection_timeout=3, task_publish_retry=False, task_ignore_result=True)
    try:
        for _ in range(2):
            # The workers declare their queue; what declares nothing contradicts nobody.
            celery.send_task("tasks.upkeep.sweep", queue="clock", declare=[])
    finally:
        celery.close()
    return Struck()


def _kill(target: Target, part: str) -> int:
    pid = target.system.pid(part)
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        raise NotNow(f"{part} was just dying") from None
    return pid


def _spare_beat(target: Target) -> str:
    return "" if target.spare_beats() else "no second beat was prepared"


FAULTS = (
    Fault("worker_child_killed", "SIGKILL of a worker's child", kill_worker_child),
    Fault("worker_killed", "SIGKILL of a whole worker", kill_worker),
    Fault("worker_parent_killed", "SIGKILL of a worker's parent alone", kill_worker_parent),
    Fault("receiver_killed", "SIGKILL of the receiver", kill_receiver),
    Fault("beat_killed", "SIGKILL of beat", kill_beat),
    Fault("rolling_restart", "SIGTERM of one worker after the other", restart_workers, seconds=5),
    Fault("two_beats", "a second beat", two_beats, seconds=8, needs=_spare_beat),
    Fault("two_sweeps", "two sweeps at once", two_sweeps),
)
