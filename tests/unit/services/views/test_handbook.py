from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from app.domain.blockers import Code
from app.services.views import handbook
from app.web.console.language import LANGUAGES
from tests.unit.docs.pages import ROOT


def _shown(text: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(handbook, "source", lambda name, language: f"# Title\n\n{text}\n")
    return handbook.page("unknown_sku", "en", lambda name: f"/pages/{name}").html


def test_raw_html_is_shown_and_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = _shown('<script>alert(1)</script> and <img src=x onerror="alert(1)">', monkeypatch)
    assert "<script" not in shown
    assert "<img" not in shown


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("[a](inactive_sku.md)", '<a href="/pages/inactive_sku">a</a>'),
        ("[a](../operating-model.md#month-end)", '<a href="/pages/operating-model#month-end">a</a>'),
        ("[a](../rules.md#a-periods-end)", "<p>a</p>"),
        ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>"),
        ("[a](#there)", '<a href="#there">a</a>'),
        ("[a](https://docs.example/x)", '<a href="https://docs.example/x">a</a>'),
    ],
)
def test_links_lead_into_the_handbook_or_nowhere(link: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown in _shown(link, monkeypatch)


def test_headings_can_be_led_to() -> None:
    assert '<h2 id="month-end">Month-end</h2>' in handbook.page(handbook.OPERATING_MODEL, "en", str).html
    assert '<h2 id="cierre-de-mes">Cierre de mes</h2>' in handbook.page(handbook.OPERATING_MODEL, "es", str).html


def test_a_heading_is_found_in_another_language() -> None:
    assert handbook.anchor(handbook.OPERATING_MODEL, "month-end", "en") == "month-end"
    assert handbook.anchor(handbook.OPERATING_MODEL, "month-end", "es") == "cierre-de-mes"
    with pytest.raises(ValueError, match="month-beginning"):
        handbook.anchor(handbook.OPERATING_MODEL, "month-beginning", "es")


def test_the_console_has_no_language_that_the_handbook_lacks() -> None:
    assert set(LANGUAGES) == set(handbook.LANGUAGES)


def test_a_page_knows_its_title() -> None:
    assert handbook.page("unknown_sku", "en", str).title == "unknown_sku"
    assert handbook.page(handbook.OPERATING_MODEL, "en", str).title == "The operating model"
    assert handbook.page(handbook.OPERATING_MODEL, "es", str).title == "El modelo operativo"


def test_no_file_beside_the_handbook_can_be_had() -> None:
    for name in ("README", "../operating-model", "../../README", "rules"):
        with pytest.raises(handbook.NoSuchPage):
            handbook.source(name, "en")
    for language in ("", "..", "fr", "runbooks"):
        with pytest.raises(handbook.NoSuchPage):
            handbook.source("unknown_sku", language)


def test_a_wheel_carries_every_page(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-q"]
    subprocess.run([*command, "-w", str(tmp_path), str(ROOT)], check=True, timeout=110, capture_output=True)

    (wheel,) = tmp_path.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    for place in ("app/handbook", "app/handbook/es"):
        assert {f"{place}/runbooks/{code.value}.md" for code in Code} <= inside
        assert f"{place}/operating-model.md" in inside
