from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest

from app.bluecherry.documents import Batch
from app.db.tables.ledger import BatchRow
from app.services.exceptions.remedies import retry
from app.services.ledger.batches import follow_batches
from app.services.ledger.windows import open_windows
from tests.support.scene import Scene, item
from tests.support.waiting import wait_until

POST = "POST /batches"
QUARTER = 15 * 60


@pytest.fixture(autouse=True)
def _authorisations_in_windows(scene: Scene) -> None:
    reasons = {"odd": "XX"}
    posting = {"return_authorisation": "every 15m"}
    scene.configure({"stores": {"es": {"posting": posting, "reasons": reasons}}})


def _due(scene: Scene, reasons: Sequence[str] = ("too_small",)) -> None:
    """Returns whose authorisations wait for a window that opens now."""
    for n, reason in enumerate(reasons, start=1):
        scene.ask(f"r{n}", item(return_reason=reason))
    scene.work()
    scene.clock.move(QUARTER)


def _batches(scene: Scene) -> list[str]:
    return [row.state for row in scene.rows(BatchRow)]


def test_a_rejected_document_is_for_a_person_and_the_rest_goes_through(scene: Scene) -> None:
    _due(scene, ["too_small", "odd", "too_small"])
    scene.run_windows()

    assert scene.states() == {"RA-r1": "posted", "RA-r2": "refused", "RA-r3": "posted"}
    (exception,) = scene.exceptions()
    assert (exception.code, exception.cause, exception.return_id) == (
        "refused",
        "return_authorisation:REASON_UNKNOWN",
        "r2",
    )

    scene.seed(reasons=["XX"])
    retry([exception.id], "ana")
    scene.later(1)
    scene.clock.move(QUARTER)
    scene.run_windows()
    assert set(scene.ras()) == {"RA-r1", "RA-r2", "RA-r3"}
    assert scene.codes() == []


def test_a_batch_whose_answer_was_lost_is_adopted_by_its_ref(scene: Scene) -> None:
    _due(scene)
    scene.trouble("cut_after", POST)
    open_windows(scene.outside)
    assert _batches(scene) == ["doubtful"]
    scene.trouble(None)
    assert follow_batches(scene.outside) == []
    assert scene.states() == {"RA-r1": "sending"}

    scene.follow()
    assert (_batches(scene), scene.states(), scene.calls(POST)) == (["done"], {"RA-r1": "posted"}, 1)


def test_the_documents_of_a_batch_that_was_never_made_are_due_again(scene: Scene) -> None:
    _due(scene)
    scene.trouble("cut_before", POST)
    open_windows(scene.outside)
    assert _batches(scene) == ["doubtful"]
    scene.trouble(None)
    assert open_windows(scene.outside) == 0

    scene.clock.move(6)
    assert follow_batches(scene.outside) == [scene.row().pk]
    assert scene.states() == {"RA-r1": "due"}
    scene.clock.move(2)
    scene.run_windows()
    assert (_batches(scene), scene.states()) == (["done", "done"], {"RA-r1": "posted"})
    assert set(scene.ras()) == {"RA-r1"}


def test_a_worker_that_was_frozen_hands_nothing_in_and_another_does(scene: Scene) -> None:
    _due(scene)
    scene.freeze_workers()
    open_windows(scene.outside)
    assert (_batches(scene), scene.states(), scene.calls(POST)) == (["sending"], {"RA-r1": "sending"}, 0)

    scene.configure({})
    scene.follow()
    assert scene.states() == {"RA-r1": "due"}
    scene.clock.move(2)
    scene.run_windows()
    assert (scene.states(), scene.calls(POST)) == ({"RA-r1": "posted"}, 1)


@pytest.mark.parametrize("fault", ["429", "503", "423"])
def test_a_batch_that_is_not_taken_now_is_handed_in_later(scene: Scene, fault: str) -> None:
    _due(scene)
    scene.trouble(fault, POST)
    open_windows(scene.outside)
    assert (_batches(scene), scene.states()) == (["refused"], {"RA-r1": "due"})
    scene.trouble(None)
    assert open_windows(scene.outside) == 0, "not before its time"

    scene.clock.move(60)
    scene.run_windows()
    assert scene.states() == {"RA-r1": "posted"}


def test_a_batch_that_runs_long_is_followed_until_it_is_done(scene: Scene) -> None:
    _due(scene)
    scene.trouble(None, batch_seconds=0.4)
    open_windows(scene.outside)
    scene.clock.move(6)
    assert follow_batches(scene.outside) == []
    assert (_batches(scene), scene.states()) == (["queued"], {"RA-r1": "sending"})
    scene.later(3600)
    assert scene.calls("POST /return_authorizations") == 0, "its documents are in no look-up and are not sent"

    scene.follow()
    assert scene.states() == {"RA-r1": "posted"}


def test_bluecherry_not_answering_about_a_batch_is_asked_again(scene: Scene) -> None:
    _due(scene)
    open_windows(scene.outside)
    scene.trouble("500", "GET /batches/{batch_num}")
    scene.clock.move(6)
    assert follow_batches(scene.outside) == []
    assert _batches(scene) == ["queued"]

    scene.trouble(None)
    scene.follow()
    assert _batches(scene) == ["done"]


