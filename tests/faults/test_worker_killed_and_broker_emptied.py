"""In the middle of a day the worker is killed outright and the broker emptied: the books are right all the same."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis

from app.commands._staff import make_staff
from app.demo.config import make_secrets, write_config
from app.demo.day import Day, Places
from app.demo.sandboxes import bluecherry_part, reveni_part
from app.demo.script import Scene, write_script
from app.demo.station import Login
from app.system.bridge import System, SystemConfig
from app.system.network import free_port

pytestmark = [pytest.mark.faults, pytest.mark.e2e, pytest.mark.slow]

RETURNS, SEED = 60, 11


class Once:
    """Does something once a number of scenes is over, in a thread of its own: the day must not wait for it."""

    def __init__(self, after: int, what: Callable[[], None]) -> None:
        self._left = after
        self._what = what
        self._lock = threading.Lock()
        self.failure: Exception | None = None
        self.done = threading.Event()

    def __call__(self, _: Scene) -> None:
        with self._lock:
            self._left -= 1
            if self._left == 0:
                threading.Thread(target=self._do, name="fault", daemon=True).start()

    def _do(self) -> None:
        try:
            self._what()
        except (redis.RedisError, OSError) as error:
            self.failure = error
        self.done.set()


@pytest.mark.timeout(200)
def test_the_day_still_ends_with_the_books_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "BROKER_URL", "BRIDGE_API_TOKENS", "FLOWER_BASIC_AUTH", "BRIDGE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    secrets, bluecherry, reveni = make_secrets(), free_port(), free_port()
    sides = {"bluecherry": f"http://127.0.0.1:{bluecherry}", "reveni": f"http://127.0.0.1:{reveni}"}
    write_config(tmp_path / "bridge.toml", sides["bluecherry"], sides["reveni"])
    system = System(
        SystemConfig(
            data=tmp_path / "data",
            config=tmp_path / "bridge.toml",
            environment=secrets,
            flower=False,
            companions=(bluecherry_part(bluecherry, secrets), reveni_part(reveni)),
        )
    )
    with system:
        emptied: list[int] = []

        def strike() -> None:
            system.kill("worker")
            with redis.Redis.from_url(system.urls.broker) as broker:
                emptied.append(broker.dbsize())
                broker.flushall()

        strike_once = Once(RETURNS // 3, strike)
        killed = system.pid("worker")
        urls, logistics = system.urls, Login("logistics", make_staff(system))
        places = Places(**sides, receiver=urls.receiver, api_token=urls.api_token, secrets=secrets, logistics=logistics)
        day = Day(write_script(RETURNS, SEED, datetime.now(UTC)), SEED, places, on_scene=strike_once)
        day.prepare()
        report = day.run()

        assert strike_once.done.is_set()
        assert strike_once.failure is None
        assert emptied[0] > 0, "the broker held something"
        assert system.pid("worker") != killed
        assert system.failure is None

    told = report.as_json()
    assert (told["missing"], told["doubled"], told["wrong"]) == (0, 0, 0), told
    assert report.good, told
