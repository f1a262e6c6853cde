from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from app.calls import Doubtful, TryLater
from app.circuit import RUN
from app.db.tables.history import History
from app.db.tables.returns import InboxEvent
from app.domain.policy import Kind
from app.services.circuits import Circuits, all_circuits
from app.services.intake.taking_in import take_in
from app.services.ledger.batches import follow_batches
from app.services.ledger.posting import post
from app.services.ledger.validation import validate
from app.services.ledger.windows import open_windows
from app.services.outside import Outside, reveni
from app.services.sweep import sweep
from tests.support.scene import Scene, item
from tests.support.surroundings import Clock
from tests.unit.sandbox.world import order_line, sale

RA = "POST /return_authorizations"
OUTAGE = 600.0


def outage(scene: Scene) -> None:
    """From now on BlueCherry answers 503 PROCESSING with Retry-After."""
    scene.trouble(None, outage_seconds=OUTAGE)


def calls(scene: Scene) -> int:
    """Calls that BlueCherry turned down in the outage."""
    return int(scene.bluecherry.call("GET", "/_sandbox/faults").json()["made"].get("outage", 0))


def find_out(scene: Scene) -> None:
    """The bridge hears that BlueCherry is away."""
    with pytest.raises(TryLater):
        scene.outside.bluecherry["main"].periods()


def announce(scene: Scene, count: int) -> list[int]:
    """Returns of one order come in; their rows."""
    scene.seed(orders=[sale("000600", ref_num1="6000", lines=[order_line(1, "0001", count)])])
    for n in range(count):
        scene.ask(f"r{n:02}", order={"external_id": "6000"})
    pks: list[int] = []
    while (taken := take_in(scene.outside)).returns or taken.more:
        pks += taken.returns
    return pks


class TestAway:
    def test_what_one_process_heard_holds_for_all(self, scene: Scene) -> None:
        other = scene.another_process()
        outage(scene)
        find_out(scene)

        with pytest.raises(TryLater) as held_back:
            other.bluecherry["main"].periods()

        assert held_back.value.kind == "paused"
        assert calls(scene) == 1
        assert other.away().stores == {"es"}

    def test_a_run_of_faults_opens_and_single_ones_do_not(self, scene: Scene) -> None:
        erp = scene.outside.bluecherry["main"]
        scene.trouble("502", "GET /periods")
        for _ in range(RUN - 1):
            with pytest.raises(Doubtful):
                erp.periods()
        assert erp.orders_by_ref("nothing") == []
        for _ in range(RUN - 1):
            with pytest.raises(Doubtful):
                erp.periods()
        assert scene.outside.ready("main")

        with pytest.raises(Doubtful):
            erp.periods()
        assert not scene.outside.ready("main")

    def test_documents_stay_due_and_nothing_is_called_written_or_told(self, scene: Scene) -> None:
        pks = announce(scene, 3)
        validate(pks, scene.outside)
        outage(scene)
        find_out(scene)
        ledger = {key: (row.state, row.tries, row.waits, row.retry_at) for key, row in scene.ledger().items()}
        history = len(scene.rows(History))

        for _ in range(10):
            scene.carry(pks)
            scene.later(30)
            open_windows(scene.outside)
            follow_batches(scene.outside)

        assert {key: (row.state, row.tries, row.waits, row.retry_at) for key, row in scene.ledger().items()} == ledger
        assert set(scene.states().values()) == {"due"}
        assert len(scene.rows(History)) == history
        assert calls(scene) == 1

    def test_the_sweep_leaves_alone_what_would_only_fail(self, scene: Scene) -> None:
        announce(scene, 3)
        outage(scene)
        find_out(scene)
        scene.clock.move(60)

        assert sweep(scene.outside).slices == []
        assert sweep(scene.outside).events is False

    def test_new_returns_are_taken_in_and_wait(self, scene: Scene) -> None:
        outage(scene)
        find_out(scene)
        scene.ask("r1")
        scene.work()

        assert scene.row().pending
        assert scene.ledger() == {}
        assert calls(scene) == 1

    def test_a_document_that_was_claimed_a_moment_before_is_as_it_was(self, scene: Scene) -> None:
        pks = announce(scene, 40)
        validate(pks, scene.outside)
        outage(scene)

        post({Kind.RETURN_AUTHORISATION}, pks, scene.outside)

        rows = scene.ledger().values()
        asked = [row for row in rows if row.waits]
        assert {row.state for row in rows} == {"due"}
        assert calls(scene) == len(asked) < 40
        told = [each.key for each in scene.rows(History) if each.what == "to be tried again"]
        assert sorted(told) == sorted(row.key for row in asked)

    def test_an_answer_about_one_document_leaves_it_closed(self, scene: Scene) -> None:
        pks = announce(scene, 8)
        validate(pks, scene.outside)
        scene.trouble("423", RA)

        post({Kind.RETURN_AUTHORISATION}, pks, scene.outside)

        assert scene.calls(RA) == 0 or scene.outside.ready("main")
        assert all_circuits() == {}


