from __future__ import annotations

from decimal import Decimal

import pytest
from flask.testing import FlaskClient

from app.domain.blockers import Code
from tests.support.rows import exception_row, return_row, saved


def test_the_desk_shows_causes_with_what_they_hold_up(ana: FlaskClient) -> None:
    for name in ("r1", "r2"):
        saved(exception_row(return_pk=saved(return_row(name)), return_id=name, amount=Decimal("1047.8")))

    english = ana.get("/console/exceptions").text
    spanish = ana.get("/console/exceptions", headers={"Accept-Language": "es"}).text

    assert "Unknown SKU" in english
    assert "2,095.60 EUR" in english
    assert "2.095,60 EUR" in spanish


def test_a_tab_shows_its_team_alone(ana: FlaskClient) -> None:
    saved(exception_row())
    saved(exception_row(Code.OVER_RECEIPT, "w1"))

    shown = ana.get("/console/exceptions?team=logistics").text

    assert "More received than announced" in shown
    assert "w1 stands in the way" in shown
    assert "es:0012 stands in the way" not in shown


def test_what_others_wrote_is_text_and_no_markup(ana: FlaskClient) -> None:
    saved(exception_row(message="<script>alert(1)</script>"))

    assert "<script>alert" not in ana.get("/console/exceptions").text


@pytest.mark.parametrize("code", Code)
def test_the_runbook_stands_beside_the_exception_and_its_cause(ana: FlaskClient, code: Code) -> None:
    number = saved(exception_row(code, "es:1"))

    for address in (f"/console/exceptions/{number}", f"/console/exceptions?code={code.value}&cause=es:1"):
        beside = ana.get(address).text.partition('id="runbook"')[2].partition("</details>")[0]

        assert '<h2 id="what-to-do">What to do</h2>' in beside
        assert f"/console/runbooks/{code.value}" in beside
