"""The console on the whole system: receiver, worker and beat as processes, PostgreSQL, Redis, both sandboxes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.system.bridge import System, SystemConfig
from app.system.network import free_port
from tests.browser.conftest import SignIn
from tests.support.http_server import HttpServer, http_server
from tests.support.scene import Scene, item
from tests.support.waiting import wait_until
from tests.unit.sandbox.world import order_line, sale

_MANY = 500
_PATIENCE = 90.0
_LINK = re.compile(r"http://[^\s'\"|<>]+/console/exceptions\?code=[^\s'\"|<>]+")


@contextmanager
def _system(scene: Scene, broker: str, database: str, place: Path, hooks: HttpServer) -> Iterator[str]:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    scene.environment |= {"ALERT_HOOK": hooks.url}
    scene.configure(
        {
            "alerts": {"console_url": address, "webhook_url_env": "ALERT_HOOK", "private_hosts": ["127.0.0.1"]},
            "sweep": {"every_seconds": 1},
        }
    )
    environment = {
        **scene.environment,
        "DATABASE_URL": database,
        "BROKER_URL": broker,
        "BRIDGE_CONSOLE_SECRET": "0123456789" * 4,
    }
    config = SystemConfig(
        place / "data", config=scene.config_path, environment=environment, port=port, flower=False, durable=False
    )
    with System(config):
        yield address


@pytest.mark.timeout(300)
def test_an_unknown_sku_from_the_alert_to_the_settled_return(
    scene: Scene, redis_url: str, database: str, tmp_path: Path, sign_in: SignIn
) -> None:
    with http_server() as hooks, _system(scene, redis_url, database, tmp_path, hooks) as address:
        scene.ask("r1", item("00019"))
        alert = wait_until(lambda: _alert(hooks), seconds=_PATIENCE, what="the alert comes")
        assert alert is not None
        assert alert.startswith(f"{address}/console/exceptions?")

        page = sign_in("", "merch", alert)
        page.get_by_role("radio", name="0001").first.check()
        page.get_by_role("button", name="Map the SKU").click()
        expect(page.get_by_text("00019 means 0001 now.")).to_be_visible()
        _until(page, "Nothing with this cause is open any more")

        scene.arrive("w1", {"0001": 1}, return_id="r1")
        scene.accept("r1")
        page.goto(f"{address}/console/returns/es/r1")
        _until(page, "settled")

        expect(page.get_by_role("row", name="Credit memo")).to_contain_text("posted")
        expect(page.get_by_role("cell", name="merch").first).to_be_visible()
        assert [memo["lines"][0]["sku"] for memo in scene.memos().values()] == ["0001"]


@pytest.mark.timeout(600)
def test_five_hundred_are_retried_at_once(
    scene: Scene, redis_url: str, database: str, tmp_path: Path, sign_in: SignIn
) -> None:
    """500 returns wait for a style that the item master lacks. It is loaded, and one click sets all of them going."""
    orders = [sale(f"{100000 + n}", ref_num1=f"S{n}", lines=[order_line(1, "NEW-1", 1)]) for n in range(_MANY)]
    scene.seed(orders=orders)
    for n in range(_MANY):
        scene.ask(f"r{n}", item("NEW-1"), order={"external_id": f"S{n}", "number": f"#{n}"})
    scene.work()
    assert len(scene.exceptions()) == _MANY
    with http_server() as hooks, _system(scene, redis_url, database, tmp_path, hooks) as address:
        scene.seed(items=[{"sku": "NEW-1", "division": "010", "active_ok": "Y"}])
        page = sign_in(address, "merch", "/console/exceptions?team=merchandising")
        page.get_by_role("checkbox", name="Choose BlueCherry's item master").check()
        page.get_by_role("button", name="Retry").click()

        expect(page).to_have_url(f"{address}/console/jobs/1")
        expect(page.get_by_text(f"{_MANY} of {_MANY} done")).to_be_visible(timeout=60_000)
        expect(page.get_by_text(f"{_MANY} are closed by now.")).to_be_visible(timeout=240_000)
        assert scene.exceptions() == []


def _alert(hooks: HttpServer) -> str | None:
    """The link of the alert about the SKU, once it has come."""
    told = [str(call.body) for call in hooks.calls if "unknown_sku" in str(call.body)]
    found = [link for text in told for link in _LINK.findall(text)]
    return found[0] if found else None


def _until(page: Page, text: str) -> None:
    """Look at the page again until it says something."""

    def said() -> bool:
        page.reload()
        return text in page.locator("main").inner_text()

    wait_until(said, seconds=_PATIENCE, what=text)