class TestBack:
    def test_the_wait_that_was_asked_for_is_obeyed_for_the_whole_connection(self, scene: Scene) -> None:
        outage(scene)
        find_out(scene)
        scene.trouble(None)

        scene.clock.move(OUTAGE - 1)
        assert not scene.outside.ready("main")
        assert scene.calls("GET /periods") == 1, "the one that found out"
        scene.clock.move(2)
        assert scene.outside.ready("main")
        assert scene.calls("GET /periods") == 2

    def test_one_process_asks_first_and_the_others_wait_for_it(self, scene: Scene) -> None:
        outage(scene)
        find_out(scene)
        scene.trouble(None)
        scene.clock.move(OUTAGE + 1)
        other, asked = scene.another_process(), []

        def ask() -> None:
            asked.append("first")
            assert not other.circuits.ready("main", lambda: asked.append("second"))

        # The probe of a process that says nothing of an answer: it is still away for all.
        assert not scene.outside.circuits.ready("main", ask)
        assert asked == ["first"]

    def test_a_probe_whose_process_died_is_made_by_another(self, scene: Scene) -> None:
        outage(scene)
        find_out(scene)
        scene.trouble(None)
        scene.clock.move(OUTAGE + 1)
        scene.outside.circuits.ready("main", lambda: None)
        other = scene.another_process()

        assert not other.ready("main")
        scene.clock.move(30)
        assert other.ready("main")

    def test_a_probe_that_fails_leaves_it_open_for_longer(self, scene: Scene) -> None:
        scene.trouble("502")
        self._fail(scene, RUN)
        scene.clock.move(5)

        assert not scene.outside.ready("main")
        circuit = all_circuits()["main"]
        assert circuit.openings == 2
        assert circuit.open_until is not None
        assert timedelta(seconds=7) < circuit.open_until - scene.clock.now() <= timedelta(seconds=10)

    def test_all_is_made_up_for_the_longest_due_first_and_a_little_at_a_time(self, scene: Scene) -> None:
        pks = announce(scene, 60)
        outage(scene)
        find_out(scene)
        scene.trouble(None)
        scene.clock.move(OUTAGE + 1)

        first = sweep(scene.outside).slices
        assert [len(each) for each in first] == [50]
        assert first[0] == pks[:50]
        assert sweep(scene.outside, limit=4).slices == [pks[50:54]]
        for each in first:
            scene.carry(each)
        for _ in range(3):
            scene.later(31)

        assert len(scene.ras()) == 60

    def _fail(self, scene: Scene, times: int) -> None:
        for _ in range(times):
            with pytest.raises(Doubtful):
                scene.outside.bluecherry["main"].periods()

    def test_a_call_that_began_before_says_nothing_about_after(self, scene: Scene) -> None:
        gate = scene.outside.circuits.gate("main")
        scene.trouble("502")

        def slow() -> None:
            with gate("a slow call", 10):
                self._fail(scene, RUN)
                scene.clock.move(5)
                scene.trouble(None)
                assert scene.outside.ready("main")
                scene.trouble("502")
                self._fail(scene, RUN - 1)
                raise Doubtful("a slow call", "no answer in time")

        with pytest.raises(Doubtful, match="a slow call"):
            slow()
        assert scene.outside.ready("main")


