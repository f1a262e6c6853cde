"""A worker is killed twice while it retries five hundred exceptions: the job ends, and each is done once in effect."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from app.db.engine import transaction
from app.db.tables.history import History
from app.services.exceptions.bulk_jobs import SLICE, get_job, start_job
from app.services.exceptions.desk_actions import Action
from tests.support.scene import Scene, item
from tests.support.surroundings import ENVIRONMENT
from tests.support.waiting import wait_until
from tests.support.worker import worker
from tests.unit.sandbox.world import order_line, sale

pytestmark = [pytest.mark.faults, pytest.mark.slow]

_MANY = 500


@pytest.mark.timeout(400)
def test_five_hundred_are_retried_although_the_worker_is_killed_twice(
    scene: Scene, redis_url: str, database: str, tmp_path: Path
) -> None:
    scene.seed(
        orders=[sale(f"{100000 + n}", ref_num1=f"S{n}", lines=[order_line(1, "NEW-1", 1)]) for n in range(_MANY)]
    )
    for n in range(_MANY):
        scene.ask(f"r{n}", item("NEW-1"), order={"external_id": f"S{n}", "number": f"#{n}"})
    scene.work()
    ids = [row.id for row in scene.exceptions()]
    assert len(ids) == _MANY
    scene.seed(items=[{"sku": "NEW-1", "division": "010", "active_ok": "Y"}])
    number = start_job(Action.RETRY, ids, {}, "ana")
    deaths = tmp_path / "deaths"
    deaths.mkdir()
    environment = {
        **ENVIRONMENT,
        "DATABASE_URL": database,
        "BRIDGE_CONFIG": str(scene.config_path),
        "BRIDGE_TEST_DEATHS": str(deaths),
    }
    progress: list[int] = []

    with worker(tmp_path, redis_url, environment, include=("tests.support.deadly_job",)) as started:

        def ended() -> bool:
            # As the clock does, which goes on whatever becomes of workers.
            started.send("tasks.upkeep.carry_bulk_jobs", queue="clock")
            job = get_job(number)
            progress.append(job.done)
            return job.finished_at is not None

        wait_until(ended, 120, "the job ended", step=0.5)

        def authorised() -> bool:
            started.send("tasks.upkeep.sweep", queue="clock")
            return len(scene.books()["return_authorisations"]) >= _MANY and scene.exceptions() == []

        wait_until(authorised, 200, "every return has its authorisation", step=2)

    job = get_job(number)
    assert {path.name for path in deaths.iterdir()} >= {"transaction", "unrecorded"}
    assert (job.done, job.closed, job.error) == (_MANY, _MANY, None)
    assert progress == sorted(progress)
    assert all(done % SLICE == 0 and done <= _MANY for done in progress)
    keys = Counter(ra["aux_ref_num"] for ra in scene.books()["return_authorisations"])
    assert keys == Counter(f"RA-r{n}" for n in range(_MANY))
    # Of what was done without the job knowing, one slice was asked for again; of what never was, nothing stands.
    with transaction() as session:
        noted = Counter(session.scalars(select(History.return_pk).where(History.what == "retry")))
    assert (len(noted), sum(noted.values())) == (_MANY, _MANY + SLICE)
