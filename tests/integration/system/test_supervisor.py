from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from app.system.errors import SystemFault
from app.system.process import Part
from app.system.supervisor import Supervisor
from tests.support.waiting import wait_until

_WITH_A_CHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("child", child.pid, "ready", flush=True)
time.sleep(600)
"""
_STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""


def _part(name: str, code: str = _WITH_A_CHILD, **more: float) -> Part:
    return Part(
        name=name,
        command=[sys.executable, "-c", code],
        ready=lambda output: "ready" in output,
        stop_seconds=more.get("stop_seconds", 5.0),
        ready_seconds=more.get("ready_seconds", 20.0),
    )


def _child_of(supervisor: Supervisor, name: str) -> int:
    words = supervisor.log_of(name).read_text().split()
    return int(words[words.index("child") + 1])


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    with Supervisor(tmp_path / "logs") as supervisor:
        yield supervisor


def test_parts_run_until_they_are_stopped_and_their_children_go_with_them(supervisor: Supervisor) -> None:
    supervisor.start(_part("one"), _part("two"))
    pids = [supervisor.pid("one"), supervisor.pid("two"), _child_of(supervisor, "one"), _child_of(supervisor, "two")]
    assert all(_lives(pid) for pid in pids)

    supervisor.stop()

    wait_until(lambda: not any(_lives(pid) for pid in pids), 5, "every process is gone")


def test_a_part_that_dies_is_started_again_without_its_old_children(supervisor: Supervisor) -> None:
    supervisor.start(_part("one"))
    first, child = supervisor.pid("one"), _child_of(supervisor, "one")

    os.kill(first, signal.SIGKILL)
    supervisor.wait_revived("one", first)

    assert supervisor.pid("one") != first
    wait_until(lambda: not _lives(child), 5, "the old child is gone")


def test_a_part_that_keeps_dying_is_given_up_by_name(tmp_path: Path) -> None:
    mortal = "import time; print('ready', flush=True); time.sleep(0.3)"
    with Supervisor(tmp_path, restarts=2) as supervisor:
        supervisor.start(_part("mayfly", mortal))

        assert supervisor.wait(20)
        assert supervisor.failure is not None
        assert "mayfly died 3 times" in supervisor.failure


def test_a_part_that_does_not_come_up_stops_the_others_and_shows_its_last_words(supervisor: Supervisor) -> None:
    supervisor.start(_part("one"))
    pid = supervisor.pid("one")

    with pytest.raises(SystemFault, match=r"two stopped while it started(.|\n)*no configuration"):
        supervisor.start(_part("two", "raise SystemExit('no configuration')"))

    wait_until(lambda: not _lives(pid), 5, "the first part is stopped too")


def test_a_part_that_is_never_ready_is_an_error_after_its_time(supervisor: Supervisor) -> None:
    with pytest.raises(SystemFault, match=r"slow was not ready after 0\.5 s"):
        supervisor.start(_part("slow", "import time; time.sleep(600)", ready_seconds=0.5))


def test_a_part_that_ignores_the_signal_is_killed_when_its_time_is_over(supervisor: Supervisor) -> None:
    supervisor.start(_part("stubborn", _STUBBORN, stop_seconds=0.5))
    pid = supervisor.pid("stubborn")

    supervisor.stop()

    assert not _lives(pid)


def test_a_halted_part_stays_down_until_it_is_resumed(supervisor: Supervisor) -> None:
    supervisor.start(_part("one"), _part("two"))
    supervisor.halt("one")
    # The supervisor revives within moments: once it has revived another part, it has looked at this one too.
    supervisor.wait_revived("two", supervisor.kill("two"))

    assert not supervisor.alive("one")
    supervisor.resume("one")
    assert supervisor.alive("one")


def test_an_unknown_part_is_named_beside_those_that_are_there(supervisor: Supervisor) -> None:
    supervisor.start(_part("one"))

    with pytest.raises(SystemFault, match="no part is called worker; there are: one"):
        supervisor.pid("worker")


@pytest.mark.faults
def test_when_the_supervisor_itself_is_killed_nothing_outlives_it(tmp_path: Path) -> None:
    script = textwrap.dedent(f"""
        import sys, time
        from pathlib import Path
        from app.system.process import Part
        from app.system.supervisor import Supervisor
        supervisor = Supervisor(Path({str(tmp_path)!r}))
        code = {_WITH_A_CHILD!r}
        part = Part("one", [sys.executable, "-c", code], ready=lambda output: "ready" in output)
        supervisor.start(part)
        words = supervisor.log_of("one").read_text().split()
        print(supervisor.pid("one"), words[1], flush=True)
        time.sleep(600)
    """)
    killed = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert killed.stdout is not None
    pids = [int(word) for word in killed.stdout.readline().split()]
    assert all(_lives(pid) for pid in pids)

    killed.kill()
    killed.wait()
    killed.stdout.close()

    wait_until(lambda: not any(_lives(pid) for pid in pids), 15, "the warden ended what was left")
