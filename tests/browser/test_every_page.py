"""What must hold on every page: nothing that keeps people out, a way by the keyboard, and a page without JavaScript."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn
from tests.support.addresses import every_page
from tests.support.furnished import furnish
from tests.support.scene import Scene

_AXE = (Path(__file__).parent / "vendor/axe-core-4.14.1.min.js").read_text(encoding="utf-8")
_MOST_TABS = 400
_REACHABLE = """() => {
    // Of a group of radio buttons, Tab reaches the one that is chosen, or the first.
    const stands = (e) => {
        const radios = [...document.querySelectorAll('input[type=radio]')];
        const group = radios.filter((o) => o.name === e.name && o.form === e.form);
        return e === (group.find((o) => o.checked) ?? group[0]);
    };
    return [...document.querySelectorAll(
        'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
        .filter((e) => !e.disabled && e.checkVisibility() && (e.type !== 'radio' || stands(e))).length;
}"""
_FOCUSED = """() => {
    const e = document.activeElement;
    if (!e || e === document.body) return null;
    const style = getComputedStyle(e);
    const seen = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    if (!e.dataset.place) e.dataset.place = String(window.places = (window.places ?? 0) + 1);
    return {place: e.dataset.place, seen, what: e.outerHTML.slice(0, 120)};
}"""


def _problems(page: Page) -> list[str]:
    """What axe finds that is serious or worse."""
    page.evaluate(_AXE)
    found: dict[str, Any] = page.evaluate("() => axe.run()")
    return [
        f"{each['id']}: {each['help']} {[node['html'][:120] for node in each['nodes'][:3]]}"
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
    ]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(scene: Scene, console: str, sign_in: SignIn, scheme: str) -> None:
    furnish(scene)
    page = sign_in(console, "admin", color_scheme=scheme)
    found = {}
    for address in every_page(scene):
        answer = page.goto(console + address)
        assert answer is not None, address
        assert answer.status == 200, address
        if problems := _problems(page):
            found[address] = problems

    assert found == {}


def test_the_sign_in_page_is_open_to_everybody(console: str, sign_in: SignIn) -> None:
    page = sign_in(console, "admin")
    page.context.clear_cookies()
    page.goto(f"{console}/console/sign-in")

    assert _problems(page) == []


@pytest.mark.timeout(400)
def test_every_page_can_be_walked_by_the_keyboard_and_shows_where_one_is(
    scene: Scene, console: str, sign_in: SignIn
) -> None:
    furnish(scene)
    page = sign_in(console, "admin")
    for address in every_page(scene):
        page.goto(console + address)
        page.evaluate("() => document.activeElement.blur()")
        wanted: int = page.evaluate(_REACHABLE)
        reached = set()
        unseen = []
        out_of_page, before = 0, None
        for _ in range(_MOST_TABS):
            page.keyboard.press("Tab")
            focused = page.evaluate(_FOCUSED)
            if focused is None:
                # Behind the last element, and before the first: the walk began wherever the page put the focus.
                out_of_page += 1
                if out_of_page > 2:
                    break
                continue
            if focused["place"] == before:
                continue  # a field of several parts, as a date is
            before = focused["place"]
            if before in reached:
                break
            reached.add(focused["place"])
            if not focused["seen"]:
                unseen.append(focused["what"])
        assert unseen == [], address
        assert len(reached) >= min(wanted, _MOST_TABS), f"{address}: {len(reached)} of {wanted} can be reached"


def test_the_first_key_skips_to_the_content(console: str, sign_in: SignIn) -> None:
    page = sign_in(console, "admin", "/console/returns")
    page.evaluate("() => document.activeElement.blur()")
    page.goto(f"{console}/console/exceptions")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator("#content")).to_be_focused()


def test_rows_are_walked_by_arrow_keys(scene: Scene, console: str, sign_in: SignIn) -> None:
    furnish(scene)
    page = sign_in(console, "admin", "/console/exceptions")
    boxes = page.locator("tbody input[type=checkbox]")
    boxes.nth(0).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("j")
    expect(boxes.nth(2)).to_be_focused()
    page.keyboard.press("k")

    expect(boxes.nth(1)).to_be_focused()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("language", ["en-GB", "es-ES"])
def test_no_page_is_wider_than_a_telephone(scene: Scene, console: str, sign_in: SignIn, language: str) -> None:
    """Tables roll by themselves; the page does not."""
    furnish(scene)
    page = sign_in(console, "admin", viewport={"width": 390, "height": 844}, locale=language)
    wide = {}
    for address in every_page(scene):
        page.goto(console + address)
        width = page.evaluate("() => document.documentElement.scrollWidth")
        if width > 390:
            wide[address] = width

    assert wide == {}


@pytest.mark.timeout(400)
def test_every_page_can_be_read_without_javascript(scene: Scene, console: str, sign_in: SignIn) -> None:
    furnish(scene)
    page = sign_in(console, "admin", java_script_enabled=False)
    for address in every_page(scene):
        page.goto(console + address)
        assert page.locator("h1").inner_text(), address
        assert len(page.locator("main").inner_text()) > 40, address


@pytest.mark.timeout(400)
def test_no_page_does_what_the_policy_of_its_browser_forbids(scene: Scene, console: str, sign_in: SignIn) -> None:
    furnish(scene)
    page = sign_in(console, "admin")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for address in every_page(scene):
        page.goto(console + address)

    assert complaints == []
