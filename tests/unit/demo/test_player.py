"""The player: steps in their order, scenes side by side, patience with an end."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime
from random import Random

import pytest

from app.demo.messenger import NotTaken
from app.demo.player import Player, look_again
from app.demo.script import Scene, Script
from app.demo.steps import Await, Put, Step
from app.demo.world import World


class Notebook:
    """Writes steps down. `slow` keys must be asked for several times; `never` ones are in vain; `bad` is refused."""

    def __init__(self, slow: int = 0, never: str = "", bad: str = "") -> None:
        self.done: list[Step] = []
        self._left = slow
        self._never = never
        self._bad = bad
        self._lock = threading.Lock()

    def carry_out(self, step: Step) -> bool:
        with self._lock:
            if isinstance(step, Await):
                if step.key == self._never:
                    return False
                self._left -= 1
                if self._left > 0:
                    return False
            if isinstance(step, Put) and step.return_id == self._bad:
                raise NotTaken("refused")
            self.done.append(step)
            return True


def script_of(*scenes: tuple[Step, ...]) -> Script:
    world = World(Random(1), datetime(2026, 11, 23, tzinfo=UTC).date())
    told = tuple(Scene(f"kind {number}", 0.0, steps) for number, steps in enumerate(scenes))
    return Script(world, told, {}, ())


def put(name: str) -> Put:
    return Put("es", name, {}, "none", 0.0)


def test_each_scene_keeps_its_order() -> None:
    scenes = [tuple(put(f"{scene}-{place}") for place in range(5)) for scene in "abc"]
    notebook = Notebook()
    ended: list[str] = []
    Player(notebook).play(script_of(*scenes), lambda scene: ended.append(scene.kind))
    for scene in scenes:
        assert [step for step in notebook.done if step in scene] == list(scene)
    assert sorted(ended) == ["kind 0", "kind 1", "kind 2"]


def test_a_step_that_must_wait_is_tried_again_before_the_next() -> None:
    wait, then = Await("sales_orders", "EX-1"), put("then")
    notebook = Notebook(slow=3)
    player = Player(notebook)
    player.play(script_of((wait, then)))
    assert notebook.done == [wait, then]
    assert player.stalled == []


def test_what_waits_is_looked_at_ever_more_seldom_and_never_much_later_than_it_is_there() -> None:
    assert [look_again(waited) for waited in (0.0, 4.0, 40.0, 3600.0)] == [0.25, 1.0, 10.0, 15.0]


def test_what_never_comes_ends_its_scene_alone() -> None:
    notebook = Notebook(never="EX-1")
    player = Player(notebook, patience=0.1)
    player.play(script_of((Await("sales_orders", "EX-1"), put("after")), (put("other"),)))
    assert notebook.done == [put("other")]
    assert [each.kind for each in player.stalled] == ["kind 0"]


def test_a_refusal_ends_the_day() -> None:
    player = Player(Notebook(bad="bad", never="EX-1"))
    with pytest.raises(NotTaken):
        player.play(script_of((put("bad"),), (Await("sales_orders", "EX-1"),)))


def test_a_day_without_scenes_is_over_at_once() -> None:
    Player(Notebook()).play(script_of())


def test_a_bridge_that_moves_is_waited_for_and_one_that_stands_still_is_not() -> None:
    """The answers come one after the other, the last one later than any would be waited for alone."""
    scenes = [(Await("return_authorizations", f"RA-{number}", "", 0.0),) for number in range(5)]
    asked: Counter[str] = Counter()

    class Busy:
        def carry_out(self, step: Step) -> bool:
            assert isinstance(step, Await)
            asked[step.key] += 1
            return asked[step.key] > int(step.key[3:]) + 1

    player = Player(Busy(), patience=0.6)
    player.play(script_of(*scenes))
    assert player.stalled == []

    stuck = Player(Notebook(never="RA-0"), patience=0.6)
    stuck.play(script_of(*scenes))
    assert [each.step for each in stuck.stalled] == [scenes[0][0]]
