from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from app.calls import Doubtful, Refused, TryLater, Unauthorised
from app.reveni.access import ReveniAccess
from app.reveni.client import ReveniClient, Verdict
from app.reveni.profile import ReveniProfile, load_profile
from app.secret import Secret
from app.wire import Unreadable
from tests.support.http_server import Answer, Call, HttpServer, http_server
from tests.unit.reveni.test_schemas import a_return, an_item

STORE = "/merchants/v0/stores/1001"
RETURN_ID = "4e26c9f08f2a468fabc16af12ae0209b"
DEFAULT = load_profile("default", Path())
SINCE = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2)))


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with http_server() as server:
        yield server


def client_of(server: HttpServer, profile: ReveniProfile = DEFAULT, keys: tuple[str, ...] = ("key-1",)) -> ReveniClient:
    secrets = tuple(Secret(key) for key in keys)
    return ReveniClient(ReveniAccess("es", server.url, "1001", secrets, profile, timedelta(seconds=5), 4))


@pytest.fixture
def client(server: HttpServer) -> Iterator[ReveniClient]:
    client = client_of(server)
    yield client
    client.close()


class TestGet:
    """A return as it is now."""

    def test_a_return(self, server: HttpServer, client: ReveniClient) -> None:
        server.always(a_return())
        ret = client.get_return(RETURN_ID)

        assert (ret.store, ret.id) == ("es", RETURN_ID)
        assert (server.last.method, server.last.path) == ("GET", f"{STORE}/returns/{RETURN_ID}")
        assert server.last.headers["Authorization"] == "Bearer key-1"

    def test_none_of_that_id(self, server: HttpServer, client: ReveniClient) -> None:
        server.always({"detail": "Not found."}, 404)
        with pytest.raises(Refused, match="404 HTTP_404: Not found"):
            client.get_return(RETURN_ID)

    def test_one_that_does_not_fit(self, server: HttpServer, client: ReveniClient) -> None:
        server.always(a_return(status=None))
        with pytest.raises(Unreadable, match="status is null"):
            client.get_return(RETURN_ID)

    def test_another_than_the_one_asked_for(self, server: HttpServer, client: ReveniClient) -> None:
        server.always(a_return(id="other"))
        with pytest.raises(Unreadable, match="not the one that was asked for"):
            client.get_return(RETURN_ID)

    def test_an_id_may_come_with_hyphens(self, server: HttpServer, client: ReveniClient) -> None:
        server.always(a_return())

        assert client.get_return("4E26C9F0-8F2A-468F-ABC1-6AF12AE0209B").id == RETURN_ID

    @pytest.mark.parametrize("answer", [b"<html>", b"", b"[]"])
    def test_no_return_at_all(self, server: HttpServer, client: ReveniClient, answer: bytes) -> None:
        server.always(answer)
        with pytest.raises((Doubtful, Unreadable)):
            client.get_return(RETURN_ID)

    def test_throttled(self, server: HttpServer, client: ReveniClient) -> None:
        server.always({"detail": "Throttled."}, 429, headers={"Retry-After": "3"})
        with pytest.raises(TryLater) as caught:
            client.get_return(RETURN_ID)

        assert caught.value.retry_after == timedelta(seconds=3)


class TestList:
    """Returns updated since a time."""

    def test_pages_by_cursor(self, server: HttpServer, client: ReveniClient) -> None:
        server.always({"results": [a_return()], "next": "c2"})
        page = client.list_returns(SINCE)
        client.list_returns(SINCE, page.next)

        assert [ret.id for ret in page.returns] == [RETURN_ID]
        assert [call.path for call in server.calls] == [f"{STORE}/returns"] * 2
        assert server.calls[0].query == {"updated_since": "2026-03-01T10:00:00Z"}
        assert server.calls[1].query == {"updated_since": "2026-03-01T10:00:00Z", "cursor": "c2"}

    def test_pages_by_url_stay_with_the_store(self, server: HttpServer, client: ReveniClient) -> None:
        server.always({"results": [], "next": "https://evil.example/steal?cursor=c%2B2&updated_since=x"})
        page = client.list_returns(SINCE)
        client.list_returns(SINCE, page.next)

        assert server.last.path == f"{STORE}/returns"
        assert server.last.query == {"cursor": "c+2", "updated_since": "x"}

    @pytest.mark.parametrize("next", [None, ""])
    def test_the_last_page(self, server: HttpServer, client: ReveniClient, next: str | None) -> None:
        server.always({"results": [], "next": next})

        assert client.list_returns(SINCE).next is None

    def test_one_that_does_not_fit_does_not_hold_up_the_rest(self, server: HttpServer, client: ReveniClient) -> None:
        server.always({"results": [a_return(status=None), a_return()], "next": None})
        page = client.list_returns(SINCE)

        assert len(page.returns) == 1
        assert [row.why.problems for row in page.unreadable] == [("status is null",)]

    @pytest.mark.parametrize("answer", [{}, [], {"results": None}])
    def test_no_list_at_all(self, server: HttpServer, client: ReveniClient, answer: object) -> None:
        server.always(answer)
        with pytest.raises(Unreadable):
            client.list_returns(SINCE)


