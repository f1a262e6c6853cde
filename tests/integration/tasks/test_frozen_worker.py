"""A worker's process is truly frozen while it posts, until another one has looked and posted in its place."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app import cli
from app.services.intake.taking_in import take_in
from tests.support.scene import Scene
from tests.support.surroundings import ENVIRONMENT
from tests.support.waiting import wait_until
from tests.support.worker import Worker, worker

pytestmark = [pytest.mark.faults, pytest.mark.slow]
TASK = "tasks.steps.create_return_authorisations"


@contextmanager
def taken_over(scene: Scene, broker: str, database: str, place: Path, point: str) -> Iterator[Worker]:
    """The first child was frozen at a point of its call, the second has posted, and the first goes on."""
    scene.configure({"retry": {"lease_seconds": 2}, "bluecherry": {"main": {"timeout_seconds": 1}}})
    scene.ask("r1")
    pks = take_in(scene.outside).returns
    frozen = place / "frozen"
    environment = {
        **ENVIRONMENT,
        "DATABASE_URL": database,
        "BRIDGE_CONFIG": str(scene.config_path),
        "BRIDGE_TEST_FREEZE": point,
        "BRIDGE_TEST_FROZEN": str(frozen),
    }
    with worker(place, broker, environment, include=("tests.support.freezer",)) as started:
        started.send("tasks.steps.validate_skus", pks, queue="steps")
        pid = int(wait_until(lambda: frozen.exists() and frozen.read_text(), 30, "a child is about to post"))

        def posted() -> bool:
            started.send(TASK, pks, queue="steps")
            return scene.states() == {"RA-r1": "posted"}

        try:
            wait_until(posted, 40, "the other child looked and posted", step=0.5)
            assert _numbers(scene) == [scene.ledger()["RA-r1"].number]
        finally:
            os.kill(pid, signal.SIGCONT)
        yield started


def _numbers(scene: Scene) -> list[str]:
    return [ra["ra_num"] for ra in scene.books()["return_authorisations"] if ra["aux_ref_num"] == "RA-r1"]


def _all_ended(started: Worker) -> bool:
    lines = [line for line in started.log().splitlines() if TASK in line]
    return sum(" received" in line for line in lines) == sum(" succeeded in " in line for line in lines)


@pytest.mark.timeout(150)
def test_one_that_was_frozen_before_it_wrote_sends_nothing_any_more(
    scene: Scene, redis_url: str, database: str, tmp_path: Path
) -> None:
    with taken_over(scene, redis_url, database, tmp_path, "connected") as started:
        wait_until(lambda: _all_ended(started), 30, "the frozen task ended")

        assert _numbers(scene) == [scene.ledger()["RA-r1"].number]


@pytest.mark.timeout(150)
def test_the_window_that_remains_makes_a_double_and_reconciliation_names_it(
    scene: Scene, redis_url: str, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with taken_over(scene, redis_url, database, tmp_path, "writing") as started:
        wait_until(lambda: _all_ended(started), 30, "the frozen task ended")
    ours = scene.ledger()["RA-r1"].number
    (double,) = set(_numbers(scene)) - {ours}
    for name, value in {**ENVIRONMENT, "DATABASE_URL": database, "BRIDGE_CONFIG": str(scene.config_path)}.items():
        monkeypatch.setenv(name, value)

    def named() -> Result | None:
        result = CliRunner().invoke(cli.main, ["reconcile"])
        return result if result.exit_code == 1 else None

    told = wait_until(named, 30, "the double is listed")

    assert told is not None
    assert "doubled" in told.output
    assert double in told.output
    assert str(ours) in told.output
    assert scene.codes() == ["books_differ"]
