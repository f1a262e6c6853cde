from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SignIn
from tests.support.furnished import furnish
from tests.support.scene import Scene


def test_a_wrong_password_is_said_and_the_right_one_leads_where_one_wanted_to(console: str, sign_in: SignIn) -> None:
    page = sign_in(console, "viewer", "/console/returns?state=held")
    assert page.url.endswith("/console/returns?state=held")
    page.get_by_role("button", name="Sign out").click()
    page.fill("#login", "viewer")
    page.fill("#password", "something else")
    page.press("#password", "Enter")

    expect(page.get_by_role("alert")).to_contain_text("do not match")


@pytest.mark.parametrize(
    ("login", "sees", "misses"),
    [
        ("viewer", ["Exceptions", "Returns", "Windows"], ["People"]),
        ("merch", ["Exceptions", "Returns", "Windows"], ["People"]),
        ("admin", ["Exceptions", "Returns", "Windows", "People"], []),
    ],
)
def test_the_menu_has_what_one_may_see(
    console: str, sign_in: SignIn, login: str, sees: list[str], misses: list[str]
) -> None:
    menu = sign_in(console, login).get_by_role("navigation", name="Main")

    for entry in sees:
        expect(menu.get_by_role("link", name=entry, exact=True)).to_be_visible()
    for entry in misses:
        expect(menu.get_by_role("link", name=entry, exact=True)).to_have_count(0)


def test_an_address_that_is_not_for_ones_role_is_refused_in_words(console: str, sign_in: SignIn) -> None:
    page = sign_in(console, "merch")
    answer = page.goto(f"{console}/console/people")

    assert answer is not None
    assert answer.status == 403
    expect(page.get_by_role("alert")).to_contain_text("do not allow")


def test_one_sees_no_button_for_what_others_must_mend(scene: Scene, console: str, sign_in: SignIn) -> None:
    furnish(scene)
    address = "/console/exceptions?code=unknown_sku&cause=es:00019"

    viewer, merch = sign_in(console, "viewer", address), sign_in(console, "merch", address)

    expect(viewer.get_by_text("This is for Merchandising to mend.")).to_be_visible()
    expect(viewer.get_by_role("button", name="Map the SKU")).to_have_count(0)
    expect(merch.get_by_role("button", name="Map the SKU")).to_be_visible()


def test_language_and_theme_are_a_click_away(console: str, sign_in: SignIn) -> None:
    page = sign_in(console, "viewer", "/console/exceptions")
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_css("color-scheme", "dark")
    page.get_by_role("button", name="Español").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Excepciones")
