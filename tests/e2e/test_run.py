"""``bridge run`` as a user runs it: a process of its own, on servers of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from app.system.network import free_port
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

_ROOT = Path(__file__).parents[2]
_SECRETS = (
    "BLUECHERRY_KEY",
    "BLUECHERRY_CODE",
    "REVENI_KEY_ES",
    "REVENI_KEY_UK",
    "WAREHOUSE_SECRET_MADRID",
    "WAREHOUSE_SECRET_LONDON",
)


@contextmanager
def _running(data: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    replaced = {"DATABASE_URL", "BROKER_URL", "BRIDGE_API_TOKENS", "FLOWER_BASIC_AUTH"}
    process = subprocess.Popen(
        [
            *(str(Path(sys.executable).with_name("bridge")), "run", "--config", str(_ROOT / "bridge.example.toml")),
            *("--port", str(port), "--flower-port", str(free_port())),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={
            **{name: value for name, value in os.environ.items() if name not in replaced},
            **dict.fromkeys(_SECRETS, "a secret"),
            "BRIDGE_DATA": str(data),
        },
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def _wait_ready(process: subprocess.Popen[str], data: Path) -> None:
    def ready() -> bool:
        if process.poll() is not None:
            assert process.stdout is not None
            raise AssertionError(process.stdout.read())
        return (data / "running.json").exists()

    wait_until(ready, 90, "the system announces itself")


def _all_gone(family: list[psutil.Process]) -> bool:
    return not any(member.is_running() and member.status() != psutil.STATUS_ZOMBIE for member in family)


def test_it_serves_until_it_is_told_to_stop_and_leaves_nothing_behind(tmp_path: Path) -> None:
    port = free_port()
    with _running(tmp_path, port) as process:
        _wait_ready(process, tmp_path)
        family = _family(process)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=10) as answer:
            health = json.load(answer)

        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=40)

    assert health["status"] == "ready"
    assert process.returncode == 0, said
    assert f"http://127.0.0.1:{port}/webhooks/reveni/" in said
    assert _all_gone(family)
    passwords = [path.read_text() for path in (tmp_path / "secrets").iterdir()]
    assert not any(password in said for password in passwords)


@pytest.mark.faults
def test_when_it_is_killed_outright_nothing_lives_on_and_it_starts_again_on_its_data(tmp_path: Path) -> None:
    with _running(tmp_path, free_port()) as process:
        _wait_ready(process, tmp_path)
        family = _family(process)
        process.kill()
        process.wait()
        wait_until(lambda: _all_gone(family), 20, "the warden ended every part")
    (tmp_path / "running.json").unlink()

    with _running(tmp_path, free_port()) as process:
        _wait_ready(process, tmp_path)