class TestReveni:
    def test_events_of_a_reveni_that_is_away_stay_in_the_inbox_as_they_are(self, scene: Scene) -> None:
        scene.ask("r1")
        scene.reveni_trouble("503", "GET /merchants/v0/stores/1001/returns/{id}")
        circuits = scene.outside.circuits
        for _ in range(RUN):
            with pytest.raises(Doubtful), circuits.gate(reveni("es"))("Reveni GET", 10):
                raise Doubtful("Reveni GET", "status 500")
        scene.arrive("w1", {"0001": 1}, return_id="r1")

        assert take_in(scene.outside).returns == []
        assert {(event.state, event.tries) for event in scene.rows(InboxEvent)} == {("new", 0)}
        assert sweep(scene.outside).events is False

        scene.reveni.call("POST", "/_sandbox/faults", {})
        scene.clock.move(6)
        scene.work()
        assert set(scene.ras()) == {"RA-r1"}
        assert set(scene.journals()) == {"IJ-r1-1"}


class TestRate:
    def _callers(self, database: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Clock, Callable[[], Circuits]]:
        monkeypatch.setenv("DATABASE_URL", database)
        clock = Clock()
        return clock, lambda: Circuits(clock.now, wait=clock.move)

    def test_it_holds_for_all_processes_together(self, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
        clock, process = self._callers(database, monkeypatch)
        gates = [process().gate("main", 20) for _ in range(3)]
        begin = clock.now()
        for n in range(120):
            with gates[n % 3]("a call", 10):
                pass

        # 120 calls at 20 per second; what each process takes at once may come early.
        assert (clock.now() - begin).total_seconds() > 120 / 20 - 3 * 0.25 - 0.25

    def test_a_turn_that_comes_too_late_for_the_call_is_none(
        self, database: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock, process = self._callers(database, monkeypatch)
        busy, other = process().gate("main", 1), Circuits(clock.now, wait=lambda _: None).gate("main", 1)
        for _ in range(8):
            with other("a call", 100):
                pass
        begin = clock.now()

        with pytest.raises(TryLater) as held_back, busy("a call", 10):
            pass
        assert held_back.value.kind == "paused"
        assert held_back.value.retry_after is not None
        clock.move(held_back.value.retry_after.total_seconds())
        with busy("a call", 10):
            pass
        assert (clock.now() - begin).total_seconds() < 9

    def test_a_process_whose_clock_is_far_ahead_holds_up_nobody(
        self, database: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock, process = self._callers(database, monkeypatch)
        ahead = Clock()
        ahead.move(86400)
        with Circuits(ahead.now).gate("main", 20)("a call", 10):
            pass

        begin = clock.now()
        with process().gate("main", 20)("a call", 10):
            pass
        assert clock.now() - begin < timedelta(seconds=1)


def test_calls_pass_while_the_database_cannot_be_asked(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    world: Outside = replace(scene.outside)
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/nothing")

    assert len(world.bluecherry["main"].periods().rows) == 1


def test_a_person_may_say_that_it_is_back(scene: Scene) -> None:
    outage(scene)
    find_out(scene)
    scene.trouble(None)
    scene.outside.circuits.close("main")

    assert scene.outside.ready("main")
    scene.ask("r1", item())
    scene.work()
    assert set(scene.ras()) == {"RA-r1"}
