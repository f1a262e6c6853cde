from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from app.sandbox.json import Json
from app.sandbox.reveni.desk import Desk
from app.sandbox.reveni.store import BadRequest, NotFound, Return, Store
from app.sandbox.tape import Tape
from tests.unit.sandbox.world import Body, Clock


class Announced:
    """Remembers what subscribers would have been told."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []

    def announce(self, store: Store, event: str, about: Return) -> None:
        self.events.append((event, about.id))


class Reveni:
    """One store on a desk, with the clock in hand."""

    def __init__(self, path: Path | None = None, *, empty: bool = False) -> None:
        self.clock = Clock()
        self.announced = Announced()
        self.desk = Desk(Tape(path), self.announced, self.clock.now)
        if not empty:
            self.desk.open_store({"store_id": "1", "api_key": "k1", "webhook_url": "http://127.0.0.1:1/x"})

    def put(self, return_id: str, *items: Body, **changes: Json) -> None:
        self.desk.put("1", return_id, {"status": "in_progress", "return_items": list(items), **changes}, None)

    def judge(self, return_id: str, *entries: Body) -> Return:
        return self.desk.judge("1", return_id, {"items": list(entries)})


@pytest.fixture
def reveni() -> Reveni:
    return Reveni()


def _item(item_id: str, quantity: int = 1, status: str = "pending") -> Body:
    return {"item_id": item_id, "sku": "0001", "quantity": quantity, "status": status}


def _verdict(item_id: str, status: str, quantity: int = 1, **more: Json) -> Body:
    return {"item_id": item_id, "quantity": quantity, "status": status, **more}


def _statuses(found: Return) -> list[Json]:
    return [found.body["status"], *(item["status"] for item in found.items())]


def test_keeps_a_return_as_it_is(reveni: Reveni) -> None:
    body: Body = {
        "id": "r1",
        "status": "in_progress",
        "created": "2024-05-01T00:00:00Z",
        "updated": "2024-05-01T10:00:00+02:00",
        "something": {"else": [1]},
    }
    assert reveni.desk.put("1", "r1", body, "return.created").body == body
    assert reveni.announced.events == [("return.created", "r1")]


def test_dates_a_return_that_bears_no_date(reveni: Reveni) -> None:
    reveni.put("r1")
    assert reveni.desk.store("1").get("r1").body["updated"] == "2024-05-02T08:00:00.000000Z"
    assert reveni.announced.events == []


@pytest.mark.parametrize(
    ("first", "second", "whole"),
    [
        ("accepted", "accepted", "accepted"),
        ("rejected", "rejected", "rejected"),
        ("accepted", "rejected", "partially_accepted"),
    ],
)
def test_a_return_is_judged_once_all_its_items_are(reveni: Reveni, first: str, second: str, whole: str) -> None:
    reveni.put("r1", _item("i1"), _item("i2"))
    reveni.clock.move(1)
    assert _statuses(reveni.judge("r1", _verdict("i1", first))) == ["in_progress", first, "pending"]
    assert _statuses(reveni.judge("r1", _verdict("i2", second))) == [whole, first, second]
    assert reveni.announced.events == [("return.updated", "r1")] * 2
    assert reveni.desk.store("1").get("r1").updated == "2024-05-02T08:00:01.000000Z"


def test_an_item_may_be_split(reveni: Reveni) -> None:
    reveni.put("r1", _item("i1", 3))
    found = reveni.judge("r1", _verdict("i1", "accepted", 2), _verdict("i1", "rejected", 1, reject_reason="defect"))
    assert _statuses(found) == ["partially_accepted", "accepted"]
    assert found.items()[0]["reject_reason"] == "defect"


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [_verdict("nope", "accepted", 2)],
        [_verdict("i1", "accepted", 1)],
        [_verdict("i1", "accepted", 3)],
        [_verdict("i1", "maybe", 2)],
        [_verdict("i1", "accepted", 0)],
        [_verdict("i1", "accepted", 2), _verdict("i2", "accepted", 1)],
        [{"quantity": 2, "status": "accepted"}],
    ],
)
def test_a_verdict_that_does_not_fit_changes_nothing(reveni: Reveni, entries: list[Body]) -> None:
    reveni.put("r1", _item("i1", 2), _item("i2", status="accepted"))
    with pytest.raises(BadRequest):
        reveni.judge("r1", *entries)
    assert _statuses(reveni.desk.store("1").get("r1")) == ["in_progress", "pending", "accepted"]
    assert [each["status"] for each in reveni.desk.verdicts if isinstance(each, dict)] == [400]


def test_an_item_is_judged_once(reveni: Reveni) -> None:
    reveni.put("r1", _item("i1"))
    reveni.judge("r1", _verdict("i1", "accepted"))
    with pytest.raises(BadRequest, match="already"):
        reveni.judge("r1", _verdict("i1", "accepted"))


def test_what_is_not_there_is_not_found(reveni: Reveni) -> None:
    with pytest.raises(NotFound):
        reveni.judge("nope", _verdict("i1", "accepted"))
    with pytest.raises(NotFound):
        reveni.desk.put("2", "r1", {}, None)
    with pytest.raises(NotFound):
        reveni.desk.unsubscribe("1", "nope")


def test_the_list_goes_by_the_last_change_and_loses_nothing_between_pages(reveni: Reveni) -> None:
    for number in range(250):
        reveni.put(f"r{number:03d}")
        reveni.clock.move(1)
    store = reveni.desk.store("1")
    page, cursor = store.page(None, None)
    # One of the first page changes, and comes again at the end; none is left out.
    reveni.put("r005")
    seen = [each.id for each in page]
    while cursor:
        page, cursor = store.page(None, cursor)
        seen += [each.id for each in page]
    assert seen == [f"r{number:03d}" for number in range(250)] + ["r005"]


def test_the_list_begins_at_a_time_inclusive(reveni: Reveni) -> None:
    reveni.put("r1")
    reveni.clock.move(1)
    reveni.put("r2")
    now = reveni.clock.now()
    store = reveni.desk.store("1")
    assert [each.id for each in store.page(now, None)[0]] == ["r2"]
    assert [each.id for each in store.page(now - timedelta(seconds=1), None)[0]] == ["r1", "r2"]
    assert store.page(now + timedelta(microseconds=1), None)[0] == []


def test_the_next_run_knows_the_same(tmp_path: Path) -> None:
    path = tmp_path / "reveni.jsonl"
    before = Reveni(path)
    before.put("r1", _item("i1", 2), _item("i2"))
    before.judge("r1", _verdict("i1", "accepted", 1), _verdict("i1", "rejected", 1))
    ended = before.desk.subscribe("1", {"url": "http://127.0.0.1:1/y", "event_types": ["return.updated"]})
    before.desk.subscribe("1", {"url": "http://127.0.0.1:1/z", "event_types": ["return.created"]})
    before.desk.unsubscribe("1", ended.id)
    after = Reveni(path, empty=True)
    old, new = before.desk.store("1"), after.desk.store("1")
    assert new.get("r1").body == old.get("r1").body
    assert new.subscriptions == old.subscriptions
    assert after.desk.verdicts == before.desk.verdicts
    assert after.announced.events == []
    assert _statuses(after.judge("r1", _verdict("i2", "accepted"))) == ["partially_accepted", "accepted", "accepted"]
