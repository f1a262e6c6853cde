from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from app.services.exceptions.remedies import retry
from app.services.intake.taking_in import take_in
from app.services.ledger.posting import post
from app.services.ledger.validation import validate
from app.services.sweep import SLICE, set_aside, sweep
from tests.support.scene import WAY, Scene


def test_nothing_stands_still(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()
    found = sweep(scene.outside)

    assert (found.slices, found.events) == ([], False)


def test_an_event_that_nobody_took(scene: Scene) -> None:
    scene.ask("r1")

    assert sweep(scene.outside).events


def test_a_return_whose_chain_was_lost_before_its_first_step(scene: Scene) -> None:
    scene.ask("r1")
    (pk,) = take_in(scene.outside).returns
    assert sweep(scene.outside).slices == [], "its message may be on its way"

    scene.later(31)
    assert scene.states() == {"RA-r1": "posted"}
    assert pk == scene.row().pk


def test_a_return_whose_chain_was_lost_at_any_later_step(scene: Scene) -> None:
    scene.ask("r1")
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.accept("r1")
    pks = take_in(scene.outside).returns
    validate(pks, scene.outside)
    for step in range(len(WAY)):
        scene.clock.move(31)
        found = sweep(scene.outside)
        assert found.slices in ([pks], []), step
        post(WAY[step], pks, scene.outside)

    assert set(scene.states().values()) == {"posted"}
    assert sweep(scene.outside).slices == []


def test_what_is_set_going_is_not_found_again_before_it_had_time_to_move(scene: Scene) -> None:
    scene.ask("r1")
    pks = take_in(scene.outside).returns
    scene.clock.move(31)

    assert sweep(scene.outside).slices == [pks]
    assert sweep(scene.outside).slices == []
    scene.clock.move(31)
    assert sweep(scene.outside).slices == [pks]


def test_two_sweeps_at_once_share_the_work(scene: Scene) -> None:
    for n in range(20):
        scene.ask(f"r{n}")
    pks = take_in(scene.outside).returns
    scene.clock.move(31)
    barrier = Barrier(2)

    def run() -> list[list[int]]:
        barrier.wait()
        return sweep(scene.outside).slices

    with ThreadPoolExecutor(2) as pool:
        slices = [part for future in [pool.submit(run) for _ in range(2)] for part in future.result()]

    assert sorted(pk for part in slices for pk in part) == pks


def test_many_go_in_slices(scene: Scene) -> None:
    for n in range(SLICE + 1):
        scene.ask(f"r{n}")
    while take_in(scene.outside).more:
        pass
    scene.clock.move(31)

    assert [len(part) for part in sweep(scene.outside).slices] == [SLICE, 1]


class TestSetAside:
    """A task that ended its worker each time it was tried."""

    def test_of_several_returns_none_is_to_blame_yet(self, scene: Scene) -> None:
        assert set_aside([1, 2], "tasks.steps.post_credit_memos", "WorkerLostError") == [1, 2]
        assert scene.codes() == []

    def test_a_single_one_is_left_alone_until_a_person_retries_it(self, scene: Scene) -> None:
        scene.ask("r1")
        (pk,) = take_in(scene.outside).returns
        assert set_aside([pk], "tasks.steps.post_credit_memos", "WorkerLostError") == []
        (exception,) = scene.exceptions()
        assert (exception.code, exception.cause) == ("task_lost", "tasks.steps.post_credit_memos")

        scene.tell("r1")
        scene.work()
        scene.later(3600)
        scene.change("r1", status="shipped")
        scene.work()
        assert scene.ras() == {}
        assert scene.codes() == ["task_lost"]

        retry([exception.id], "ana")
        scene.later(1)
        assert set(scene.ras()) == {"RA-r1"}
        assert scene.codes() == []
