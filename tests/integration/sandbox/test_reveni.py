from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from tests.integration.sandbox.running import Server, reveni
from tests.support.waiting import wait_until

API = "/merchants/v0/stores/1"


class Receiver(ThreadingHTTPServer):
    """Takes webhooks, and answers with the statuses that stand in `answers` first, then with 200."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[int] = []
        self.got: list[tuple[str, bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/webhooks/reveni/es"

    def ids(self) -> list[str]:
        return [json.loads(body)["id"] for _, body in self.got]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        receiver = self.server
        assert isinstance(receiver, Receiver)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        receiver.got.append((self.headers["X-REVENI-SIGNATURE"], body))
        self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def process() -> Iterator[Server]:
    with reveni() as server:
        yield server


@pytest.fixture
def server(process: Server, receiver: Receiver) -> Server:
    process.call("POST", "/_sandbox/reset")
    store = {"store_id": "1", "api_key": "k1", "webhook_url": receiver.url}
    assert process.call("POST", "/_sandbox/stores", store).status_code == 200
    return process


def _put(server: Server, return_id: str = "r1", event: str = "return.created") -> requests.Response:
    item = {"item_id": "i1", "sku": "0001", "quantity": 2, "price": "38.2400", "status": "pending"}
    body = {"id": return_id, "status": "in_progress", "amount": "76.48", "currency": "EUR", "return_items": [item]}
    return server.call("PUT", f"/_sandbox/returns/1/{return_id}?event={event}", body)


def _deliveries(server: Server) -> dict[str, object]:
    def settled() -> dict[str, object] | None:
        counts: dict[str, object] = server.call("GET", "/_sandbox/deliveries").json()
        return None if counts["pending"] else counts

    counts = wait_until(settled, what="no webhook is pending")
    assert counts is not None
    return counts


def test_a_webhook_is_signed_and_names_the_return(server: Server, receiver: Receiver) -> None:
    assert _put(server).status_code == 200
    assert _deliveries(server)["answered"] == {"200": 1}
    header, body = receiver.got[0]
    at, mark = (part.partition("=")[2] for part in header.split(","))
    assert hmac.new(b"k1", f"{at}.".encode() + body, hashlib.sha256).hexdigest() == mark
    event = json.loads(body)
    assert len(event["id"]) == 32
    assert isinstance(event["created"], int)
    assert event["event"] == "return.created"
    assert event["data"] == {
        "amount": "76.4800",
        "status": "in_progress",
        "currency": "EUR",
        "resource": "return",
        "resource_id": "r1",
    }


def test_a_webhook_is_tried_again_with_the_same_id(server: Server, receiver: Receiver) -> None:
    receiver.answers = [503, 429]
    _put(server)
    assert _deliveries(server)["answered"] == {"503": 1, "429": 1, "200": 1}
    assert len(receiver.got) == 3
    assert len(set(receiver.ids())) == 1
    # Each try is signed anew.
    assert len({header for header, _ in receiver.got}) == 3


def test_a_webhook_that_is_refused_is_not_tried_again(server: Server, receiver: Receiver) -> None:
    receiver.answers = [401]
    _put(server)
    assert _deliveries(server)["answered"] == {"401": 1}


def test_webhooks_get_lost_doubled_and_late(server: Server, receiver: Receiver) -> None:
    server.call("POST", "/_sandbox/faults", {"lose": 1})
    _put(server)
    assert _deliveries(server)["lost"] == 1
    assert receiver.got == []
    server.call("POST", "/_sandbox/faults", {"twice": 1})
    _put(server)
    assert _deliveries(server)["twice"] == 1
    assert len(receiver.got) == 2
    assert len(set(receiver.ids())) == 1
    server.call("POST", "/_sandbox/faults", {"late": 1, "late_seconds": [60, 60]})
    _put(server)
    counts = server.call("GET", "/_sandbox/deliveries").json()
    assert (counts["late"], counts["pending"], counts["sent"]) == (1, 1, 0)
    assert server.call("POST", "/_sandbox/flush").json() == {"flushed": 1}
    assert _deliveries(server)["sent"] == 1
    assert len(receiver.got) == 3


def test_a_reset_drops_what_is_late(server: Server, receiver: Receiver) -> None:
    server.call("POST", "/_sandbox/faults", {"late": 1, "late_seconds": [60, 60]})
    _put(server)
    server.call("POST", "/_sandbox/reset")
    assert server.call("GET", "/_sandbox/deliveries").json()["pending"] == 0
    assert server.call("POST", "/_sandbox/flush").json() == {"flushed": 0}
    assert receiver.got == []


def test_a_return_may_be_put_silently(server: Server, receiver: Receiver) -> None:
    _put(server, event="none")
    assert _deliveries(server)["sent"] == 0
    assert server.call("GET", f"{API}/returns/r1").json()["status"] == "in_progress"
    assert receiver.got == []


def test_a_verdict_is_applied_and_announced(server: Server, receiver: Receiver) -> None:
    _put(server, event="none")
    entry = {"item_id": "i1", "quantity": 2, "status": "rejected", "reject_reason": "defect"}
    judged = server.call("POST", f"{API}/returns/r1/partial_validate", {"items": [entry]})
    assert (judged.status_code, judged.json()["status"]) == (200, "rejected")
    again = server.call("POST", f"{API}/returns/r1/partial_validate", {"items": [entry]})
    assert (again.status_code, set(again.json())) == (400, {"detail"})
    verdicts = server.call("GET", "/_sandbox/verdicts").json()["verdicts"]
    assert [(each["return_id"], each["status"]) for each in verdicts] == [("r1", 200), ("r1", 400)]
    assert _deliveries(server)["sent"] == 1
    assert json.loads(receiver.got[0][1])["event"] == "return.updated"


def test_the_list_is_paged_by_url(server: Server) -> None:
    for number in range(101):
        _put(server, f"r{number:03d}", "none")
    first = server.call("GET", f"{API}/returns/?updated_since=2020-01-01T00:00:00Z").json()
    assert len(first["results"]) == 100
    second = server.session.get(first["next"], timeout=10).json()
    assert [each["id"] for each in second["results"]] == ["r100"]
    assert second["next"] is None


def test_subscriptions_come_and_go(server: Server, receiver: Receiver) -> None:
    body = {"event_types": ["return.updated"], "url": receiver.url}
    made = server.call("POST", f"{API}/webhooks", body)
    assert made.status_code == 201
    assert made.json() == {"id": made.json()["id"], **body}
    _put(server, event="return.updated")
    assert _deliveries(server)["sent"] == 2
    assert server.call("DELETE", f"{API}/webhooks/{made.json()['id']}").status_code == 204
    assert server.call("DELETE", f"{API}/webhooks/{made.json()['id']}").status_code == 404
    _put(server, event="return.updated")
    assert _deliveries(server)["sent"] == 3


def test_a_key_belongs_to_its_store(server: Server) -> None:
    server.call("POST", "/_sandbox/stores", {"store_id": "2", "api_key": "k2"})
    for header in ({}, {"Authorization": "Bearer k2"}, {"Authorization": "k1"}):
        assert requests.get(f"{server.url}{API}/returns", headers=header, timeout=10).status_code == 401
    assert server.call("GET", "/merchants/v0/stores/3/returns").status_code == 404
    assert server.call("GET", f"{API}/returns/nope").status_code == 404


def test_the_api_fails_on_demand(server: Server) -> None:
    server.call("POST", "/_sandbox/faults", {"rate": {"429": 1}})
    throttled = server.call("GET", f"{API}/returns")
    assert (throttled.status_code, set(throttled.json())) == (429, {"detail"})
    assert "Retry-After" in throttled.headers
    server.call("POST", "/_sandbox/faults", {"rate": {"cut_before": 1}})
    with pytest.raises(requests.ConnectionError):
        server.call("GET", f"{API}/returns")
    assert server.call("POST", "/_sandbox/faults", {"rate": {"418": 1}}).status_code == 400


def test_ends_cleanly_with_webhooks_under_way_and_remembers(tmp_path: Path) -> None:
    data = str(tmp_path / "reveni.jsonl")
    with reveni("--data", data) as first:
        # Nobody listens there: the webhook is under way when the end comes.
        store = {"store_id": "1", "api_key": "k1", "webhook_url": "http://127.0.0.1:9/x"}
        first.call("POST", "/_sandbox/stores", store)
        first.call("POST", "/_sandbox/faults", {"late": 0.5, "late_seconds": [60, 60], "seed": 3})
        for number in range(10):
            _put(first, f"r{number}")
        assert first.end() == (0, "", "")
    with reveni("--data", data) as second:
        assert len(second.call("GET", f"{API}/returns").json()["results"]) == 10
