from __future__ import annotations

from contextlib import suppress

import pytest

from app.calls import CallError
from app.db.tables.mirrors import ItemRow
from app.db.tables.upkeep import Mark
from app.services.facts.items import refresh_items
from tests.support.scene import Scene, item


def _mirror(scene: Scene) -> dict[str, tuple[bool, bool, str | None]]:
    return {row.sku: (row.known, row.active, row.upc) for row in scene.rows(ItemRow)}


def test_no_order_was_seen_yet(scene: Scene) -> None:
    assert refresh_items(scene.outside) == 0


def test_the_divisions_of_orders_are_mirrored(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()
    scene.seed(items=[{"division": "020", "sku": "0007"}])

    assert refresh_items(scene.outside) == 4
    assert _mirror(scene) == {
        "0001": (True, True, "0840001"),
        "0002": (True, True, None),
        "0003": (True, False, None),
        "0004": (True, True, None),
    }


def test_only_what_changed_comes_again(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()
    refresh_items(scene.outside)
    (mark,) = scene.rows(Mark)
    scene.seed(items=[{"division": "010", "sku": "0003", "active_ok": "Y"}])

    assert refresh_items(scene.outside) == 1
    assert _mirror(scene)["0003"] == (True, True, None)
    assert scene.rows(Mark)[0].value > mark.value


def test_a_feed_that_breaks_off_is_read_again_from_where_it_was(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()
    scene.trouble("500", "GET /items")
    with pytest.raises(CallError):
        refresh_items(scene.outside)
    assert scene.rows(Mark) == []

    scene.trouble(None)
    assert refresh_items(scene.outside) == 4


def test_the_next_one_goes_on_at_the_page_that_failed(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()
    scene.seed(items=[{"division": "010", "sku": f"1{n:04}"} for n in range(3000)])
    scene.trouble(None, rate={"500": 0.5, "cut_before": 0.3}, only=["GET /items"], seed=1)
    counts: list[int] = []
    while not counts:
        with suppress(CallError):
            counts.append(refresh_items(scene.outside))
        scene.clock.move(61)
        assert scene.outside.ready("main")

    assert counts[0] < 3004
    assert len(_mirror(scene)) == 3004
    assert [mark.name for mark in scene.rows(Mark)] == ["items:main:010"]


def test_what_bluecherry_does_not_have_is_remembered_as_unknown(scene: Scene) -> None:
    scene.ask("r1", item("9999"))
    scene.work()
    assert _mirror(scene) == {"9999": (False, False, None)}
    scene.seed(items=[{"division": "010", "sku": "9999"}])
    refresh_items(scene.outside)

    assert _mirror(scene)["9999"] == (True, True, None)
