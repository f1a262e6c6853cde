"""What every answer tells a browser, and whose word about names and addresses is taken."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from flask import request
from flask.testing import FlaskClient

from app import create_app
from app.config import Config
from app.secret import Secret
from app.web.settings import WebSettings
from tests.integration.web.conftest import TOKEN
from tests.support.web import json_of

ANSWERS = [
    ("GET", "/health/live", 200),
    ("GET", "/api/settled", 401),
    ("GET", "/api/openapi.json", 200),
    ("GET", "/nowhere", 404),
    ("POST", "/webhooks/reveni/es", 401),
    ("POST", "/webhooks/reveni/fr", 404),
    ("DELETE", "/webhooks/reveni/es", 405),
    ("GET", "/console/sign-in", 503),
]


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_every_answer_has_the_headers(client: FlaskClient, method: str, path: str, status: int) -> None:
    answer = client.open(path, method=method)

    assert answer.status_code == status
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] in ("no-referrer", "same-origin")
    assert "Strict-Transport-Security" not in answer.headers
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_over_tls_browsers_are_told_to_stay_there(client: FlaskClient) -> None:
    answer = client.get("/health/live", base_url="https://bridge.example")

    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def _client(config: Config, **settings: object) -> FlaskClient:
    app = create_app(config, WebSettings(api_tokens=(Secret(TOKEN),), **settings))  # type: ignore[arg-type]

    @app.get("/seen")
    def seen() -> Mapping[str, str | None]:
        return {"address": request.remote_addr, "scheme": request.scheme, "host": request.host}

    return app.test_client()


FORWARDED = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}


def test_without_proxies_nobodys_word_is_taken(config: Config, client: FlaskClient) -> None:
    assert json_of(_client(config).get("/seen", headers=FORWARDED)) == {
        "address": "127.0.0.1",
        "scheme": "http",
        "host": "localhost",
    }


def test_only_as_many_proxies_as_there_are_are_believed(config: Config, client: FlaskClient) -> None:
    headers = {**FORWARDED, "X-Forwarded-For": "198.51.100.1, 203.0.113.9", "X-Forwarded-Host": "bridge.example"}

    assert json_of(_client(config, proxies=1).get("/seen", headers=headers)) == {
        "address": "203.0.113.9",
        "scheme": "https",
        "host": "bridge.example",
    }


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("bridge.example", 200),
        ("a.below.example", 200),
        ("evil.example", 400),
        ("localhost:8000", 200),
        ("bad host", 400),
    ],
)
def test_only_names_that_are_known_are_answered(config: Config, client: FlaskClient, host: str, status: int) -> None:
    known = _client(config, hosts=("bridge.example", ".below.example"))

    answer = known.get("/health/live", headers={"Host": host})

    assert answer.status_code == status
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"ids": ' + b"[" * 1000 + b"]" * 1000 + b"}", b"\xff", b"NaN", b""])
def test_a_body_of_the_api_that_is_a_bomb_is_400(client: FlaskClient, body: bytes) -> None:
    answer = client.post("/api/exceptions/retry", data=body, headers={"Authorization": f"Bearer {TOKEN}"})

    assert (answer.status_code, json_of(answer)["error"]["code"]) == (400, "BAD_REQUEST")


def test_a_body_of_the_api_that_is_too_large_is_413(client: FlaskClient) -> None:
    answer = client.post("/api/exceptions/retry", data=b" " * 300_000, headers={"Authorization": f"Bearer {TOKEN}"})

    assert (answer.status_code, json_of(answer)["error"]["code"]) == (413, "TOO_LARGE")
