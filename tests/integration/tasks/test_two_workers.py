"""Two worker processes, each with a broker of its own, on one database: what both want at once is made once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from app.services.intake.taking_in import take_in
from tests.support.scene import Scene, item
from tests.support.surroundings import ENVIRONMENT
from tests.support.waiting import wait_until
from tests.support.worker import Worker, worker
from tests.unit.sandbox.world import memo, memo_line

_SLOW = 300
"""Milliseconds that BlueCherry takes for each call: the two are in the middle of it together."""


@contextmanager
def two_workers(scene: Scene, broker: str, database: str, directory: Path) -> Iterator[tuple[Worker, Worker]]:
    """Two workers. Each reads a database of the broker that the other does not: nobody takes the other's message."""
    scene.config()
    given = {**ENVIRONMENT, "DATABASE_URL": database, "BRIDGE_CONFIG": str(scene.config_path)}
    with ExitStack() as stack:
        one, other = (
            stack.enter_context(worker(directory / name, f"{broker.removesuffix('/0')}/{number}", given))
            for number, name in enumerate(("one", "other"))
        )
        yield one, other


def together(scene: Scene, workers: tuple[Worker, Worker], pks: list[int]) -> None:
    """Each worker gets one of the two returns at the same time, BlueCherry takes its time, and both come to an end."""
    scene.trouble(None, base_latency_ms=_SLOW)
    for each, pk in zip(workers, pks, strict=True):
        each.send("tasks.steps.validate_skus", [pk], queue="steps")
    wait_until(lambda: len(scene.memos()) == 1 and scene.exceptions() != [], 60, "a memo and an exception")
    wait_until(lambda: not _under_way(scene), 30, "nothing is under way")


def test_two_returns_of_the_last_unit_make_one_authorisation_one_memo_one_exception(
    scene: Scene, redis_url: str, database: str, tmp_path: Path
) -> None:
    for name in ("r1", "r2"):
        scene.ask(name, item("0002"))
        scene.arrive(f"w-{name}", {"0002": 1}, return_id=name)
        scene.accept(name)
    pks = take_in(scene.outside).returns
    with two_workers(scene, redis_url, database, tmp_path) as workers:
        together(scene, workers, pks)

    assert len(scene.ras()) == len(scene.journals()) == len(scene.memos()) == 1
    assert scene.codes() == ["over_return"]
    assert scene.stock("0002") == {"MAD01": 1}
    assert scene.books()["refusals"] == []


def test_two_memos_for_the_last_unit_of_a_line_one_is_made_and_finance_hears_of_the_other(
    scene: Scene, redis_url: str, database: str, tmp_path: Path
) -> None:
    # Each return has a unit of its own; then somebody credits the rest of the line by hand, and one is left.
    for name in ("r1", "r2"):
        scene.ask(name, item("0001"))
        scene.arrive(f"w-{name}", {"0001": 1}, return_id=name)
    scene.work()
    assert scene.stock() == {"MAD01": 2}
    by_hand = memo(memo_line(2), total_amt="21.78", ref_num2=None, aux_ref_num=None)
    scene.seed(credit_memos=[by_hand])
    for name in ("r1", "r2"):
        scene.accept(name)
    pks = take_in(scene.outside).returns

    with two_workers(scene, redis_url, database, tmp_path) as workers:
        together(scene, workers, pks)

    (made,) = scene.memos().values()
    assert (made["total_amt"], [row["qty"] for row in made["lines"]]) == ("10.89", [1])
    (exception,) = scene.exceptions()
    assert (exception.code, exception.team, exception.units) == ("already_credited", "finance", 1)
    credited = [row for each in scene.books()["credit_memos"] for row in each["lines"] if row["ord_line_seq"] == 1]
    assert sum(row["qty"] for row in credited) == 3
    assert scene.books()["refusals"] == []


def _under_way(scene: Scene) -> bool:
    return bool({"due", "sending", "doubtful"} & set(scene.states().values()))
