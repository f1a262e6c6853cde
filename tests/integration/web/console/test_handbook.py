from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient

from app.domain.blockers import Code
from app.web.console.language import LANGUAGES
from tests.support.console import send
from tests.support.rows import exception_row, saved


@pytest.mark.parametrize("code", Code)
def test_every_code_has_its_runbook_in_the_console(ana: FlaskClient, code: Code) -> None:
    shown = ana.get(f"/console/runbooks/{code.value}")

    assert shown.status_code == 200
    for heading in ("What it means", "What to look at", "What to do", "When to escalate"):
        assert f">{heading}</h2>" in shown.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_lead_to_one_another_and_nowhere_else(ana: FlaskClient, language: str) -> None:
    send(ana, "/console/preferences", language=language)
    for path in ("/console/operating-model", *(f"/console/runbooks/{code.value}" for code in Code)):
        article = ana.get(path).text.partition("<article")[2].partition("</article>")[0]
        for target in re.findall(r'href="([^"]+)"', article):
            if target.startswith("#"):
                assert f'id="{unquote(target[1:])}"' in article, target
            else:
                assert ana.get(target).status_code == 200, target


def test_who_reads_spanish_reads_the_handbook_in_spanish(ana: FlaskClient) -> None:
    row = saved(exception_row(Code.UNKNOWN_SKU, "es:00019"))
    send(ana, "/console/preferences", language="es")
    beside = (f"/console/exceptions/{row}", "/console/exceptions?code=unknown_sku&cause=es:00019")
    for path in ("/console/runbooks/unknown_sku", *beside):
        shown = ana.get(path).text
        assert ">Qué hacer</h2>" in shown, path
        assert "<strong>Asignar el SKU</strong>" in shown, path
        assert "What to do" not in shown, path
    assert ">De quién es cada cosa</h2>" in ana.get("/console/operating-model").text


def test_month_ends_checklist_leads_to_its_chapter(ana: FlaskClient) -> None:
    for language, anchor in (("en", "month-end"), ("es", "cierre-de-mes")):
        send(ana, "/console/preferences", language=language)
        assert f"/console/operating-model#{anchor}" in ana.get("/console/checklists?rhythm=month_end").text


def test_the_list_has_every_code_below_its_team(ana: FlaskClient) -> None:
    shown = ana.get("/console/handbook").text
    assert [code.value for code in Code if f"/console/runbooks/{code.value}" not in shown] == []


def test_a_page_that_is_not_there_is_told(ana: FlaskClient) -> None:
    assert ana.get("/console/runbooks/README").status_code == 404
    assert ana.get("/console/runbooks/..%2f..%2fREADME").status_code == 404