@pytest.mark.parametrize("field", ["status", "number", "aux_ref_num"])
@pytest.mark.parametrize("reason", ["too_small", "odd"])
def test_a_document_whose_result_cannot_be_read_is_looked_up_by_its_key(scene: Scene, field: str, reason: str) -> None:
    _due(scene, ["too_small", reason])
    scene.trouble(None, garbled={"GET /batches": {"RA-r2": [field]}})
    scene.run_windows()
    assert _batches(scene) == ["done"]
    assert scene.states() == {"RA-r1": "posted", "RA-r2": "doubtful"}

    scene.later(60)
    scene.later(60)
    if reason == "too_small":
        assert (scene.states()["RA-r2"], scene.ledger()["RA-r2"].number) == ("posted", scene.ras()["RA-r2"]["ra_num"])
        assert scene.calls("POST /return_authorizations") == 0
        assert scene.codes() == []
        return
    assert scene.states()["RA-r2"] == "due", "it was not made"
    scene.trouble(None)
    scene.clock.move(QUARTER)
    scene.run_windows()
    assert scene.states()["RA-r2"] == "refused"


def test_results_that_never_can_be_read_are_for_a_person_in_the_end(scene: Scene) -> None:
    _due(scene, ["odd"])
    scene.trouble(None, garbled={"GET /batches": {"RA-r1": ["status"]}})
    for _ in range(scene.outside.config.retry.tries):
        scene.run_windows()
        scene.later(3600)
        scene.clock.move(QUARTER)

    assert scene.codes() == ["tries_used_up"]
    assert "cannot be read" in scene.exceptions()[0].message


def test_a_result_without_a_key_may_be_of_any_document(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    _due(scene, ["too_small", "too_small"])
    open_windows(scene.outside)
    erp = scene.outside.bluecherry["main"]
    ask = erp.batch

    def nameless(number: str) -> Batch | None:
        batch = ask(number)
        return batch and replace(batch, results=tuple(replace(each, aux_ref_num=None) for each in batch.results))

    monkeypatch.setattr(erp, "batch", nameless)
    scene.follow()
    assert set(scene.states().values()) == {"doubtful"}

    scene.later(60)
    assert set(scene.states().values()) == {"posted"}
    assert scene.calls("POST /return_authorizations") == 0


def test_a_cancelled_return_leaves_the_window(scene: Scene) -> None:
    _due(scene)
    scene.change("r1", status="cancelled")
    scene.work()
    assert open_windows(scene.outside) == 0

    assert scene.states() == {"RA-r1": "withdrawn"}


def test_a_return_that_is_cancelled_while_its_batch_runs_is_undone_after_it(scene: Scene) -> None:
    _due(scene)
    scene.trouble(None, batch_seconds=0.2)
    open_windows(scene.outside)
    scene.change("r1", status="cancelled")
    scene.work()
    scene.follow()
    scene.later(40)

    wait_until(lambda: scene.ras()["RA-r1"]["ra_status"] == "X", what="the authorisation is cancelled")


def test_a_batch_that_bluecherry_numbered_and_does_not_find_is_not_given_up_before_the_look_up_has_caught_up(
    scene: Scene,
) -> None:
    _due(scene)
    scene.trouble(None, batch_seconds=60)
    open_windows(scene.outside)
    scene.forget()
    scene.clock.move(2)
    assert follow_batches(scene.outside) == []
    assert (_batches(scene), scene.states()) == (["doubtful"], {"RA-r1": "sending"})

    scene.follow()
    assert scene.states() == {"RA-r1": "due"}
    scene.clock.move(2)
    scene.run_windows()
    assert set(scene.ras()) == {"RA-r1"}


def test_batches_that_never_get_through_are_for_a_person_in_the_end(scene: Scene) -> None:
    scene.configure({"retry": {"tries": 3}})
    _due(scene)
    scene.trouble("cut_before", POST)
    for _ in range(5):
        open_windows(scene.outside)
        scene.clock.move(60)
        follow_batches(scene.outside)
    (exception,) = scene.exceptions()
    assert exception.code == "tries_used_up"
    assert scene.calls(POST) == 3

    scene.trouble(None)
    retry([exception.id], "ana")
    scene.run_windows()
    assert scene.states() == {"RA-r1": "posted"}


def test_no_access_is_for_a_person_in_the_end(scene: Scene) -> None:
    scene.configure({"retry": {"tries": 3}})
    _due(scene)
    scene.with_key("an old key")
    for _ in range(4):
        open_windows(scene.outside)
        scene.clock.move(60)

    assert scene.codes() == ["tries_used_up"]


class TestLocks:
    """Returns are locked before documents, here as everywhere: else two workers would wait for each other."""

    def meets_a_lock(self, scene: Scene, database: str, work: Callable[[], object], state: str) -> None:
        """While the batch is worked on, somebody has its return and then wants its document."""
        url = database.replace("+psycopg", "")
        waits = "select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        with (
            ThreadPoolExecutor(1) as pool,
            psycopg.connect(url, autocommit=True) as watch,
            psycopg.connect(url) as other,
        ):
            done = pool.submit(work)
            wait_until(lambda: scene.states() == {"RA-r1": state}, what="the call is under way")
            other.execute("select from returns for update")
            wait_until(lambda: watch.execute(waits).fetchone(), what="the worker waits for the return")
            other.execute("select from ledger for update nowait")
            other.rollback()
            done.result()

    def test_when_results_are_written_down(self, scene: Scene, database: str) -> None:
        _due(scene)
        open_windows(scene.outside)
        scene.clock.move(6)
        scene.trouble(None, base_latency_ms=700)
        self.meets_a_lock(scene, database, lambda: follow_batches(scene.outside), "sending")

        assert scene.states() == {"RA-r1": "posted"}

    def test_when_a_batch_is_given_back(self, scene: Scene, database: str) -> None:
        _due(scene)
        scene.trouble("423", POST, base_latency_ms=700)
        self.meets_a_lock(scene, database, lambda: open_windows(scene.outside), "sending")

        assert scene.states() == {"RA-r1": "due"}
