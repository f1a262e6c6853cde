from __future__ import annotations

import json
import time
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from app.config import Config
from app.reveni.signature import sign
from app.secret import Secret
from app.web.settings import WebSettings
from app.web.webhooks import LARGEST_BODY
from tests.support.configuration import ENVIRON, load, smallest
from tests.support.http_server import closed_port
from tests.support.web import json_of

EVENT = json.dumps({"id": "c6927a92", "event": "return.updated", "data": {"resource_id": "4e26"}}).encode()
RECEIPT = json.dumps(
    {"id": "w-1", "return_id": "4e26", "items": [{"sku": "0012", "quantity": 1, "grade": "A"}]}
).encode()


def send(
    client: FlaskClient, body: bytes = EVENT, store: str = "es", *, key: str = ENVIRON["REVENI_ES"], ago: float = 0.0
) -> TestResponse:
    signature = sign(body, Secret(key), time.time() - ago)
    return client.post(f"/webhooks/reveni/{store}", data=body, headers={"X-REVENI-SIGNATURE": signature})


def report(client: FlaskClient, body: bytes = RECEIPT, site: str = "madrid", key: str = "") -> TestResponse:
    signature = sign(body, Secret(key or ENVIRON["WMS_MADRID"]), time.time())
    return client.post(f"/webhooks/warehouse/{site}", data=body, headers={"X-BRIDGE-SIGNATURE": signature})


def inbox(database: str) -> list[tuple[str, str, str, str]]:
    with psycopg.connect(database.replace("+psycopg", "", 1)) as connection:
        return connection.execute("select channel, name, external_id, body from inbox order by id").fetchall()


def test_an_event_is_stored_as_it_came(client: FlaskClient, database: str) -> None:
    answer = send(client)

    assert (answer.status_code, json_of(answer)) == (200, {"status": "stored"})
    assert inbox(database) == [("reveni", "es", "c6927a92", EVENT.decode())]


def test_a_receipt_is_stored_under_its_site(client: FlaskClient, database: str) -> None:
    assert report(client).status_code == 200
    assert inbox(database) == [("warehouse", "madrid", "w-1", RECEIPT.decode())]


def test_a_repeat_is_answered_alike_and_stored_once(client: FlaskClient, database: str) -> None:
    assert [send(client).status_code for _ in range(3)] == [200, 200, 200]
    assert len(inbox(database)) == 1


def test_ids_are_those_of_one_sender(client: FlaskClient, database: str) -> None:
    send(client)
    send(client, store="uk")
    report(client, EVENT)

    assert {row[:2] for row in inbox(database)} == {("reveni", "es"), ("reveni", "uk"), ("warehouse", "madrid")}


def test_an_authentic_event_that_fits_no_schema_is_stored(client: FlaskClient, database: str) -> None:
    assert send(client, b'{"id": 7, "event": null}').status_code == 200
    assert inbox(database) == [("reveni", "es", "7", '{"id": 7, "event": null}')]


@pytest.mark.parametrize("path", ["/webhooks/reveni/fr", "/webhooks/warehouse/lyon", "/webhooks/warehouse/silent"])
def test_an_unknown_address_is_404_whatever_is_sent(client: FlaskClient, path: str) -> None:
    answer = client.post(path, data=b"x" * (LARGEST_BODY + 1))

    assert answer.status_code == 404
    assert json_of(answer) == {
        "error": {"code": "NOT_FOUND", "message": json_of(answer)["error"]["message"], "field": None}
    }


def test_too_much_is_413_before_the_signature_counts(client: FlaskClient, database: str) -> None:
    assert send(client, b"x" * (LARGEST_BODY + 1)).status_code == 413
    assert send(client, b"x" * 2 * LARGEST_BODY, key="wrong").status_code == 413
    assert inbox(database) == []


def test_the_largest_body_is_stored_whole(client: FlaskClient, database: str) -> None:
    frame = b'{"id": "large", "note": "%s"}'
    body = frame % (b"x" * (LARGEST_BODY - len(frame) + 2))

    assert len(body) == LARGEST_BODY
    assert send(client, body).status_code == 200
    assert inbox(database) == [("reveni", "es", "large", body.decode())]


@pytest.mark.parametrize("body", [EVENT, b"{", b"\xff"])
def test_a_wrong_signature_is_401_before_the_body_is_read(client: FlaskClient, database: str, body: bytes) -> None:
    answer = send(client, body, key="wrong")

    assert answer.status_code == 401
    assert json_of(answer)["error"]["field"] == "X-REVENI-SIGNATURE"
    assert inbox(database) == []


def test_a_signature_of_another_store_or_body_or_none_is_401(client: FlaskClient, config: Config) -> None:
    signed = sign(EVENT, Secret(ENVIRON["REVENI_ES"]), time.time())

    assert report(client, EVENT, key=ENVIRON["REVENI_ES"]).status_code == 401
    assert client.post("/webhooks/reveni/es", data=EVENT).status_code == 401
    assert client.post("/webhooks/reveni/es", data=EVENT, headers={"X-BRIDGE-SIGNATURE": signed}).status_code == 401
    tampered = client.post("/webhooks/reveni/es", data=EVENT + b" ", headers={"X-REVENI-SIGNATURE": signed})
    assert tampered.status_code == 401


def test_a_signature_outside_the_tolerance_is_401(client: FlaskClient, config: Config) -> None:
    tolerance = config.stores["es"].tolerance

    assert send(client, ago=(tolerance + timedelta(minutes=1)).total_seconds()).status_code == 401
    assert send(client, ago=(tolerance - timedelta(minutes=1)).total_seconds()).status_code == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"id": null}', b"\xff", b'{"id": "a\x00"}'])
