"""A real browser in front of a real console. Without Chromium these tests are skipped, with a word about it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from app import create_app
from app.secret import Secret
from app.services import mapping_edits
from app.services.access.people import add_person
from app.web.settings import WebSettings
from tests.browser.staff import STAFF
from tests.integration.sandbox.running import bluecherry, reveni
from tests.support.console import PASSWORD
from tests.support.rabbitmq import required
from tests.support.scene import Scene
from tests.support.surroundings import Sandboxes

_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# A page is looked at until it says what is expected: only a broken one takes this long.
_PATIENCE_MS = 30_000.0
SignIn = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker runs all of these: a browser for each would drown the machine."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        reason = "no Chromium on this machine"
        if required("chromium"):
            pytest.fail(f"{reason}, and BRIDGE_TEST_REQUIRE names it: apt-get install chromium", pytrace=False)
        pytest.skip(f"{reason}: apt-get install chromium to run this test")
    with sync_playwright() as playwright:
        expect.set_options(timeout=_PATIENCE_MS)
        browser = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def sandboxes() -> Iterator[Sandboxes]:
    """BlueCherry and Reveni as processes; each scene empties them."""
    with bluecherry() as erp, reveni() as shop:
        yield Sandboxes(erp, shop)


@pytest.fixture
def scene(sandboxes: Sandboxes, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """An order that was sold, an empty bridge, and everybody who works in the console."""
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("BRIDGE_PERSONAL_KEY", "a-key-of-the-tests")
    made = Scene(sandboxes, tmp_path)
    for name, value in {**made.environment, "BRIDGE_CONFIG": str(made.config_path)}.items():
        monkeypatch.setenv(name, value)
    for login, (role, teams) in STAFF.items():
        add_person(login, login.capitalize(), role, teams, PASSWORD)
    # A site whose warehouse sends nothing, so that there is a receiving station.
    silent = {"location": "MAD01", "quarantine": "MADQ"}
    made.configure({"sites": {"silent": silent}, "stores": {"es": {"sites": ["madrid", "silent"]}}})
    mapping_edits.forget()
    yield made
    made.close()
    mapping_edits.forget()


@pytest.fixture
def console(scene: Scene) -> Iterator[str]:
    """The address of the console of a scene, served over HTTP."""
    app = create_app(scene.outside.config, WebSettings(console_secret=Secret("0123456789" * 4)))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def sign_in(chromium: Browser) -> Iterator[SignIn]:
    """Opens a browser of somebody's own and signs them in by the form."""
    contexts = []

    def enter(address: str, login: str, path: str = "/console/", **options: object) -> Page:
        options = {"locale": "en-GB", "viewport": {"width": 1280, "height": 800}, **options}
        context = chromium.new_context(**options)  # type: ignore[arg-type]
        context.set_default_timeout(_PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.goto(address + path)
        page.fill("#login", login)
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    yield enter
    for context in contexts:
        context.close()
