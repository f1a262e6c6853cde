"""The receiving station in a browser: scanned goods, a network that is away, a second click, and no JavaScript."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.db.engine import transaction
from app.db.tables.returns import InboxEvent
from tests.browser.conftest import SignIn
from tests.support.configuration import write_toml
from tests.support.scene import Scene
from tests.support.surroundings import ENVIRONMENT
from tests.support.waiting import wait_until

SILENT = "/console/station/silent"


@pytest.fixture(autouse=True)
def _station(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second site, whose warehouse sends no messages; the console's process finds its configuration."""
    scene.configure(
        {
            "sites": {"silent": {"location": "MAD01", "quarantine": "MADQ"}},
            "stores": {"es": {"sites": ["madrid", "silent"]}},
        }
    )
    monkeypatch.setenv("BRIDGE_CONFIG", str(write_toml(scene.table, scene.config_path)))
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    scene.ask("r1")
    scene.work()


def stored() -> int:
    with transaction() as session:
        return len(session.scalars(select(InboxEvent.id).where(InboxEvent.channel == "warehouse")).all())


def enter(page: Page, grade: str = "A") -> None:
    """Scan the parcel of the return, and grade what is announced."""
    page.get_by_label("RA, tracking number or return id").fill("T-r1")
    page.keyboard.press("Enter")
    expect(page.get_by_label("SKU or UPC 1", exact=True)).to_have_value("0001")
    page.get_by_label("Grade 1", exact=True).select_option(grade)


def test_a_parcel_is_received_by_keyboard_and_told_where_it_goes(scene: Scene, console: str, sign_in: SignIn) -> None:
    page = sign_in(console, "logistics", SILENT)
    expect(page.get_by_label("RA, tracking number or return id")).to_be_focused()
    page.keyboard.type("T-r1")
    page.keyboard.press("Enter")
    expect(page.get_by_label("SKU or UPC 1", exact=True)).to_have_value("0001")
    page.get_by_label("Grade 1", exact=True).select_option("A")
    page.get_by_role("button", name="Receive").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Where the goods go")).to_be_visible()
    expect(page.get_by_role("cell", name="MAD01")).to_be_visible()
    scene.work()
    expect(page.get_by_text("taken in")).to_be_visible()
    assert len(scene.journals()) == 1
    page.get_by_role("link", name="The return and its documents").click()
    expect(page.get_by_role("heading", name="Return r1")).to_be_visible()


def test_goods_that_nobody_can_judge_go_into_quarantine(console: str, sign_in: SignIn) -> None:
    page = sign_in(console, "logistics", SILENT)
    enter(page, "ungraded")
    page.get_by_role("button", name="Receive").click()

    expect(page.get_by_role("cell", name="quarantine MADQ")).to_be_visible()


def test_goods_that_nobody_judged_stay_on_the_page(console: str, sign_in: SignIn) -> None:
    page = sign_in(console, "logistics", SILENT)
    enter(page, "")
    page.get_by_role("button", name="Receive").click()

    expect(page.get_by_label("Grade 1", exact=True)).to_be_focused()
    assert stored() == 0
    page.get_by_label("Grade 1", exact=True).select_option("A")
    page.get_by_role("button", name="Receive").click()
    expect(page.get_by_role("cell", name="MAD01")).to_be_visible()


def test_what_is_entered_while_the_network_is_away_is_sent_once_it_is_back(console: str, sign_in: SignIn) -> None:
    page = sign_in(console, "logistics", SILENT)
    enter(page)
    page.context.set_offline(True)
    page.get_by_role("button", name="Receive").click()
    page.get_by_label("On the parcel").fill("T-r1")
    page.get_by_label("SKU or UPC 1", exact=True).fill("0001")
    page.get_by_label("Units now 1", exact=True).fill("1")
    page.get_by_label("Grade 1", exact=True).select_option("A")
    page.get_by_role("button", name="Receive").click()
    expect(page.get_by_role("status")).to_contain_text("wait in this browser for the network: 2.")
    assert stored() == 0

    page.context.set_offline(False)
    wait_until(lambda: stored() == 2, 30, "what waited was stored")
    expect(page.locator("#queue")).to_be_hidden()


def test_a_scan_without_a_network_stays_on_the_page(console: str, sign_in: SignIn) -> None:
    page = sign_in(console, "logistics", SILENT)
    enter(page)
    page.context.set_offline(True)
    page.get_by_label("RA, tracking number or return id").fill("T-r2")
    page.keyboard.press("Enter")

    expect(page.get_by_role("status")).to_contain_text("nothing can be looked up")
    expect(page.get_by_label("On the parcel")).to_have_value("T-r2")
    expect(page.get_by_label("SKU or UPC 1", exact=True)).to_have_value("")
    expect(page.get_by_label("SKU or UPC 1", exact=True)).to_be_focused()
    expect(page.get_by_text("0700")).to_have_count(0)
    page.keyboard.type("0001")
    page.get_by_label("Units now 1", exact=True).fill("1")
    page.get_by_label("Grade 1", exact=True).select_option("A")
    page.get_by_role("button", name="Receive").click()
    expect(page.get_by_role("status")).to_contain_text("network: 1.")

    page.context.set_offline(False)
    wait_until(lambda: stored() == 1, 30, "what waited was stored")


def test_what_waits_outlives_the_page(console: str, sign_in: SignIn) -> None:
    page = sign_in(console, "logistics", SILENT)
    enter(page)
    page.context.set_offline(True)
    page.get_by_role("button", name="Receive").click()
    expect(page.get_by_role("status")).to_contain_text("network: 1.")
    page.context.set_offline(False)
    page.goto(console + SILENT)
    wait_until(lambda: stored() == 1, 30, "what waited was stored")


def test_what_is_not_taken_comes_back_as_it_was_entered(console: str, sign_in: SignIn) -> None:
    page = sign_in(console, "logistics", SILENT)
    enter(page)
    page.get_by_label("SKU or UPC 2", exact=True).fill("0002")
    page.get_by_label("Units now 1", exact=True).fill("0")
    page.get_by_role("button", name="Receive").click()

    expect(page.get_by_role("alert")).to_contain_text("at least one line with a quantity")
    expect(page.get_by_label("SKU or UPC 2", exact=True)).to_have_value("0002")
    assert stored() == 0


def test_it_works_without_javascript_and_a_second_click_is_no_second_receipt(console: str, sign_in: SignIn) -> None:
    page = sign_in(console, "logistics", SILENT, java_script_enabled=False)
    enter(page)
    page.get_by_role("button", name="Receive").dblclick()
    expect(page.get_by_role("heading", name="Where the goods go")).to_be_visible()
    assert stored() == 1
