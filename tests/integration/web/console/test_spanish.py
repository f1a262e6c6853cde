"""Nobody who reads Spanish is told anything in English, but for what people and other systems wrote."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from html import unescape
from io import StringIO

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from app.domain.blockers import Code
from app.domain.saying import pack, say
from app.permissions import Role
from app.secret import Secret
from app.services import mapping_edits
from app.services.exceptions.remedies import resolve
from app.web.settings import WebSettings
from tests.support.addresses import every_page
from tests.support.console import PASSWORD, a_person, csrf_token, sign_in
from tests.support.furnished import furnish, numbers
from tests.support.rows import exception_row, saved
from tests.support.scene import Scene

_WRITTEN = re.compile(r"<(script|style|textarea|code)\b.*?</\1>", re.DOTALL)
"""What is no sentence: commands, and the words of files, are the same in every language."""
_TOLD = re.compile(r'<p class="(?:problem|note)" role="(?:alert|status)"[^>]*>(.*?)</p>', re.DOTALL)
_THREE_WORDS = re.compile(r"[A-Za-z]+ [a-z]+ [a-z]+")
_PLACES = {"site.madrid.location": "MAD01", "site.madrid.quarantine": "MADQ"}
_WRONG_MAPPINGS: list[dict[str, str | list[str]]] = [
    {},
    {**_PLACES, "site.madrid.quarantine": "MAD01"},
    {**_PLACES, "site.madrid.reveni_location_ids": "7", "site.silent.reveni_location_ids": "7"},
    {**_PLACES, "site.madrid.reveni_location_ids": "7, 7"},
    {**_PLACES, "default_site": "madird"},
    {**_PLACES, "status": "odd", "status_meaning": "strange"},
    {**_PLACES, "status": ["on hold", "On-Hold"], "status_meaning": ["pending", "completed"]},
    {**_PLACES, "posting.credit_memo": "now and then", "policy.not_received_days": "many"},
    {
        **_PLACES,
        **{f"grade{rest}": "" for rest in ("_location", "_lot", "_reject_reason")},
        "grade": "ungraded",
        "grade_accepts": "no",
    },
]
_BY_PEOPLE = {
    "Counted again: the second one is a duplicate label.",
    "One was a gift of the shop.",
    "The auditors look at exchanges today.",
    "Freight is ours when all comes back.",
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


@pytest.mark.timeout(300)
def test_no_refusal_is_the_same_in_both_languages(scene: Scene, admin: FlaskClient) -> None:
    number = numbers(Code.OVER_RECEIPT)[0]
    same: list[tuple[str, dict[str, str], set[str]]] = []
    forms: list[tuple[str, dict[str, str | list[str]]]] = [
        ("/console/people", {"login": "ana", "role": "viewer"}),
        ("/console/people", {"login": "a b", "role": "viewer"}),
        ("/console/people", {"login": "ben", "role": "viewer", "password": "short"}),
        ("/console/people", {"login": "ben", "role": "king"}),
        ("/console/people", {"login": "ben", "role": "service"}),
        ("/console/people", {"login": "ben", "role": "operator"}),
        ("/console/people", {"login": "ben", "role": "viewer", "teams": "cx"}),
        ("/console/people/nobody/role", {"role": "viewer"}),
        ("/console/people/ana/role", {"role": "viewer"}),
        ("/console/people/ana/active", {"active": "no"}),
        ("/console/people/ana/password", {"password": "short"}),
        ("/console/me/password", {"old_password": "wrong"}),
        ("/console/me/password", {"old_password": PASSWORD, "password": "short"}),
        ("/console/books/reports", {"list": "received_not_credited", "at": "yesterday"}),
        ("/console/station/silent", {"key": "k-1"}),
        ("/console/station/silent", {"key": "k-1", "reference": "T-held-0"}),
        ("/console/station/silent", {"key": "k-1", "reference": "T-held-0", "code": "0001", "quantity": "x"}),
        ("/console/windows/hold", {"store": "es", "kind": "credit_memo"}),
        ("/console/windows/hold", {"store": "es", "kind": "exchange_order", "reason": "Again."}),
        ("/console/windows/release", {"store": "es", "kind": "credit_memo"}),
        ("/console/exceptions/act", {"action": "retry"}),
        ("/console/exceptions/act", {"action": "resolve", "ids": str(number)}),
        ("/console/exceptions/act", {"action": "release", "ids": str(number), "reason": "Why not?"}),
        ("/console/exceptions/act", {"action": "tag", "ids": str(number)}),
        ("/console/exceptions/map-sku", {"store": "es", "sku": "00019"}),
        ("/console/exceptions/map-sku", {"store": "es", "sku": "00019", "target": "00019"}),
        ("/console/exceptions/map-code", {"code": "unmapped_reason", "cause": "es:none"}),
        ("/console/returns", {"text": "jane.doe@example.com"}),
        ("/console/mappings/revert", {"edit": "x"}),
        ("/console/approvals/1", {"action": "approve"}),
        *(("/console/mappings/es", form) for form in _WRONG_MAPPINGS),
        ("/console/exceptions/map-code", {"code": "unmapped_grade", "cause": "es:ungraded", "value": ""}),
        ("/console/today", {}),
        ("/console/nowhere", {}),
        ("/console/exceptions/act", {"action": "retry", "ids": "1" * 40}),
        ("/console/exceptions/act", {"action": "retry", "reason": "x" * 600_000}),
    ]
    for address, form in forms:
        english, spanish = (_told(admin, address, form, language) for language in ("en", "es"))
        assert english, (address, form)
        if english & spanish:
            same.append((address, {name: str(value)[:40] for name, value in form.items()}, english & spanish))

    assert same == []


@pytest.mark.timeout(300)
def test_nobody_is_turned_away_in_english(admin: FlaskClient) -> None:
    a_person("vic", Role.VIEWER)
    stranger, viewer = (admin.application.test_client() for _ in range(2))
    assert sign_in(viewer, "vic").status_code == 302
    for client, address, status in [
        (stranger, "/console/sign-in/provider", 404),
        (viewer, "/console/nowhere", 404),
        (viewer, "/console/people", 403),
        (viewer, "/console/exceptions?after=\0", 400),
        (viewer, "/console/sign-out", 404),
    ]:
        told = [_problems(client.get(address, headers={"Accept-Language": each})) for each in ("en", "es")]
        assert (address, bool(told[0]), told[0] & told[1]) == (address, True, set())
        assert client.get(address).status_code == status, address
    wrong = [_told(stranger, "/console/sign-in", {"login": "ana", "password": "no"}, each) for each in ("en", "es")]
    assert (bool(wrong[0]), wrong[0] & wrong[1]) == (True, set())


def test_a_list_that_is_downloaded_speaks_the_readers_language(admin: FlaskClient) -> None:
    resolve([numbers(Code.OVER_RETURN)[0]], "ana", "A gift of the shop.")
    for address in ("/console/exceptions/download", "/console/exceptions/download?state=closed"):
        english, spanish = (_cells(admin.get(address, headers={"Accept-Language": each})) for each in ("en", "es"))
        assert len(english) == len(spanish) > 1
        for column in ("Exception", "Team", "Closed by", "Message"):
            place = english[0].index(column)
            both = [(one[place], other[place]) for one, other in zip(english, spanish, strict=True) if one[place]]
            same = {one for one, other in both if one == other}
            assert same <= {"Merchandising"}, (address, column)


def _cells(answer: TestResponse) -> list[list[str]]:
    assert answer.status_code == 200
    return list(csv.reader(StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))


def _told(client: FlaskClient, address: str, form: Mapping[str, str | list[str]], language: str) -> set[str]:
    """What the page says that a form is answered with."""
    fields = {**form, "csrf_token": csrf_token(client)}
    answer = client.post(address, data=fields, headers={"Accept-Language": language}, follow_redirects=True)
    return _problems(answer)


def _problems(answer: TestResponse) -> set[str]:
    told = {" ".join(unescape(re.sub(r"<[^>]+>", "", found)).split()) for found in _TOLD.findall(answer.text)}
    # Each part, too; but not the words of a file that may be chosen from.
    return told | {part for each in told for part in re.split(r"[.:] ", each) if _THREE_WORDS.search(part)}


def _sentences(client: FlaskClient, address: str, language: str) -> set[str]:
    """Texts of a page of three words and more."""
    answer = client.get(address, headers={"Accept-Language": language})
    assert answer.status_code == 200, address
    texts = re.split(r"<[^>]+>", _WRITTEN.sub("", answer.text))
    lines = (" ".join(unescape(text).split()) for text in texts)
    return {line for line in lines if len(re.findall(r"(?<!\S)[A-Za-z]{2,}\b", line)) >= 3}
