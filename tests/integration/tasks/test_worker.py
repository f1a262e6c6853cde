"""A real worker on a real broker; no beat runs, so nothing is swept unless a test asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
import redis
from celery import Celery

from app.db.tables.exceptions import ExceptionRow
from app.services.books import reports
from app.services.books.period_end import PeriodEndList
from app.services.intake.nudge import Nudger
from app.services.intake.taking_in import take_in
from tests.support.scene import Scene, item
from tests.support.surroundings import ENVIRONMENT
from tests.support.waiting import wait_until
from tests.support.worker import Worker, worker


@contextmanager
def running(scene: Scene, broker: str, database: str, *include: str, **environment: str) -> Iterator[Worker]:
    given = {**ENVIRONMENT, "DATABASE_URL": database, "BRIDGE_CONFIG": str(scene.config_path), **environment}
    scene.config()
    with worker(scene.config_path.parent, broker, given, include=include) as started:
        yield started


def _from_event_to_memo(scene: Scene, broker: str, database: str) -> None:
    with running(scene, broker, database):
        nudger = Nudger(broker)
        scene.ask("r1", item("0001", 2))
        nudger.nudge()
        wait_until(lambda: scene.states() == {"RA-r1": "posted"}, 20, "the authorisation is posted")

        scene.arrive("w1", {"0001": 2}, return_id="r1")
        scene.accept("r1")
        nudger.nudge()
        wait_until(lambda: scene.states().get("CM-r1-1") == "posted", 20, "the memo is posted")

    assert scene.memos()["CM-r1-1"]["total_amt"] == "21.78"
    assert scene.stock() == {"MAD01": 2}
    assert scene.row().state == "settled"


def test_on_redis_a_return_goes_from_event_to_memo(scene: Scene, redis_url: str, database: str) -> None:
    _from_event_to_memo(scene, redis_url, database)


@pytest.mark.rabbitmq
def test_on_rabbitmq_a_return_goes_from_event_to_memo(scene: Scene, rabbitmq_url: str, database: str) -> None:
    _from_event_to_memo(scene, rabbitmq_url, database)


def test_a_list_of_a_periods_end_is_made_by_a_worker(scene: Scene, redis_url: str, database: str) -> None:
    number = reports.ask(PeriodEndList.RECEIVED_NOT_CREDITED, None, None, "ana")
    beat = Celery("beat", broker=redis_url, set_as_current=False)
    with running(scene, redis_url, database):
        beat.send_task("tasks.upkeep.make_reports", queue="clock")
        wait_until(lambda: reports.get_report(number).asked.lines == 0, 20, "the list is made")


def test_a_step_that_passes_by_itself_is_tried_again_soon(scene: Scene, redis_url: str, database: str) -> None:
    with running(scene, redis_url, database):
        scene.trouble("423", "POST /return_authorizations")
        scene.ask("r1")
        Nudger(redis_url).nudge()
        wait_until(lambda: scene.calls("POST /return_authorizations") == 1, 20, "the first try")
        scene.trouble(None)
        wait_until(lambda: scene.states() == {"RA-r1": "posted"}, 20, "the second try")


@pytest.mark.slow
def test_a_return_that_kills_its_worker_is_set_aside_and_the_others_go_on(
    scene: Scene, redis_url: str, database: str
) -> None:
    for n in (1, 2, 3):
        scene.ask(f"r{n}")
    pks = take_in(scene.outside).returns
    poison = scene.row("r2").pk
    with running(scene, redis_url, database, "tests.support.poison", BRIDGE_TEST_POISON=str(poison)) as started:
        started.send("tasks.steps.validate_skus", pks, queue="steps")
        wait_until(lambda: scene.codes() == ["task_lost"], 60, "the return is set aside")
        wait_until(lambda: set(scene.ras()) == {"RA-r1", "RA-r3"}, 20, "the others are authorised")

    (exception,) = scene.rows(ExceptionRow)
    assert (exception.return_id, exception.cause) == ("r2", "tasks.steps.validate_skus")


SHORT = {"retry": {"lease_seconds": 1, "first_delay_seconds": 0.1, "longest_delay_seconds": 0.5, "tries": 4}}
"""A dead worker's work is free again soon."""


@pytest.mark.slow
def test_an_event_that_kills_its_worker_is_set_aside_and_the_others_go_on(
    scene: Scene, redis_url: str, database: str
) -> None:
    scene.configure({"bluecherry": {"main": {"timeout_seconds": 0.8}}, **SHORT})
    for n in (1, 2, 3):
        scene.ask(f"r{n}")
    with running(scene, redis_url, database, "tests.support.deadly", BRIDGE_TEST_DEADLY="r2") as started:

        def go_on() -> bool:
            started.send("tasks.intake.take_in", queue="take-in")
            return scene.codes() == ["task_lost"]

        wait_until(go_on, 90, "the event is set aside", step=1.0)
        wait_until(lambda: set(scene.ras()) == {"RA-r1", "RA-r3"}, 20, "the others are authorised")

    (exception,) = scene.rows(ExceptionRow)
    assert (exception.code, exception.cause) == ("task_lost", "intake:reveni:es")


