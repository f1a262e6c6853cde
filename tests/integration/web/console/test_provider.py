from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from app.config import Config
from app.domain.blockers import Team
from app.permissions import Role
from app.secret import Secret
from app.services.access.people import add_person, set_active
from app.web.settings import Provider, WebSettings
from tests.integration.web.console.conftest import SECRET
from tests.support.console import a_person
from tests.support.http_server import closed_port
from tests.support.oidc_server import CLIENT_ID, CLIENT_SECRET, oidc_server
from tests.support.oidc_server import Provider as Server


@pytest.fixture
def server() -> Iterator[Server]:
    with oidc_server() as running:
        yield running


@pytest.fixture
def browser(config: Config, database: str, server: Server, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    monkeypatch.setenv("DATABASE_URL", database)
    return _browser(config, server.issuer)


def _browser(config: Config, issuer: str) -> FlaskClient:
    provider = Provider(issuer, CLIENT_ID, Secret(CLIENT_SECRET), "Brand")
    return create_app(config, WebSettings(console_secret=SECRET, provider=provider)).test_client()


def _through(browser: FlaskClient) -> TestResponse:
    """To the provider, which answers over HTTP, and back."""
    away = browser.get("/console/sign-in/provider?next=/console/exceptions")
    assert away.status_code == 302
    answer = requests.get(away.location, allow_redirects=False, timeout=10)
    back = urlsplit(answer.headers["Location"])
    return browser.get(f"{back.path}?{back.query}")


def test_the_sign_in_page_has_the_providers_button(browser: FlaskClient) -> None:
    assert "Sign in with Brand" in browser.get("/console/sign-in").text


def test_who_has_an_account_by_their_address_gets_in_and_is_known_from_then_on(
    browser: FlaskClient, server: Server
) -> None:
    add_person("ana@brand.example", "Ana", Role.OPERATOR, [Team.CX])
    assert _through(browser).location == "/console/exceptions"
    assert browser.get("/console/exceptions").status_code == 200

    server.user["email"] = "married@brand.example"

    assert _through(browser).location == "/console/exceptions"


@pytest.mark.parametrize("claims", [{"email": "other@brand.example"}, {"email_verified": False}, {"email": None}])
def test_nobody_gets_in_by_an_address_that_is_not_theirs(
    browser: FlaskClient, server: Server, claims: dict[str, object]
) -> None:
    add_person("ana@brand.example", "Ana", Role.VIEWER)
    server.user |= claims

    answer = _through(browser)

    assert (answer.status_code, "no account here" in answer.text) == (401, True)
    assert browser.get("/console/exceptions").status_code == 302


def test_an_account_with_a_password_is_not_taken_over(browser: FlaskClient) -> None:
    a_person("ana@brand.example", Role.ADMIN)

    assert _through(browser).status_code == 401


def test_who_left_gets_in_no_more(browser: FlaskClient) -> None:
    a_person("root")
    add_person("ana@brand.example", "Ana", Role.VIEWER)
    assert _through(browser).status_code == 302
    set_active("ana@brand.example", False)

    assert _through(browser).status_code == 401


@pytest.mark.parametrize(
    "spoil", [{"nonce": "another"}, {"aud": "another"}, {"iss": "http://another"}, {"exp": 1_700_000_000}], ids=str
)
def test_a_token_that_is_not_for_this_sign_in_is_refused(
    browser: FlaskClient, server: Server, spoil: dict[str, object]
) -> None:
    add_person("ana@brand.example", "Ana", Role.VIEWER)
    server.spoil = spoil

    assert _through(browser).status_code == 401


def test_an_answer_nobody_asked_for_is_refused(browser: FlaskClient) -> None:
    assert browser.get("/console/sign-in/back?code=x&state=y").status_code == 401


def test_a_provider_that_is_away_is_said(config: Config, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database)
    answer = _browser(config, f"http://127.0.0.1:{closed_port()}").get("/console/sign-in/provider")

    assert (answer.status_code, "does not answer" in answer.text) == (401, True)


def test_without_a_provider_there_is_no_way_to_one(visitor: FlaskClient) -> None:
    assert visitor.get("/console/sign-in/provider").status_code == 404
    assert visitor.get("/console/sign-in/back").status_code == 404
