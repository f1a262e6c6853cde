from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from app.db.engine import transaction
from app.db.tables.upkeep import Mark
from app.services.lists import drop, keep, take_up
from tests.support.rows import NOON
from tests.support.scene import Scene


@dataclass(frozen=True)
class Reading:
    cursor: str


@dataclass(frozen=True)
class OlderReading:
    page: int


def test_two_that_read_a_list_at_once_do_not_end_each_other(scene: Scene) -> None:
    def read(cursor: str) -> None:
        for _ in range(40):
            with transaction() as session:
                keep(session, "list", Reading(cursor), NOON)
            with transaction() as session:
                drop(session, "list")

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(read, ("a", "b"))) == [None, None]
    with transaction() as session:
        assert take_up(session, "list", Reading, NOON) is None
    assert scene.rows(Mark) == []


def test_a_reading_that_another_version_kept_in_another_shape_begins_anew(scene: Scene) -> None:
    with transaction() as session:
        keep(session, "list", OlderReading(7), NOON)
    with transaction() as session:
        assert take_up(session, "list", Reading, NOON) is None
