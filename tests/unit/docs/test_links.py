"""Every link of the documentation leads somewhere: to a file that is there, and to a heading in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.docs.pages import PAGES, anchors, links, name_of


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_links_of_a_page_resolve(page: Path) -> None:
    assert [target for target in links(page) if not resolves(page, target)] == []


def resolves(page: Path, target: str) -> bool:
    """Whether a link's target is there; addresses elsewhere are not looked at."""
    if target.startswith(("https://", "http://")):
        return True
    path, _, anchor = target.partition("#")
    found = page.parent / path if path else page
    return found.exists() and (not anchor or anchor in anchors(found))


def test_a_heading_that_is_not_there_is_found() -> None:
    page = PAGES[0]
    assert not resolves(page, "#a-heading-that-nobody-wrote")
    assert not resolves(page, "no-such-file.md")
