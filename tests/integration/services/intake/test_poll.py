from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from app import create_app
from app.calls import CallError, Doubtful, Refused, TryLater
from app.db.engine import transaction
from app.db.tables.returns import InboxEvent
from app.db.tables.upkeep import Mark
from app.reveni.client import ReturnPage
from app.reveni.signature import sign
from app.secret import Secret
from app.services.intake.poll import ask_quiet_ones, poll
from app.services.lists import LeadsNowhere
from app.web.settings import WebSettings
from tests.support.scene import Scene, item
from tests.support.surroundings import ENVIRONMENT, STORE_ID


def test_a_return_whose_webhook_was_lost_is_found(scene: Scene) -> None:
    scene.ask("r1", tell=False)
    assert poll("es", scene.outside) == 1
    scene.work()

    assert scene.states() == {"RA-r1": "posted"}


def test_what_is_known_already_is_no_news(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()

    assert poll("es", scene.outside) == 0
    assert len(scene.rows(InboxEvent)) == 1


def test_a_change_is_found_once_however_often_it_is_polled(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()
    scene.change("r1", status="cancelled", tell=False)

    assert [poll("es", scene.outside) for _ in range(3)] == [1, 0, 0]
    scene.work()
    assert scene.ras()["RA-r1"]["ra_status"] == "X"
    assert poll("es", scene.outside) == 0


def test_a_page_that_was_not_answered_is_asked_for_again_and_one_that_is_to_wait_is_not(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(101):
        scene.ask(f"r{n}", tell=False)
    client = scene.outside.reveni["es"]
    ask, calls = client.list_returns, 0

    def every_third_answers(since: datetime, cursor: str | None = None) -> ReturnPage:
        nonlocal calls
        calls += 1
        if calls % 3:
            raise Doubtful("Reveni GET", "status 502")
        return ask(since, cursor)

    monkeypatch.setattr(client, "list_returns", every_third_answers)
    assert poll("es", scene.outside) == 101

    def later(since: datetime, cursor: str | None = None) -> ReturnPage:
        nonlocal calls
        calls += 1
        raise TryLater("Reveni GET", "throttled", timedelta(seconds=2))

    calls = 0
    monkeypatch.setattr(client, "list_returns", later)
    with pytest.raises(TryLater):
        poll("es", scene.outside)
    assert calls == 1


def test_all_pages_are_read(scene: Scene) -> None:
    for n in range(101):
        scene.ask(f"r{n}", tell=False)

    assert poll("es", scene.outside) == 101


def test_a_page_of_any_length_is_taken_in(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.ask("r1", tell=False)
    client = scene.outside.reveni["es"]
    (ret,) = client.list_returns(scene.outside.now() - timedelta(days=1)).returns
    page = ReturnPage(tuple(replace(ret, id=f"r{n}") for n in range(33_000)), (), None)
    monkeypatch.setattr(client, "list_returns", lambda since, cursor=None: page)

    assert poll("es", scene.outside) == len(page.returns)
    assert poll("es", scene.outside) == 0


def test_it_goes_on_where_the_last_one_ended(scene: Scene) -> None:
    scene.ask("r1", tell=False)
    poll("es", scene.outside)
    (mark,) = scene.rows(Mark)

    assert mark.name == "poll:es"
    assert mark.value.startswith(scene.in_reveni("r1")["updated"][:19])


def test_a_poll_that_broke_off_starts_again_where_the_last_good_one_did(scene: Scene) -> None:
    scene.ask("r1", tell=False)
    scene.reveni_trouble("500", "GET returns")
    with pytest.raises(Doubtful):
        poll("es", scene.outside)
    assert scene.rows(Mark) == []

    scene.reveni_trouble(None, "GET returns")
    assert poll("es", scene.outside) == 1


class TestLongList:
    """A list of several pages, of which single ones fail for good."""

    @pytest.fixture(autouse=True)
    def pages(self, scene: Scene) -> None:
        scene.configure({"sweep": {"poll_every_seconds": 86400}})
        for n in range(301):
            scene.ask(f"r{n}", tell=False)

    def _found(self, scene: Scene) -> set[str]:
        return {json.loads(event.body)["data"]["resource_id"] for event in scene.rows(InboxEvent)}

    def _stop_after(self, pages: int, scene: Scene) -> None:
        """A poll that breaks off after so many pages."""
        client = scene.outside.reveni["es"]
        ask = client.list_returns
        answers = [True] * pages

        def answered(since: datetime, cursor: str | None = None) -> ReturnPage:
            if not answers:
                raise TryLater("Reveni GET", "throttled", timedelta(seconds=1))
            answers.pop()
            return ask(since, cursor)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(client, "list_returns", answered)
            with pytest.raises(TryLater):
                poll("es", scene.outside)

    def test_it_is_read_to_its_end_where_most_calls_fail(self, scene: Scene) -> None:
        plan = {"rate": {"500": 0.5, "cut_before": 0.4}, "only": ["GET returns"], "seed": 3}
        assert scene.reveni.call("POST", "/_sandbox/faults", plan).status_code == 200
        broke_off = 0
        while not any(mark.name == "poll:es" for mark in scene.rows(Mark)):
            try:
                poll("es", scene.outside)
            except CallError:
                broke_off += 1
            assert broke_off < 40
            scene.clock.move(61)
            assert scene.outside.ready("reveni:es")

        assert broke_off >= 2
        assert self._found(scene) == {f"r{n}" for n in range(301)}
        scene.reveni_trouble(None, "GET returns")
        assert poll("es", scene.outside) == 0

    def test_it_goes_on_at_the_page_that_failed(self, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        self._stop_after(2, scene)
        assert len(self._found(scene)) == 200
        client = scene.outside.reveni["es"]
        ask, cursors = client.list_returns, []

        def noted(since: datetime, cursor: str | None = None) -> ReturnPage:
            cursors.append(cursor)
            return ask(since, cursor)

        monkeypatch.setattr(client, "list_returns", noted)
        assert poll("es", scene.outside) == 101
        assert len(cursors) == 2
        assert None not in cursors
        assert [mark.name for mark in scene.rows(Mark)] == ["poll:es"]

    def test_a_cursor_that_leads_to_itself_is_not_followed_for_ever(self, scene: Scene) -> None:
        client = scene.outside.reveni["es"]
        ask = client.list_returns
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(client, "list_returns", lambda since, cursor=None: replace(ask(since), next="again"))
            with pytest.raises(LeadsNowhere):
                poll("es", scene.outside)
        assert scene.rows(Mark) == []

        poll("es", scene.outside)
        assert self._found(scene) == {f"r{n}" for n in range(301)}

    def test_what_changes_between_two_polls_is_found(self, scene: Scene) -> None:
        self._stop_after(2, scene)
        for changed in ("r5", "r205", "r299"):
            scene.change(changed, status="cancelled", tell=False)
        scene.ask("new", tell=False)
        scene.clock.move(60)
        poll("es", scene.outside)

        assert self._found(scene) == {*(f"r{n}" for n in range(301)), "new"}
        hints = [event.external_id for event in scene.rows(InboxEvent)]
        assert f"poll:r5:{_updated(scene, 'r5')}" in hints

    def test_a_change_on_a_page_that_was_read_is_found_whatever_the_order_of_the_list(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client = scene.outside.reveni["es"]
        whole = client.list_returns(datetime(2020, 1, 1, tzinfo=UTC)).returns[:3]

        def by_id(since: datetime, cursor: str | None = None) -> ReturnPage:
            """One return a page; the first changes after its page was read, and then the last."""
            place = int(cursor or 0)
            later = timedelta(minutes=5 + place if cursor else 0)
            ret = replace(whole[place], updated=whole[place].updated + later)
            return ReturnPage((ret,), (), str(place + 1) if place < 2 else None)

        monkeypatch.setattr(client, "list_returns", by_id)
        began = scene.outside.now()
        poll("es", scene.outside)

        assert datetime.fromisoformat(scene.rows(Mark)[0].value) <= began + timedelta(seconds=5)

    def test_a_cursor_that_reveni_no_longer_takes_makes_it_begin_anew(self, scene: Scene) -> None:
        self._stop_after(2, scene)
        with transaction() as session:
            (mark,) = session.scalars(select(Mark))
            mark.value = re.sub(r"cursor=[^&]+", "cursor=gone", mark.value)
        with pytest.raises(Refused):
            poll("es", scene.outside)

        assert poll("es", scene.outside) == 101
        assert len(self._found(scene)) == 301

    def test_a_reading_that_got_no_further_for_hours_begins_anew(self, scene: Scene) -> None:
        self._stop_after(2, scene)
        scene.change("r5", status="cancelled", tell=False)
        scene.clock.move(4 * 3600)
        poll("es", scene.outside)

        assert len(self._found(scene)) == 301

    def test_two_at_once_do_no_harm(self, scene: Scene) -> None:
        self._stop_after(1, scene)
        with ThreadPoolExecutor(2) as pool:
            counts = list(pool.map(lambda _: poll("es", scene.outside), range(2)))

        assert sum(counts) == 201
        assert self._found(scene) == {f"r{n}" for n in range(301)}
        assert poll("es", scene.outside) == 0


def _updated(scene: Scene, return_id: str) -> str:
    return datetime.fromisoformat(scene.in_reveni(return_id)["updated"]).isoformat()


def test_a_return_that_does_not_fit_is_told_of_and_holds_up_no_other(scene: Scene) -> None:
    scene.put("r1", {"status": "in_progress"}, tell=False)
    scene.ask("r2", tell=False)
    with capture_logs() as logs:
        assert [poll("es", scene.outside) for _ in range(2)] == [2, 0]
    scene.work()

    assert scene.states() == {"RA-r2": "posted"}
    assert {(line["event"], line["store"]) for line in logs} == {("poll.unreadable_return", "es")}
    (told,) = scene.exceptions()
    assert (told.code, told.return_id) == ("unreadable_event", "r1")

    scene.ask("r1", tell=False)
    poll("es", scene.outside)
    scene.work()
    assert scene.states() == {"RA-r1": "posted", "RA-r2": "posted"}
    assert scene.codes() == []


def test_its_event_holds_nothing_but_the_id(scene: Scene) -> None:
    scene.ask("r1", item("0001", 2), tell=False)
    poll("es", scene.outside)
    (event,) = scene.rows(InboxEvent)

    assert json.loads(event.body)["data"] == {"resource": "return", "resource_id": "r1"}


def test_a_return_from_the_future_hides_no_other(scene: Scene) -> None:
    scene.ask("r1", tell=False)
    body = scene.in_reveni("r1") | {"updated": "2999-01-01T00:00:00Z"}
    assert scene.reveni.call("PUT", f"/_sandbox/returns/{STORE_ID}/r1?event=none", body).status_code == 200
    poll("es", scene.outside)
    scene.ask("r2", tell=False)

    assert poll("es", scene.outside) == 1


def test_a_poll_gives_way_to_intake_that_is_behind_and_not_to_an_event_that_is_put_off(scene: Scene) -> None:
    scene.ask("r1", tell=False)
    scene.ask("r2")
    scene.clock.move(61)
    assert poll("es", scene.outside) == 0

    scene.reveni_trouble("500", "GET returns {id}")
    scene.work()
    assert poll("es", scene.outside) == 2


class TestQuietOnes:
    """A store whose Reveni has no list call."""

    @pytest.fixture(autouse=True)
    def no_list(self, scene: Scene) -> None:
        scene.configure({"stores": {"es": {"return_list": False}}, "sweep": {"quiet_hours": 6}})

    def test_a_return_whose_news_was_lost_is_asked_for_after_a_while(self, scene: Scene) -> None:
        scene.ask("r1")
        scene.work()
        scene.change("r1", status="cancelled", tell=False)

        scene.clock.move(5 * 3600)
        assert ask_quiet_ones(scene.outside) == 0
        scene.clock.move(2 * 3600)
        assert ask_quiet_ones(scene.outside) == 1
        scene.work()
        assert scene.ras()["RA-r1"]["ra_status"] == "X"

    def test_it_is_asked_for_once_in_that_time_and_not_once_it_is_over(self, scene: Scene) -> None:
        scene.ask("r1")
        scene.ask("r2", status="rejected")
        scene.work()
        asked = []
        for _ in range(4):
            scene.clock.move(3.1 * 3600)
            asked.append(ask_quiet_ones(scene.outside))
            scene.work()

        assert asked == [0, 1, 0, 1]

    def test_news_of_any_kind_puts_it_off(self, scene: Scene) -> None:
        scene.ask("r1")
        scene.work()
        scene.clock.move(5 * 3600)
        scene.tell("r1")
        scene.work()
        scene.clock.move(5 * 3600)

        assert ask_quiet_ones(scene.outside) == 0

    def test_so_many_in_a_minute_the_longest_quiet_first(self, scene: Scene) -> None:
        scene.configure({"sweep": {"quiet_per_minute": 2, "poll_every_seconds": 60}})
        for n in range(5):
            scene.ask(f"r{n}")
            scene.work()
        scene.clock.move(7 * 3600)

        asked = []
        for _ in range(4):
            asked.append(ask_quiet_ones(scene.outside))
            scene.work()
        hints = [json.loads(event.body)["data"]["resource_id"] for event in scene.rows(InboxEvent)[5:]]
        assert asked == [2, 2, 1, 0]
        assert hints == ["r0", "r1", "r2", "r3", "r4"]

    def test_a_store_that_has_the_list_is_left_to_it(self, scene: Scene) -> None:
        scene.ask("r1")
        scene.work()
        scene.configure({"stores": {"es": {"return_list": True}}})
        scene.clock.move(7 * 3600)

        assert ask_quiet_ones(scene.outside) == 0


def test_what_the_receiver_sent_away_with_429_is_made_up(scene: Scene) -> None:
    """A limit costs time and nothing else: an event that is never sent again is found by the poll."""
    receiver = create_app(scene.config(), WebSettings(events_per_second=1)).test_client()
    answers = []
    for number in range(4):
        scene.ask(f"r{number}", item("0002" if number == 3 else "0001"), tell=False)
        hint = {"resource": "return", "resource_id": f"r{number}"}
        body = json.dumps({"id": f"e{number}", "event": "return.updated", "data": hint}).encode()
        signed = sign(body, Secret(ENVIRONMENT["REVENI_ES"]), time.time())
        answers.append(receiver.post("/webhooks/reveni/es", data=body, headers={"X-REVENI-SIGNATURE": signed}))
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    scene.work()
    assert set(scene.ras()) == {"RA-r0", "RA-r1"}

    poll("es", scene.outside)
    scene.work()

    assert set(scene.ras()) == {"RA-r0", "RA-r1", "RA-r2", "RA-r3"}
