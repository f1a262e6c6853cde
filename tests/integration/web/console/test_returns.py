from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.domain.blockers import Team
from app.permissions import Role
from app.pseudonym import VARIABLE
from app.services.access.acts import list_acts
from app.services.exceptions.exception_file import comment
from app.web.settings import WebSettings
from tests.integration.web.console.conftest import SECRET
from tests.support.console import a_person, send, sign_in
from tests.support.rows import return_row, saved
from tests.support.scene import Scene, item


@pytest.fixture
def desk(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A browser in which Ana, an admin, looks at the scene."""
    monkeypatch.setenv(VARIABLE, "a-key-of-the-tests")
    client = create_app(scene.outside.config, WebSettings(console_secret=SECRET)).test_client()
    a_person()
    sign_in(client)
    return client


def _settled(scene: Scene) -> None:
    scene.ask("r1", item("0001", 2))
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.accept("r1")
    scene.work()


def test_what_is_due_stands_beside_what_was_posted(desk: FlaskClient, scene: Scene) -> None:
    _settled(scene)

    page = desk.get("/console/returns/es/r1").text

    for text in ("RA-r1", "IJ-r1-1", "CM-r1-1", "10.89 EUR", "received and accepted", "posted", "w1"):
        assert text in page, text
    assert "jane.doe@example.com" not in page
    for number in [row.number for row in scene.ledger().values()]:
        assert str(number) in page


def test_what_is_due_but_held_says_why_and_by_what(desk: FlaskClient, scene: Scene) -> None:
    scene.ask("r1", item("9999"))
    scene.work()
    (exception,) = scene.exceptions()
    comment(exception.id, "Asked the supplier.", "ana")

    page = desk.get("/console/returns/es/r1").text

    assert "Unknown SKU" in page
    assert f"/console/exceptions/{exception.id}" in page
    assert "Asked the supplier." in page


def test_a_document_shows_what_was_asked_and_answered(desk: FlaskClient, scene: Scene) -> None:
    _settled(scene)

    page = desk.get("/console/documents/CM-r1-1").text

    for text in ("0001", "9.00 EUR", "1.89 EUR", "posted", str(scene.ledger()["CM-r1-1"].number)):
        assert text in page, text
    assert desk.get("/console/documents/CM-nothing").status_code == 404


def test_a_search_that_finds_one_leads_there(desk: FlaskClient, scene: Scene) -> None:
    _settled(scene)

    answer = send(desk, "/console/returns", text="T-r1")

    assert answer.location == "/console/returns?text=T-r1"
    assert desk.get(answer.location).location == "/console/returns/es/r1"
    assert "No return has this" in desk.get("/console/returns?text=nonsense").text


def test_an_address_stands_in_no_address(desk: FlaskClient, scene: Scene) -> None:
    _settled(scene)

    answer = send(desk, "/console/returns", text="jane.doe@example.com")

    assert (answer.status_code, "/console/returns/es/r1" in answer.text) == (200, True)
    assert "jane.doe" not in answer.text


def test_without_a_key_an_address_finds_nobody_and_says_why(desk: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE)

    assert "BRIDGE_PERSONAL_KEY" in send(desk, "/console/returns", text="jane.doe@example.com").text


def test_raw_events_are_for_who_may_see_them_and_that_is_kept(desk: FlaskClient, scene: Scene) -> None:
    _settled(scene)
    page = desk.get("/console/returns/es/r1/raw").text
    assert "jane.doe@example.com" in page
    assert "return.updated" in page
    newest = list_acts().rows[0]
    assert (newest.by, newest.what, newest.on) == ("ana", "read raw events", "es/r1")
    a_person("fin", Role.OPERATOR, [Team.FINANCE])
    finance = desk.application.test_client()
    sign_in(finance, "fin")

    assert finance.get("/console/returns/es/r1/raw").status_code == 403
    assert "Raw events" not in finance.get("/console/returns/es/r1").text


def test_lists_by_state_and_in_pages(desk: FlaskClient) -> None:
    for n in range(60):
        saved(return_row(f"r{n:02}", state="held" if n == 0 else "settled"))

    first = desk.get("/console/returns").text
    assert "r59" in first
    assert "r09" not in first
    assert "after=" in first
    held = desk.get("/console/returns?state=held").text
    assert "r00" in held
    assert "r59" not in held


def test_one_that_is_not_there_is_a_page(desk: FlaskClient) -> None:
    for path in ("returns/es/none", "returns/es/none/raw", "windows/4711"):
        assert desk.get(f"/console/{path}").status_code == 404


def test_windows_wait_are_posted_held_and_released(desk: FlaskClient, scene: Scene) -> None:
    scene.configure({"stores": {"es": {"posting": {"credit_memo": "every 1h"}}}})
    _settled(scene)
    back = "/console/windows"
    assert "Credit memo" in desk.get(back).text
    which = {"store": "es", "kind": "credit_memo", "back": back}

    assert send(desk, "/console/windows/hold", **which, reason="").location == back
    assert "Say why" in desk.get(back).text
    send(desk, "/console/windows/hold", **which, reason="auditors")
    assert "auditors" in desk.get(back).text
    send(desk, "/console/windows/release", **which)
    send(desk, "/console/windows/post", **which)
    assert "posted within seconds" in desk.get(back).text
    scene.run_windows()

    page = desk.get("/console/windows/1").text
    for text in ("CM-r1-1", "done", "10.89 EUR"):
        assert text in page, text
    assert send(desk, "/console/windows/post", store="x", kind="y").status_code == 400
