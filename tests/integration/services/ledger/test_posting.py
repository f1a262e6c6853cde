"""Posting once, whatever the call came to."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from app.db.engine import transaction
from app.domain.policy import Kind
from app.services.exceptions.remedies import retry
from app.services.intake.taking_in import take_in
from app.services.ledger.claiming import claim
from app.services.ledger.posting import post
from app.services.ledger.recording import Answer, record
from app.services.ledger.sending import LookedUp, send
from app.services.ledger.validation import validate
from app.services.outside import Away
from tests.support.scene import Scene, item
from tests.unit.sandbox.world import order_line, sale

EVEN = {"sku": "0004", "quantity": 1, "price": "10.89"}
RA, JOURNAL, MEMO, ORDER = (
    "POST /return_authorizations",
    "POST /inventory_journals",
    "POST /credit_memos",
    "POST /sales_orders",
)
LAG = 5.5
"""Seconds after which a look-up has caught up."""


KINDS = [("RA-r1", RA), ("IJ-r1-1", JOURNAL), ("CM-r1-1", MEMO), ("EX-r1", ORDER)]


def _all_at_once(scene: Scene) -> None:
    """A return that is due a document of every kind."""
    scene.ask("r1", item("0001"), item("0002", exchange=EVEN), type="mixed")
    scene.arrive("w1", {"0001": 1, "0002": 1}, return_id="r1")
    scene.accept("r1")


def _documents(scene: Scene) -> set[str]:
    return {*scene.ras(), *scene.journals(), *scene.memos(), *scene.exchanges()}


@pytest.mark.parametrize(("key", "call"), KINDS)
def test_what_was_made_before_the_connection_broke_is_found_and_never_sent_again(
    scene: Scene, key: str, call: str
) -> None:
    _all_at_once(scene)
    scene.trouble("cut_after", call)
    scene.work()
    assert scene.states()[key] == "doubtful"

    scene.trouble(None)
    scene.carry([scene.row().pk])
    assert scene.states()[key] == "doubtful", "the look-up may not have caught up yet"

    scene.later(LAG + 30)
    assert set(scene.states().values()) == {"posted"}
    assert scene.calls(call) == 1
    assert _documents(scene) == {key for key, _ in KINDS}


@pytest.mark.parametrize(("key", "call"), KINDS)
def test_what_was_not_made_is_sent_again_after_a_look_up(scene: Scene, key: str, call: str) -> None:
    _all_at_once(scene)
    scene.trouble("cut_before", call)
    scene.work()
    assert scene.states()[key] == "doubtful"

    scene.trouble(None)
    scene.later(LAG + 30)
    assert set(scene.states().values()) == {"posted"}
    assert scene.calls(call) == 2
    assert _documents(scene) == {key for key, _ in KINDS}


@pytest.mark.parametrize("fault", ["500", "502", "504", "unreadable"])
def test_an_answer_that_says_nothing_is_doubtful(scene: Scene, fault: str) -> None:
    scene.ask("r1")
    scene.trouble(fault, RA)
    scene.work()
    assert scene.states() == {"RA-r1": "doubtful"}

    scene.trouble(None)
    scene.later(LAG + 30)
    assert scene.states() == {"RA-r1": "posted"}
    assert set(scene.ras()) == {"RA-r1"}


@pytest.mark.parametrize("fault", ["cut_after", "cut_before"])
@pytest.mark.parametrize(
    ("key", "call"),
    [
        ("RA-r1/cancel", "POST /return_authorizations/{ra_num}/cancel"),
        ("EX-r1/cancel", "POST /sales_orders/{ord_num}/cancel"),
    ],
)
def test_a_doubtful_cancellation_is_looked_up_too(scene: Scene, fault: str, key: str, call: str) -> None:
    scene.ask("r1", item(exchange=EVEN), type="exchange", instant=True)
    scene.work()
    scene.change("r1", status="cancelled")
    scene.trouble(fault, call)
    scene.work()
    assert scene.states()[key] == "doubtful"
    scene.trouble(None)
    scene.later(LAG + 30)

    assert scene.ras()["RA-r1"]["ra_status"] == "X"
    assert scene.exchanges()["EX-r1"]["ord_status"] == "X"
    assert set(scene.states().values()) == {"posted"}
    assert scene.calls(call) == (1 if fault == "cut_after" else 2)


@pytest.mark.parametrize("fault", ["cut_after", "cut_before"])
def test_a_doubtful_closing_is_looked_up_too(scene: Scene, fault: str) -> None:
    call = "POST /return_authorizations/{ra_num}/close"
    scene.ask("r1", item("0001", 2))
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.work()
    scene.change("r1", status="cancelled")
    scene.work()
    scene.trouble(fault, call)
    scene.later(10)
    assert scene.states()["RA-r1/close"] == "doubtful"
    scene.trouble(None)
    scene.later(LAG + 30)

    assert scene.ras()["RA-r1"]["ra_status"] == "C"
    assert scene.calls(call) == (1 if fault == "cut_after" else 2)


def test_a_look_up_that_fails_leaves_the_doubt(scene: Scene) -> None:
    scene.ask("r1")
    scene.trouble("cut_after", RA)
    scene.work()
    scene.trouble("500", "GET /return_authorizations")
    scene.later(LAG + 30)

    assert scene.states() == {"RA-r1": "doubtful"}
    assert scene.calls(RA) == 1


def test_the_chain_comes_back_when_the_look_up_has_caught_up(scene: Scene) -> None:
    scene.ask("r1")
    pks = take_in(scene.outside).returns
    validate(pks, scene.outside)
    scene.trouble("cut_after", RA)
    outcome = post({Kind.RETURN_AUTHORISATION}, pks, scene.outside)

    assert outcome.passed == []
    assert 4 < outcome.again[pks[0]] < 5.5


@pytest.mark.parametrize("fault", ["423", "429", "500"])
def test_the_chain_comes_back_not_before_the_document_may_be_tried_again(scene: Scene, fault: str) -> None:
    scene.seed(orders=[sale("000600", ref_num1="6000", lines=[order_line(1, "0001", 20)])])
    for n in range(20):
        scene.ask(f"r{n}", order={"external_id": "6000"})
    pks = take_in(scene.outside).returns
    validate(pks, scene.outside)
    scene.trouble(fault, RA)
    outcome = post({Kind.RETURN_AUTHORISATION}, pks, scene.outside)
    after = scene.clock.now()

    rows = {row.return_pk: row for row in scene.ledger().values()}
    for pk in pks:
        retry_at = rows[pk].retry_at
        assert retry_at is not None
        assert after + timedelta(seconds=outcome.again[pk]) >= retry_at


@pytest.mark.parametrize(("fault", "counted"), [("423", 1), ("429", 0), ("503", 0)])
def test_not_now_is_tried_again_and_only_the_documents_own_fault_counts(scene: Scene, fault: str, counted: int) -> None:
    scene.ask("r1")
    scene.trouble(fault, RA)
    scene.work()
    row = scene.ledger()["RA-r1"]
    assert (row.state, row.sent_at, row.tries) == ("due", None, counted)

    scene.trouble(None)
    scene.later(60)
    assert scene.states() == {"RA-r1": "posted"}
    assert scene.calls("GET /return_authorizations") == 0, "a certain answer needs no look-up"


def test_retry_after_is_obeyed(scene: Scene) -> None:
    scene.configure({"retry": {"first_delay_seconds": 0.01}})
    scene.ask("r1")
    scene.trouble(None, outage_seconds=30)
    scene.work()
    assert scene.row().ord_num is None
    scene.trouble(None)
    scene.later(15)
    assert scene.row().ord_num is None
    assert scene.calls("GET /sales_orders") == 1

    scene.later(30)
    assert scene.states() == {"RA-r1": "posted"}


def test_a_throttled_document_waits_as_long_as_it_is_told(scene: Scene) -> None:
    scene.configure({"retry": {"first_delay_seconds": 0.01}})
    scene.ask("r1")
    scene.trouble("429", RA)
    scene.work()
    before = scene.clock.now()

    row = scene.ledger()["RA-r1"]
    assert row.retry_at is not None
    assert row.retry_at > before + timedelta(seconds=0.5)
    scene.carry([scene.row().pk])
    assert scene.calls(RA) == 1


def test_used_up_tries_are_for_a_person_whose_retry_goes_through(scene: Scene) -> None:
    scene.configure({"retry": {"tries": 3}})
    scene.ask("r1")
    scene.trouble("423", RA)
    scene.work()
    for _ in range(5):
        scene.later(60)
    (exception,) = scene.exceptions()
    assert (exception.code, exception.cause, exception.document_key) == (
        "tries_used_up",
        "return_authorisation:TryLater",
        "RA-r1",
    )
    assert scene.calls(RA) == 3

    scene.trouble(None)
    scene.later(3600)
    assert scene.calls(RA) == 3, "only a person may go on"
    assert retry([exception.id], "ana") == 1
    scene.later(1)
    assert scene.states() == {"RA-r1": "posted"}
    assert scene.codes() == []


def test_a_throttle_never_uses_up_the_tries(scene: Scene) -> None:
    scene.configure({"retry": {"tries": 2}})
    scene.ask("r1")
    scene.trouble("429", RA)
    scene.work()
    for _ in range(4):
        scene.later(60)

    assert scene.codes() == []
    assert scene.calls(RA) == 5


def test_a_refusal_of_many_is_one_thing_to_mend(scene: Scene) -> None:
    scene.configure({"stores": {"es": {"reasons": {"odd": "XX"}}}})
    scene.ask("r1", item(return_reason="odd"))
    scene.ask("r2", item(return_reason="odd"))
    scene.ask("r3")
    scene.work()
    assert scene.states() == {"RA-r1": "refused", "RA-r2": "refused", "RA-r3": "posted"}
    exceptions = scene.exceptions()
    assert {(each.code, each.cause) for each in exceptions} == {("refused", "return_authorisation:REASON_UNKNOWN")}
    assert [each.return_id for each in exceptions] == ["r1", "r2"]

    scene.later(3600)
    assert scene.calls(RA) == 3, "the same again gets the same answer"
    scene.seed(reasons=["XX"])
    retry([each.id for each in exceptions], "ana")
    scene.later(1)
    assert set(scene.ras()) == {"RA-r1", "RA-r2", "RA-r3"}
    assert scene.codes() == []


class TestLease:
    """A worker that claimed a document and is not heard of again."""

    def claimed(self, scene: Scene) -> Callable[[], str]:
        """Claim the authorisation as a worker does; what it would send then."""
        scene.ask("r1")
        validate(take_in(scene.outside).returns, scene.outside)
        with transaction() as session:
            (self.parcel,) = claim(
                session, {Kind.RETURN_AUTHORISATION}, [scene.row().pk], Away(), scene.outside
            ).to_send
        return lambda: send(self.parcel, scene.outside)

    def test_nobody_else_touches_it_while_it_runs(self, scene: Scene) -> None:
        self.claimed(scene)
        scene.carry([scene.row().pk])
        scene.later(29)

        assert scene.states() == {"RA-r1": "sending"}
        assert scene.calls(RA) == 0

    def test_when_it_ran_out_the_document_is_sent_by_another(self, scene: Scene) -> None:
        self.claimed(scene)
        scene.later(36)

        assert scene.states() == {"RA-r1": "posted"}
        assert (scene.calls("GET /return_authorizations"), scene.calls(RA)) == (1, 1)

    def test_what_it_sent_before_it_died_is_found(self, scene: Scene) -> None:
        send_it = self.claimed(scene)
        number = send_it()
        scene.later(36)

        assert scene.ledger()["RA-r1"].number == number
        assert scene.calls(RA) == 1

    def test_its_answer_is_not_written_once_another_took_over(self, scene: Scene) -> None:
        self.claimed(scene)
        scene.later(36)
        number = scene.ledger()["RA-r1"].number
        with transaction() as session:
            record(session, [Answer(self.parcel, LookedUp("late"), None, False)], {}, scene.outside)

        assert scene.ledger()["RA-r1"].number == number

    def test_a_worker_that_was_frozen_sends_no_more(self, scene: Scene) -> None:
        scene.ask("r1")
        scene.freeze_workers()
        scene.work()

        row = scene.ledger()["RA-r1"]
        assert (row.state, row.tries, row.error_code) == ("due", 0, "LeaseRanOut")
        assert scene.calls(RA) == 0


def test_two_workers_with_the_same_slice_make_every_document_once(scene: Scene) -> None:
    orders = [f"6{n:03}" for n in range(12)]
    scene.seed(orders=[sale(f"A{ref}", ref_num1=ref, lines=[order_line(1, "0001", 1)]) for ref in orders])
    for n, ref in enumerate(orders):
        scene.ask(f"r{n}", order={"external_id": ref})
        scene.arrive(f"w{n}", {"0001": 1}, return_id=f"r{n}")
        scene.accept(f"r{n}")
    pks = take_in(scene.outside).returns
    barrier = Barrier(2)

    def worker() -> None:
        barrier.wait()
        scene.carry(pks)

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(worker) for _ in range(2)]:
            future.result()
    scene.carry(pks)

    assert len(pks) == len(scene.ras()) == len(scene.journals()) == len(scene.memos()) == 12
    assert set(scene.states().values()) == {"posted"}


def test_the_last_try_is_looked_up_too_before_a_person_is_asked(scene: Scene) -> None:
    scene.configure({"retry": {"tries": 1}})
    scene.ask("r1")
    scene.trouble("cut_after", "POST /return_authorizations")
    scene.work()
    assert scene.codes() == []

    scene.trouble(None)
    scene.later(LAG + 30)

    assert scene.states() == {"RA-r1": "posted"}
    assert scene.calls("POST /return_authorizations") == 1


def test_an_erp_that_is_away_is_asked_less_and_less(scene: Scene) -> None:
    scene.ask("r1")
    scene.trouble("429", "POST /return_authorizations")
    scene.work()
    for _ in range(5):
        scene.later(120)
    row = scene.ledger()["RA-r1"]

    assert (row.tries, row.tired) == (0, False)
    assert row.waits >= 5
