from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import pytest

from app.bluecherry.gateway import Page, UnreadableRow
from app.calls import CallError
from app.db.tables.mirrors import ItemRow
from app.db.tables.upkeep import Mark
from app.domain.model import Item
from app.services.exceptions.remedies import retry
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


def _garble(scene: Scene, *skus: str, field: str = "active_ok", call: str = "GET /items") -> None:
    scene.trouble(None, garbled={call: {sku: [field] for sku in skus}})


def test_an_item_that_cannot_be_read_is_set_aside_until_it_can(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()
    _garble(scene, "0002")
    assert refresh_items(scene.outside) == 3
    assert "0002" not in _mirror(scene)
    (exception,) = scene.exceptions()
    assert (exception.code, exception.team) == ("unreadable_row", "integration")
    assert "list items main/010 cannot be read (sku 0002): active_ok" in exception.message

    refresh_items(scene.outside)
    assert scene.codes() == ["unreadable_row"], "the feed tells only of what changed since"
    scene.trouble(None)
    scene.seed(items=[{"division": "010", "sku": "0002"}])
    refresh_items(scene.outside)
    assert scene.codes() == []


def test_one_without_a_name_is_read_again_once_a_day_and_when_a_person_says_so(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()
    _garble(scene, "0001", "0004", field="sku")
    refresh_items(scene.outside)
    assert len(scene.codes()) == 2
    _garble(scene, "0004", field="sku")
    scene.clock.move(86400)
    refresh_items(scene.outside)
    (exception,) = scene.exceptions()

    scene.trouble(None)
    refresh_items(scene.outside)
    assert scene.codes() == ["unreadable_row"]
    retry([exception.id], "ana")
    refresh_items(scene.outside)
    assert scene.codes() == []
    assert [mark.name for mark in scene.rows(Mark)] == ["items:main:010"]


@pytest.mark.parametrize("field", ["active_ok", "sku"])
def test_a_look_up_with_an_item_that_cannot_be_read_holds_only_the_returns_with_it(scene: Scene, field: str) -> None:
    _garble(scene, "0002", field=field, call="POST /items/lookup")
    scene.ask("r1", item("0001"))
    scene.ask("r2", item("0002"))
    scene.work()

    assert scene.states() == {"RA-r1": "posted"}
    assert (scene.codes(), sorted(_mirror(scene))) == ([], ["0001"]), "it is neither known nor unknown"
    for _ in range(12):
        scene.later(700)
    (exception,) = scene.exceptions()
    assert (exception.code, exception.return_id) == ("tries_used_up", "r2")
    assert "cannot be read: item " in exception.message

    scene.trouble(None)
    scene.later(700)
    assert scene.states() == {"RA-r1": "posted", "RA-r2": "posted"}
    assert scene.codes() == []


def test_what_bluecherry_does_not_have_is_remembered_as_unknown(scene: Scene) -> None:
    scene.ask("r1", item("9999"))
    scene.work()
    assert _mirror(scene) == {"9999": (False, False, None)}
    scene.seed(items=[{"division": "010", "sku": "9999"}])
    refresh_items(scene.outside)

    assert _mirror(scene)["9999"] == (True, True, None)


def test_very_many_items_that_cannot_be_read_are_one_mistake(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.ask("r1")
    scene.work()
    rows = tuple(UnreadableRow(n, f"{n:064}", ("style is not a text",), {"sku": f"{n:06}"}) for n in range(1, 70_001))
    with monkeypatch.context() as patch:
        pages = {None: "2", "2": None}

        def bad(division: str, since: datetime | None, cursor: str | None) -> Page[Item]:
            return Page((), pages[cursor], rows if cursor is None else rows[::-1])

        patch.setattr(scene.outside.bluecherry["main"], "items_changed", bad)
        refresh_items(scene.outside)
    assert len(scene.exceptions()) == 201
    assert "More rows of BlueCherry's list items main/010 cannot be read" in scene.exceptions()[-1].message

    retry([scene.exceptions()[0].id], "ana")
    refresh_items(scene.outside)
    assert scene.codes() == []
