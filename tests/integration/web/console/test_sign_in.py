from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import create_app
from app.config import Config
from app.db.engine import transaction
from app.db.tables.people import PersonRow, SessionRow
from app.services.access.sessions import close_all_sessions
from app.web.settings import WebSettings
from tests.support.console import PASSWORD, a_person, csrf_token, send, sign_in


def test_whoever_is_not_signed_in_is_led_to_the_sign_in_page_and_back(visitor: FlaskClient) -> None:
    a_person()
    sent_away = visitor.get("/console/exceptions?team=cx")
    assert sent_away.location == "/console/sign-in?next=/console/exceptions?team%3Dcx"

    came_in = sign_in(visitor, next="/console/exceptions?team=cx")

    assert came_in.location == "/console/exceptions?team=cx"
    assert visitor.get(came_in.location).status_code == 200


@pytest.mark.parametrize("place", ["https://example.com/", "//example.com", "/console//x", "/console/\\x", "/api"])
def test_nobody_is_led_elsewhere(visitor: FlaskClient, place: str) -> None:
    a_person()

    assert sign_in(visitor, next=place).location == "/console/"


@pytest.mark.parametrize(("login", "password"), [("ana", "wrong password"), ("nobody", PASSWORD), ("", "")])
def test_a_wrong_word_lets_nobody_in(visitor: FlaskClient, login: str, password: str) -> None:
    a_person()
    answer = sign_in(visitor, login, password)

    assert (answer.status_code, "do not match" in answer.text) == (401, True)
    assert visitor.get("/console/exceptions").status_code == 302


def test_who_guesses_has_to_wait(visitor: FlaskClient) -> None:
    a_person()
    for _ in range(5):
        assert sign_in(visitor, password="wrong password").status_code == 401

    answer = sign_in(visitor)

    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 30
    assert "Too many tries" in answer.text


def test_the_database_has_the_token_and_the_password_of_nobody(ana: FlaskClient) -> None:
    with ana.session_transaction("/console/") as cookie:
        token = cookie["session"]
    with transaction() as session:
        (row,) = session.scalars(select(SessionRow))
        person = session.scalars(select(PersonRow)).one()

    assert token not in row.digest
    assert str(person.password_hash).startswith("$argon2id$")


def test_signing_out_ends_the_session_for_a_copied_cookie_too(ana: FlaskClient) -> None:
    with ana.session_transaction("/console/") as cookie:
        token = cookie["session"]
    send(ana, "/console/sign-out")
    with ana.session_transaction("/console/") as cookie:
        cookie["session"] = token

    assert ana.get("/console/exceptions").status_code == 302


def test_sessions_everywhere_end_together(ana: FlaskClient) -> None:
    with transaction() as session:
        person = session.scalars(select(PersonRow)).one()

    assert close_all_sessions(person.id) == 1
    assert ana.get("/console/exceptions").status_code == 302


def test_a_session_ends_by_itself(ana: FlaskClient) -> None:
    with transaction() as session:
        row = session.scalars(select(SessionRow)).one()
        row.seen_at = row.seen_at.replace(year=row.seen_at.year - 1)

    assert ana.get("/console/exceptions").status_code == 302


def test_a_form_of_elsewhere_is_refused(ana: FlaskClient) -> None:
    answer = ana.post("/console/sign-out", data={"csrf_token": "made up"})

    assert answer.status_code == 400
    assert "out of date" in answer.text
    assert ana.get("/console/exceptions").status_code == 200


def test_htmx_whose_session_is_over_loads_the_sign_in_page_whole(visitor: FlaskClient) -> None:
    answer = visitor.get("/console/exceptions", headers={"HX-Request": "true"})

    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/console/sign-in")


def test_without_a_secret_the_console_is_shut_and_says_why(config: Config, database: str) -> None:
    answer = create_app(config, WebSettings()).test_client().get("/console/sign-in")

    assert answer.status_code == 503
    assert "BRIDGE_CONSOLE_SECRET" in answer.text


def test_the_cookie_is_for_this_site_and_no_script(visitor: FlaskClient) -> None:
    a_person()
    cookie = sign_in(visitor).headers["Set-Cookie"]

    assert {"HttpOnly", "Path=/console", "SameSite=Lax"} <= set(cookie.split("; "))


def test_no_page_lets_a_browser_run_what_is_not_ours(ana: FlaskClient) -> None:
    policy = ana.get("/console/exceptions").headers["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


def test_csrf_tokens_change_with_the_person(visitor: FlaskClient) -> None:
    before = csrf_token(visitor)
    a_person()
    sign_in(visitor)

    assert send(visitor, "/console/sign-out").status_code == 302
    assert visitor.post("/console/sign-in", data={"csrf_token": before}).status_code == 400
