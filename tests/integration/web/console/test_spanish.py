"""Nobody who reads Spanish is told anything in English, but for what people and other systems wrote."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.domain.blockers import Code
from app.domain.saying import pack, say
from app.secret import Secret
from app.services import mapping_edits
from app.web.settings import WebSettings
from tests.support.addresses import every_page
from tests.support.console import a_person, sign_in
from tests.support.furnished import furnish
from tests.support.rows import exception_row, saved
from tests.support.scene import Scene

_WRITTEN = re.compile(r'<article[^>]*lang="en".*?</article>|<(script|style|textarea)\b.*?</\1>', re.DOTALL)
"""The runbooks are English, and say so."""
_BY_PEOPLE = {
    "Counted again: the second one is a duplicate label.",
    "One was a gift of the shop.",
    "The auditors look at exchanges today.",
}


@pytest.fixture
def admin(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """An admin in front of a furnished console."""
    for name, value in {**scene.environment, "BRIDGE_CONFIG": str(scene.config_path)}.items():
        monkeypatch.setenv(name, value)
    silent = {"location": "MAD01", "quarantine": "MADQ"}
    scene.configure({"sites": {"silent": silent}, "stores": {"es": {"sites": ["madrid", "silent"]}}})
    mapping_edits.forget()
    furnish(scene)
    for code in Code:
        said = say("Order %(order)s is not invoiced yet.", order=code.value)
        saved(exception_row(code, "es:every-code", message=str(said), said=pack(said)))
    a_person()
    client = create_app(scene.outside.config, WebSettings(console_secret=Secret("0123456789" * 4))).test_client()
    assert sign_in(client).status_code == 302
    return client


@pytest.mark.timeout(300)
def test_no_sentence_is_the_same_in_both_languages(scene: Scene, admin: FlaskClient) -> None:
    every_code = [f"/console/exceptions?code={code.value}&cause=es:every-code" for code in Code]
    same: dict[str, set[str]] = {}
    # Raw events are what others wrote, whole.
    pages = [address for address in every_page(scene) if not address.endswith("/raw")]
    for address in [*pages, *every_code]:
        english, spanish = (_sentences(admin, address, language) for language in ("en", "es"))
        for sentence in (english & spanish) - _BY_PEOPLE:
            same.setdefault(sentence, set()).add(address)

    assert same == {}


def _sentences(client: FlaskClient, address: str, language: str) -> set[str]:
    """Texts of a page of three words and more."""
    answer = client.get(address, headers={"Accept-Language": language})
    assert answer.status_code == 200, address
    texts = re.split(r"<[^>]+>", _WRITTEN.sub("", answer.text))
    lines = (" ".join(unescape(text).split()) for text in texts)
    return {line for line in lines if len(re.findall(r"(?<!\S)[A-Za-z]{2,}\b", line)) >= 3}