@pytest.mark.slow
def test_a_document_that_kills_who_hands_in_its_batch_is_set_aside_and_the_others_are_posted(
    scene: Scene, redis_url: str, database: str
) -> None:
    windows = {"stores": {"es": {"posting": {"return_authorisation": "every 1s"}}}}
    scene.configure({"bluecherry": {"main": {"timeout_seconds": 0.8}}, **SHORT, **windows})
    scene.clock.move(-60)
    for n in (1, 2, 3):
        scene.ask(f"r{n}")
    scene.work()
    with running(scene, redis_url, database, "tests.support.deadly", BRIDGE_TEST_DEADLY="RA-r2") as started:

        def go_on() -> bool:
            started.send("tasks.windows.open_windows", queue="batches")
            started.send("tasks.windows.follow_batches", queue="batches")
            return scene.ledger()["RA-r2"].tired

        wait_until(go_on, 110, "the document is set aside", step=1.0)

    assert set(scene.ras()) == {"RA-r1", "RA-r3"}
    assert scene.codes() == ["tries_used_up"]


def test_a_database_that_went_away_for_a_moment_costs_no_return(scene: Scene, redis_url: str, database: str) -> None:
    scene.ask("r1")
    (pk,) = take_in(scene.outside).returns
    with (
        running(scene, redis_url, database) as started,
        psycopg.connect(database.replace("+psycopg", "")) as mine,
        psycopg.connect(database.replace("+psycopg", ""), autocommit=True) as theirs,
    ):
        mine.execute("select from returns where pk = %s for update", [pk])
        started.send("tasks.steps.validate_skus", [pk], queue="steps")
        waiting = "select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        (worker_pid,) = wait_until(lambda: theirs.execute(waiting).fetchone(), 20, "the task waits for the row") or (0,)
        theirs.execute("select pg_terminate_backend(%s)", [worker_pid])
        wait_until(lambda: "OperationalError" in started.log(), 10, "the task hears of it")
        mine.rollback()
        wait_until(lambda: scene.states() == {"RA-r1": "posted"}, 20, "the task is tried again")

    assert scene.codes() == []


def test_a_chain_that_was_lost_is_picked_up_by_the_sweep(scene: Scene, redis_url: str, database: str) -> None:
    scene.clock.move(-60)
    scene.ask("r1")
    take_in(scene.outside)
    scene.ask("r2")
    with running(scene, redis_url, database) as started:
        started.send("tasks.upkeep.sweep", queue="clock")
        wait_until(lambda: set(scene.ras()) == {"RA-r1", "RA-r2"}, 20, "the sweep's slices are carried")


def test_a_poll_brings_what_no_webhook_told(scene: Scene, redis_url: str, database: str) -> None:
    scene.ask("r1", tell=False)
    with running(scene, redis_url, database) as started:
        started.send("tasks.upkeep.poll_returns", queue="clock")
        wait_until(lambda: set(scene.ras()) == {"RA-r1"}, 20, "the return is carried")


def test_a_window_is_opened_and_its_batch_followed(scene: Scene, redis_url: str, database: str) -> None:
    scene.configure({"stores": {"es": {"posting": {"credit_memo": "every 15m"}}}})
    scene.clock.move(-3600)
    scene.ask("r1")
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.accept("r1")
    scene.work()
    with running(scene, redis_url, database) as started:
        started.send("tasks.windows.open_windows", queue="batches")
        wait_until(lambda: scene.calls("POST /batches") == 1, 20, "the batch is handed in")

        def done() -> bool:
            started.send("tasks.windows.follow_batches", queue="batches")
            return scene.states()["CM-r1-1"] == "posted"

        wait_until(done, 20, "the batch is done", step=0.5)

    assert set(scene.memos()) == {"CM-r1-1"}


def test_what_nobody_knows_is_told_and_hurts_nobody(scene: Scene, redis_url: str, database: str) -> None:
    with running(scene, redis_url, database) as started:
        started.send("tasks.of.another.version", queue="steps")
        wait_until(lambda: "unknown task discarded" in started.log(), 20, "it is told")
        scene.ask("r1")
        Nudger(redis_url).nudge()
        wait_until(lambda: set(scene.ras()) == {"RA-r1"}, 20, "the worker goes on")

    assert "tasks.of.another.version" in started.log()


def test_no_personal_data_reaches_the_broker_or_the_log(scene: Scene, redis_url: str, database: str) -> None:
    with redis.Redis.from_url(redis_url) as client, client.monitor() as monitor:
        commands = monitor.listen()
        with running(scene, redis_url, database) as started:
            scene.ask("r1")
            Nudger(redis_url).nudge()
            wait_until(lambda: set(scene.ras()) == {"RA-r1"}, 20, "the return is carried")
        client.set("the-end", "1")
        said = []
        for command in commands:
            said.append(str(command["command"]))
            if "the-end" in said[-1]:
                break

    assert len(said) > 10
    for secret in ("Jane", "jane.doe", ENVIRONMENT["BC_KEY"], ENVIRONMENT["REVENI_ES"]):
        assert secret not in "\n".join(said)
        assert secret not in started.log()
