from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from app.db.engine import transaction
from app.db.tables.exceptions import ExceptionRow
from app.db.tables.returns import InboxEvent, ReceiptRow
from app.services.exceptions.remedies import retry
from app.services.intake.inbox import store_event
from app.services.intake.taking_in import SLICE, take_in
from tests.support.scene import Scene, item

GET = "GET returns {id}"


def _event(scene: Scene, external_id: str = "e1") -> InboxEvent:
    found: list[InboxEvent] = [row for row in scene.rows(InboxEvent) if row.external_id == external_id]
    (event,) = found
    return event


def test_an_empty_inbox_is_nothing_to_do(scene: Scene) -> None:
    assert take_in(scene.outside) == ([], False)


def test_the_return_is_fetched_and_not_read_off_the_event(scene: Scene) -> None:
    scene.ask("r1", item("0001", 2))
    scene.change("r1", return_items=[item("0001", 1)], tell=False)
    taken = take_in(scene.outside)

    assert taken == ([scene.row().pk], False)
    assert scene.row().data["items"][0]["quantity"] == 1
    assert scene.row().personal == {"name": "Jane Doe", "email": "jane.doe@example.com"}
    event = _event(scene)
    assert (event.state, event.return_pk) == ("done", scene.row().pk)


def test_more_events_than_a_slice_say_that_there_is_more(scene: Scene) -> None:
    scene.ask("r1")
    for n in range(SLICE):
        scene.tell("r1", f"again-{n}")

    assert take_in(scene.outside).more
    assert not take_in(scene.outside).more
    assert take_in(scene.outside) == ([], False)


