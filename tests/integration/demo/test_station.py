"""The demo's person at the receiving station, in front of a real console that is served over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import select
from werkzeug.serving import make_server

from app import create_app
from app.db.engine import transaction
from app.db.tables.people import SessionRow
from app.db.tables.returns import InboxEvent
from app.demo.station import Login, NotReceived, Station
from app.domain.blockers import Team
from app.permissions import Role
from app.secret import Secret
from app.services import mapping_edits
from app.web.settings import WebSettings
from tests.integration.sandbox.running import bluecherry, reveni
from tests.support.console import PASSWORD, a_person
from tests.support.scene import Scene
from tests.support.surroundings import Sandboxes

LINES = [("0001", 1, "A"), ("0002", 2, "ungraded")]
LOGISTICS = Login("leo", PASSWORD)


@pytest.fixture
def console(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A console with a receiving station at the site `silent`, and Leo of logistics."""
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("BRIDGE_PERSONAL_KEY", "a-key-of-the-tests")
    with bluecherry() as erp, reveni() as shop:
        scene = Scene(Sandboxes(erp, shop), tmp_path)
        for name, value in {**scene.environment, "BRIDGE_CONFIG": str(scene.config_path)}.items():
            monkeypatch.setenv(name, value)
        silent = {"location": "MAD01", "quarantine": "MADQ"}
        scene.configure({"sites": {"silent": silent}, "stores": {"es": {"sites": ["madrid", "silent"]}}})
        mapping_edits.forget()
        a_person("leo", Role.OPERATOR, [Team.LOGISTICS])
        a_person("cara", Role.OPERATOR, [Team.CX])
        app = create_app(scene.outside.config, WebSettings(console_secret=Secret("0123456789" * 4)))
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
        server.server_close()
        scene.close()
    mapping_edits.forget()


def stored() -> list[InboxEvent]:
    with transaction() as session:
        return list(session.scalars(select(InboxEvent).where(InboxEvent.name == "silent")))


def test_a_parcel_that_is_entered_again_is_one_receipt(console: str) -> None:
    station = Station(console, LOGISTICS)
    assert station.receive("silent", "one", "TRK1", LINES)
    assert station.receive("silent", "one", "TRK1", LINES)
    assert station.receive("silent", "other", "TRK1", LINES)

    first, other = stored()
    assert first.external_id != other.external_id
    assert '"quantity": 2, "grade": "ungraded"' in first.body


def test_a_session_that_is_over_is_begun_anew(console: str) -> None:
    station = Station(console, LOGISTICS)
    assert station.receive("silent", "one", "TRK1", LINES)
    with transaction() as session:
        for row in session.scalars(select(SessionRow)):
            session.delete(row)

    assert station.receive("silent", "other", "TRK2", LINES)
    assert len(stored()) == 2


@pytest.mark.parametrize(
    ("login", "lines"),
    [(Login("leo", "wrong"), LINES), (Login("cara", PASSWORD), LINES), (LOGISTICS, [])],
    ids=["wrong password", "not of logistics", "no goods"],
)
def test_what_is_refused_for_good_is_an_error(console: str, login: Login, lines: list[tuple[str, int, str]]) -> None:
    with pytest.raises(NotReceived, match="answers 4"):
        Station(console, login).receive("silent", "one", "TRK1", lines)
    assert stored() == []


def test_a_console_that_is_gone_or_busy_is_tried_again() -> None:
    assert Station("http://127.0.0.1:9", LOGISTICS).receive("silent", "one", "TRK1", LINES) is False

    class Busy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(503)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Busy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        station = Station(f"http://127.0.0.1:{server.server_port}", LOGISTICS)
        assert station.receive("silent", "one", "TRK1", LINES) is False
        server.shutdown()
        thread.join()