def test_what_is_no_event_is_400(client: FlaskClient, database: str, body: bytes) -> None:
    assert send(client, body).status_code == 400
    assert inbox(database) == []


def test_a_sender_beyond_its_limit_is_429_and_told_when_to_come_back(
    config: Config, client: FlaskClient, database: str
) -> None:
    slow = create_app(config, WebSettings(events_per_second=1)).test_client()

    answers = [send(slow, b'{"id": %d}' % number) for number in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert int(answers[3].headers["Retry-After"]) >= 1
    assert send(slow, b"{").status_code == 400
    assert send(slow, store="uk").status_code == 200
    assert len(inbox(database)) == 3


def test_without_a_database_it_is_503(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql+psycopg://127.0.0.1:{closed_port()}/nowhere")

    answer = send(client)

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert send(client, key="wrong").status_code == 401


def test_without_a_broker_it_is_stored_all_the_same(
    client: FlaskClient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROKER_URL", f"redis://127.0.0.1:{closed_port()}/0")

    assert send(client).status_code == 200
    assert len(inbox(database)) == 1


def test_only_posts_are_taken(client: FlaskClient) -> None:
    answer = client.get("/webhooks/reveni/es")

    assert (answer.status_code, json_of(answer)["error"]["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert "POST" in answer.headers["Allow"]


def test_health_says_whether_events_can_be_stored(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 200

    monkeypatch.setenv("DATABASE_URL", f"postgresql+psycopg://127.0.0.1:{closed_port()}/nowhere")

    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 503


@pytest.mark.parametrize("depth", [10, 100, 900, 960, 990, 995, 1000, 50_000])
@pytest.mark.parametrize("frame", [b'{"id": "deep", "data": %s}', b'{"id": %s}'], ids=["data", "id"])
def test_a_bomb_of_brackets_is_stored_or_refused_and_nothing_else(
    client: FlaskClient, database: str, frame: bytes, depth: int
) -> None:
    answer = send(client, frame % (b"[" * depth + b"]" * depth))

    assert answer.status_code in (200, 400)
    assert len(inbox(database)) == (1 if answer.status_code == 200 else 0)
    if depth > 10_000:
        assert json_of(answer)["error"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize(
    "text",
    [b"1e999999999", b"-1e-999999999", b"9" * 4000, b"1" + b"0" * 300, b"true", b'{"a": [1e999]}', b'["x", null]'],
    ids=lambda text: text[:12].decode(),
)
def test_an_id_of_any_type_is_a_key_of_bounded_length(client: FlaskClient, database: str, text: bytes) -> None:
    assert send(client, b'{"id": %s}' % text).status_code == 200

    ((_, _, key, _),) = inbox(database)
    assert 0 < len(key) <= 200


@pytest.mark.parametrize("text", [b"NaN", b"Infinity", b"9" * 5000, b"0x10"], ids=lambda text: text[:9].decode())
def test_what_json_does_not_know_is_400(client: FlaskClient, database: str, text: bytes) -> None:
    assert send(client, b'{"id": "1", "x": %s}' % text).status_code == 400
    assert inbox(database) == []


def test_a_replay_is_known_as_long_as_its_signature_is_taken(
    client: FlaskClient, config: Config, database: str
) -> None:
    """Eight days: Reveni's own repeats come for as long, and nothing takes the inbox's rows away."""
    assert config.stores["es"].tolerance >= timedelta(days=8)
    signed = sign(EVENT, Secret(ENVIRON["REVENI_ES"]), time.time() - timedelta(days=7, hours=23).total_seconds())
    headers = {"X-REVENI-SIGNATURE": signed}
    assert client.post("/webhooks/reveni/es", data=EVENT, headers=headers).status_code == 200
    with psycopg.connect(database.replace("+psycopg", "", 1)) as connection:
        connection.execute("update inbox set state = 'done', received_at = now() - interval '7 days 23 hours'")

    assert client.post("/webhooks/reveni/es", data=EVENT, headers=headers).status_code == 200

    assert len(inbox(database)) == 1


def test_both_keys_of_a_rotation_are_taken_until_the_old_one_is_gone(tmp_path: Path, client: FlaskClient) -> None:
    table = smallest()
    table["stores"]["es"]["reveni_next_key_env"] = "NEXT"
    table["sites"]["madrid"]["next_secret_env"] = "NEXT"
    during = create_app(load(table, tmp_path, {**ENVIRON, "NEXT": "newer"}), WebSettings()).test_client()
    rotated = {**ENVIRON, "REVENI_ES": "newer", "NEXT": ""}
    after = create_app(load(table, tmp_path, rotated), WebSettings()).test_client()

    assert [send(during, key=key).status_code for key in (ENVIRON["REVENI_ES"], "newer")] == [200, 200]
    assert [report(during, key=key).status_code for key in (ENVIRON["WMS_MADRID"], "newer")] == [200, 200]
    assert [send(after, key=key).status_code for key in (ENVIRON["REVENI_ES"], "newer")] == [401, 200]


def test_wrong_signatures_use_up_nobodys_rate(config: Config, client: FlaskClient, database: str) -> None:
    slow = create_app(config, WebSettings(events_per_second=1)).test_client()

    assert {send(slow, key="wrong").status_code for _ in range(20)} == {401}
    assert send(slow).status_code == 200
