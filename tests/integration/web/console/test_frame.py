from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from tests.support.console import send
from tests.support.http_server import closed_port


def test_the_root_leads_to_the_console(ana: FlaskClient) -> None:
    assert ana.get("/", follow_redirects=True).status_code == 200


def test_a_page_is_in_the_language_of_the_browser_until_somebody_chooses(ana: FlaskClient) -> None:
    spanish = ana.get("/console/exceptions", headers={"Accept-Language": "es-MX,en;q=0.5"})
    assert '<html lang="es"' in spanish.text
    assert "Excepciones" in spanish.text

    send(ana, "/console/preferences", language="en", back="/console/exceptions")

    chosen = ana.get("/console/exceptions", headers={"Accept-Language": "es"})
    assert '<html lang="en"' in chosen.text


def test_a_theme_that_was_chosen_stays(ana: FlaskClient) -> None:
    answer = send(ana, "/console/preferences", theme="dark", back="/console/exceptions?team=cx")

    assert answer.location == "/console/exceptions?team=cx"
    assert 'data-theme="dark"' in ana.get("/console/exceptions").text


def test_what_is_not_there_is_said_on_a_page(ana: FlaskClient) -> None:
    answer = ana.get("/console/nowhere")

    assert (answer.status_code, "nothing at this address" in answer.text) == (404, True)
    assert ana.get("/api/nowhere").content_type == "application/json"


def test_the_files_of_a_page_are_there_and_may_be_kept(ana: FlaskClient) -> None:
    names = re.findall(r'(?:src|href)="(/console/static/[^"]+)"', ana.get("/console/exceptions").text)
    answers = [ana.get(name) for name in names]

    assert len(names) >= 3
    assert {answer.status_code for answer in answers} == {200}
    assert all("immutable" in answer.headers["Cache-Control"] for answer in answers)


def test_a_database_that_is_away_is_a_page_with_a_word(ana: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql+psycopg://bridge@127.0.0.1:{closed_port()}/bridge")
    answer = ana.get("/console/exceptions")

    assert (answer.status_code, "does not answer" in answer.text) == (503, True)