class TestWrite:
    """What is told to Reveni."""

    def test_a_verdict(self, server: HttpServer, client: ReveniClient) -> None:
        client.partial_validate(
            RETURN_ID, [Verdict("i1", 2, "accepted"), Verdict("i2", 1, "rejected", "defect", "torn")]
        )

        assert (server.last.method, server.last.path) == ("POST", f"{STORE}/returns/{RETURN_ID}/partial_validate")
        assert server.last.body == {
            "items": [
                {"item_id": "i1", "quantity": 2, "status": "accepted"},
                {
                    "item_id": "i2",
                    "quantity": 1,
                    "status": "rejected",
                    "reject_reason": "defect",
                    "reject_reason_text": "torn",
                },
            ]
        }

    def test_a_verdict_that_was_cut(self, server: HttpServer, client: ReveniClient) -> None:
        server.always({}, cut="before_answer")
        with pytest.raises(Doubtful):
            client.partial_validate(RETURN_ID, [Verdict("i1", 2, "accepted")])

        assert len(server.calls) == 1

    def test_problems_are_told_by_field_alone(self, server: HttpServer, client: ReveniClient) -> None:
        server.always({"items": ["ana@example.com is judged"]}, 400)
        with pytest.raises(Refused) as caught:
            client.partial_validate(RETURN_ID, [Verdict("i1", 2, "accepted")])

        assert caught.value.message == "fields: items"

    def test_webhooks(self, server: HttpServer, client: ReveniClient) -> None:
        server.always({"id": 7, "url": "https://bridge.example/webhooks/reveni/es"}, 201)
        made = client.subscribe("https://bridge.example/webhooks/reveni/es")
        subscribed = server.last
        server.always(b"", 204)
        client.unsubscribe(made.id)

        assert (subscribed.method, subscribed.path) == ("POST", f"{STORE}/webhooks")
        assert subscribed.body == {
            "event_types": ["return.created", "return.updated"],
            "url": "https://bridge.example/webhooks/reveni/es",
        }
        assert (server.last.method, server.last.path) == ("DELETE", f"{STORE}/webhooks/7")


class TestKeys:
    """Two keys while one rotates."""

    def test_the_one_that_opens_is_found_and_kept(self, server: HttpServer) -> None:
        def reply(call: Call) -> Answer:
            return Answer(a_return() if call.headers["Authorization"] == "Bearer old" else {"detail": "no"},
                          200 if call.headers["Authorization"] == "Bearer old" else 401)  # fmt: skip

        server.reply = reply
        client = client_of(server, keys=("new", "old"))
        client.get_return(RETURN_ID)
        client.get_return(RETURN_ID)

        assert [call.headers["Authorization"] for call in server.calls] == ["Bearer new", "Bearer old", "Bearer old"]

    def test_none_opens(self, server: HttpServer) -> None:
        server.always({"detail": "no"}, 401)
        with pytest.raises(Unauthorised):
            client_of(server, keys=("new", "old")).get_return(RETURN_ID)

        assert len(server.calls) == 2


def test_an_api_that_spells_otherwise(server: HttpServer, tmp_path: Path) -> None:
    (tmp_path / "theirs.toml").write_text(
        """
        [auth]
        scheme = "Token"
        [settings]
        list_query = "updated_after"
        [paths]
        returns = "/v1/{store_id}/returns/"
        return = "/v1/{store_id}/returns/{id}/"
        [fields.list]
        results = "data"
        [fields.return]
        return_items = "items"
        """
    )
    document = a_return(items=[an_item()])
    del document["return_items"]
    client = client_of(server, load_profile("theirs.toml", tmp_path))
    server.always(document)
    client.get_return(RETURN_ID)
    fetched = server.last
    server.always({"data": [document], "next": None})
    page = client.list_returns(SINCE)

    assert fetched.path == f"/v1/1001/returns/{RETURN_ID}/"
    assert fetched.headers["Authorization"] == "Token key-1"
    assert (server.last.path, list(server.last.query)) == ("/v1/1001/returns/", ["updated_after"])
    assert page.returns[0].items[0].item_id == "i1"


@pytest.mark.parametrize("cursor", ["\ud800", "a\0b", "x" * 5000, {"at": 1}, [1], True])
def test_a_cursor_that_is_none(server: HttpServer, client: ReveniClient, cursor: object) -> None:
    server.always({"results": [], "next": cursor})
    with pytest.raises(Unreadable, match="next is no cursor"):
        client.list_returns(datetime(2026, 3, 1, tzinfo=UTC))


def test_a_cursor_that_is_a_url_and_cannot_be_read(server: HttpServer, client: ReveniClient) -> None:
    server.always({"results": [], "next": None})
    with pytest.raises(Unreadable, match="next is no URL"):
        client.list_returns(datetime(2026, 3, 1, tzinfo=UTC), "http://[::1/?cursor=1")