def test_an_event_that_changes_nothing_makes_nothing(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()
    calls = scene.books()["calls"]
    scene.tell("r1")
    scene.tell("r1", "e1")

    assert take_in(scene.outside).returns == []
    assert scene.books()["calls"] == calls
    assert len(scene.rows(InboxEvent)) == 2, "the repeat of an id is not even stored"


@pytest.mark.parametrize(
    "body",
    ["[]", '{"id": "e1"}', '{"id": "e1", "event": "return.updated", "data": {}}', "{", "[" * 100_000],
    ids=["list", "no-event", "no-return", "no-json", "deep"],
)
def test_an_event_that_cannot_be_read_is_for_a_person(scene: Scene, body: str) -> None:
    store_event("reveni", "es", "bad", body)
    scene.ask("r2")
    scene.work()

    assert scene.codes() == ["unreadable_event"]
    assert _event(scene, "bad").state == "unreadable"
    assert scene.states() == {"RA-r2": "posted"}


def test_a_receipt_that_cannot_be_read_is_for_a_person(scene: Scene) -> None:
    scene.arrive("w1", {"0001": 0}, return_id="r1")
    scene.work()

    (exception,) = scene.exceptions()
    assert (exception.code, exception.cause) == ("unreadable_event", "warehouse:madrid")


def test_a_return_that_does_not_fit_is_for_a_person_and_goes_on_once_it_does(scene: Scene) -> None:
    scene.put("r1", {"status": "in_progress", "type": "refund"})
    scene.work()
    (exception,) = scene.exceptions()
    assert exception.code == "unreadable_event"

    scene.ask("r1", tell=False)
    retry([exception.id], "ana")
    scene.work()
    assert scene.states() == {"RA-r1": "posted"}
    assert scene.codes() == []


def test_a_later_event_ends_what_an_earlier_one_of_the_return_could_not(scene: Scene) -> None:
    scene.put("r1", {"status": "in_progress", "type": "refund"})
    scene.put("r2", {"status": "in_progress", "type": "refund"})
    scene.work()
    assert [(each.code, each.return_id) for each in scene.exceptions()] == [
        ("unreadable_event", "r1"),
        ("unreadable_event", "r2"),
    ]

    scene.ask("r1")
    scene.work()
    assert [each.return_id for each in scene.exceptions()] == ["r2"]


def test_an_event_of_a_store_that_is_gone_is_for_a_person(scene: Scene) -> None:
    scene.tell("r1", store="atlantis")
    scene.work()

    assert scene.codes() == ["unreadable_event"]


def test_a_return_that_reveni_does_not_have_is_asked_for_again(scene: Scene) -> None:
    scene.tell("r1")
    scene.work()
    assert _event(scene).state == "new"
    scene.ask("r1", tell=False)
    scene.work()
    assert _event(scene).state == "new", "not before its time"

    scene.later(60)
    assert _event(scene).state == "done"
    assert scene.states() == {"RA-r1": "posted"}


def test_an_event_whose_return_cannot_be_had_is_for_a_person_in_the_end(scene: Scene) -> None:
    scene.configure({"retry": {"tries": 3}})
    scene.ask("r1")
    scene.reveni_trouble("500", GET)
    scene.work()
    for _ in range(4):
        scene.later(600)
    (exception,) = scene.exceptions()
    assert (exception.code, exception.cause) == ("tries_used_up", "intake:reveni:es")

    scene.reveni_trouble(None, GET)
    retry([exception.id], "ana")
    scene.work()
    assert scene.states() == {"RA-r1": "posted"}
    assert scene.codes() == []


def test_a_throttle_of_reveni_never_uses_up_the_tries(scene: Scene) -> None:
    scene.configure({"retry": {"tries": 2}})
    scene.ask("r1")
    scene.reveni_trouble("429", GET)
    scene.work()
    for _ in range(4):
        scene.later(600)
    assert (scene.codes(), _event(scene).state) == ([], "new")

    scene.reveni_trouble(None, GET)
    scene.later(600)
    assert scene.states() == {"RA-r1": "posted"}


def test_events_that_a_worker_took_and_never_finished_are_taken_by_another(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()
    scene.ask("r2")
    with transaction() as session:
        lost = {"state": "taken", "taken_until": scene.clock.now() + timedelta(seconds=30), "tries": 1}
        session.execute(update(InboxEvent).where(InboxEvent.state == "new").values(lost))
    scene.work()
    assert "RA-r2" not in scene.states()

    scene.later(31)
    assert scene.states()["RA-r2"] == "posted"


def test_an_event_that_ends_every_worker_is_set_aside(scene: Scene) -> None:
    scene.ask("r1")
    for _ in range(8):
        with transaction() as session:
            values = {"state": "taken", "taken_until": datetime(2020, 1, 1, tzinfo=UTC), "tries": InboxEvent.tries + 1}
            session.execute(update(InboxEvent).values(values))
    scene.ask("r2")
    scene.work()
    scene.work()

    assert scene.codes() == ["task_lost"]
    assert _event(scene).state == "unreadable"
    assert scene.states() == {"RA-r2": "posted"}
    retry([scene.exceptions()[0].id], "ana")
    scene.work()
    assert scene.states()["RA-r1"] == "posted"


def test_a_receipt_always_fetches_its_return(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()
    scene.change("r1", status="accepted", items={"status": "accepted"}, tell=False)
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.work()

    assert scene.memos()["CM-r1-1"]["total_amt"] == "10.89"


def test_a_receipt_waits_until_its_return_can_be_fetched(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()
    scene.reveni_trouble("500", GET)
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.work()
    assert scene.rows(ReceiptRow) == []

    scene.reveni_trouble(None, GET)
    scene.later(60)
    assert scene.stock() == {"MAD01": 1}
    assert scene.codes() == []


def test_an_exception_of_an_event_closes_when_it_went_through_by_itself(scene: Scene) -> None:
    scene.tell("r1")
    scene.work()
    scene.ask("r1", tell=False)
    with transaction() as session:
        event = _event(scene)
        session.add(
            ExceptionRow(code="tries_used_up", cause="x", team="integration", inbox_id=event.id, message="It waits.")
        )
    scene.later(60)

    assert scene.codes() == []
