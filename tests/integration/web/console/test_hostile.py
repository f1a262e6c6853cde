"""Whatever is sent to an address of the console by whoever may send it: no answer is a breakdown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.domain.blockers import Code
from tests.support.console import csrf_token, send
from tests.support.rows import exception_row, return_row, saved

HUGE = "9" * 5000
_OTHERS = tuple(
    (
        "teams password active old_password text other value note causes order item quantity assignee tag remove days"
        " reason units grade remark received_at return_id default_site reason_code policy.not_received_days language"
    ).split()
)
_ARGUMENTS = tuple("text store state team code cause assigned tag day rhythm by at format reference edit".split())
_WORDS = ("\0", "²🧥", HUGE, "[" * 20_000, "9" * 30)
_CURSORS = (*_WORDS, "NaN~1", "1~" + HUGE)
_READ_BY_FLASK = ("endpoint", "_scheme", "_method", "_anchor", "_external")
_GOOD = {
    "action": "assign",
    "ids": "1",
    "code": Code.UNMAPPED_REASON,
    "cause": "es:dog",
    "point": "windows_posted",
    "day": "2026-11-25",
    "store": "es",
    "sku": "12",
    "target": "13",
    "kind": "credit_memo",
    "edit": "0",
    "based_on": "0",
    "overlay": "{}",
    "key": "station-1",
    "reference": "X1",
    "role": "viewer",
    "login": "bea",
    "name": "Bea",
}


def _addresses(app: Flask, method: str) -> Iterator[str]:
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/console") or method not in (rule.methods or ()):
            continue
        if rule.endpoint in ("console.static", "console.sign_out", "console.sign_out_everywhere", "console.nowhere"):
            continue
        address = rule.rule
        for name in rule.arguments:
            for found in (f"<int:{name}>", f"<path:{name}>", f"<{name}>"):
                value = "silent" if name == "site" else "es" if name == "store" else "1"
                address = address.replace(found, value)
        yield address


@pytest.fixture
def open_exceptions(configured: None) -> None:
    for code, cause in ((Code.UNKNOWN_SKU, "es:12"), (Code.UNMAPPED_REASON, "es:dog"), (Code.OVER_RETURN, "r")):
        saved(exception_row(code, cause, return_pk=saved(return_row(f"{code}")), return_id=f"{code}"))


@pytest.mark.timeout(400)
@pytest.mark.usefixtures("open_exceptions")
def test_no_argument_of_an_address_breaks_a_page(ana: FlaskClient) -> None:
    broken = {
        (address, names, word[:12], answer.status_code)
        for address in _addresses(ana.application, "GET")
        for names in (("after",), _ARGUMENTS, _READ_BY_FLASK)
        for word in _CURSORS
        if (answer := ana.get(address, query_string=dict.fromkeys(names, word))).status_code >= 500
    }

    assert broken == set()


@pytest.mark.timeout(400)
@pytest.mark.usefixtures("open_exceptions")
def test_no_number_in_an_address_breaks_a_page(ana: FlaskClient) -> None:
    token = csrf_token(ana, "/console/me")
    broken = set()
    for rule in ana.application.url_map.iter_rules():
        if "<int:" not in rule.rule or not rule.rule.startswith("/console"):
            continue
        address = rule.rule.replace("<int:number>", "9" * 30)
        send_it = ana.get if "GET" in (rule.methods or ()) else ana.post
        if send_it(address, data={"csrf_token": token, "text": "x"}).status_code >= 500:
            broken.add(address)

    assert broken == set()


@pytest.mark.timeout(400)
@pytest.mark.usefixtures("open_exceptions")
def test_no_field_of_a_form_breaks_a_page(ana: FlaskClient) -> None:
    token = csrf_token(ana, "/console/me")
    broken = set()
    for address in _addresses(ana.application, "POST"):
        if address == "/console/sign-in":
            continue
        for fields in (*((name,) for name in _GOOD), _OTHERS):
            for word in _WORDS:
                form = {**_GOOD, **dict.fromkeys(fields, word), "csrf_token": token}
                status = ana.post(address, data=form).status_code
                if status >= 500:
                    broken.add((address, fields, word[:12], status))

    assert broken == set()


def test_a_word_that_the_database_refuses_is_a_page(visitor: FlaskClient) -> None:
    token = csrf_token(visitor)

    answer = visitor.post("/console/sign-in", data={"login": "a\0b", "password": "x", "csrf_token": token})

    assert answer.status_code == 400
    assert "could not be read" in answer.text


def test_no_argument_names_another_place_than_this_page(ana: FlaskClient) -> None:
    saved(exception_row(Code.UNKNOWN_SKU, "es:12", return_pk=saved(return_row("r")), return_id="r"))

    page = ana.get("/console/exceptions?_external=1&_scheme=javascript&_anchor=x").text

    assert 'href="javascript:' not in page


def test_a_text_of_markup_is_shown_as_text(ana: FlaskClient) -> None:
    markup = '"><script>alert(1)</script>'
    number = saved(
        exception_row(Code.UNKNOWN_SKU, f"es:{markup}", return_pk=saved(return_row("r")), return_id="r", message=markup)
    )
    send(ana, f"/console/exceptions/{number}/comments", text=markup)
    send(ana, "/console/exceptions/act", action="tag", ids=str(number), tag=markup)
    send(ana, "/console/exceptions/act", action="assign", ids=str(number), assignee=markup)

    for address in (f"/console/exceptions/{number}", "/console/exceptions", "/console/people/acts"):
        assert "<script>alert" not in ana.get(address).text
