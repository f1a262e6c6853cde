"""Pictures of the pages, for the README: ``make screenshots`` puts them into docs/screenshots."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.browser.conftest import SignIn
from tests.support.furnished import furnish
from tests.support.scene import Scene

PICTURES = {
    "today": "/console/today",
    "exceptions": "/console/exceptions",
    "cause": "/console/exceptions?code=unknown_sku&cause=es:00019",
    "return": "/console/returns/es/settled",
    "windows": "/console/windows",
    "approvals": "/console/approvals",
}


@pytest.mark.timeout(300)
def test_the_pages_can_be_shown(scene: Scene, console: str, sign_in: SignIn, tmp_path: Path) -> None:
    furnish(scene)
    place = Path(os.environ.get("BRIDGE_SCREENSHOTS") or tmp_path)
    page = sign_in(console, "admin", color_scheme="light")
    for name, address in PICTURES.items():
        page.goto(console + address)
        page.screenshot(path=place / f"{name}.png")

    assert {path.stem for path in place.glob("*.png")} >= set(PICTURES)
    assert all((place / f"{name}.png").stat().st_size > 10_000 for name in PICTURES)
