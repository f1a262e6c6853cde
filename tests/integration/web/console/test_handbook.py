from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from app.domain.blockers import Code


@pytest.mark.parametrize("code", Code)
def test_every_code_has_its_runbook_in_the_console(ana: FlaskClient, code: Code) -> None:
    shown = ana.get(f"/console/runbooks/{code.value}")

    assert shown.status_code == 200
    for heading in ("What it means", "What to look at", "What to do", "When to escalate"):
        assert f">{heading}</h2>" in shown.text


def test_pages_lead_to_one_another_and_nowhere_else(ana: FlaskClient) -> None:
    for path in ("/console/operating-model", *(f"/console/runbooks/{code.value}" for code in Code)):
        article = ana.get(path).text.partition("<article")[2].partition("</article>")[0]
        for target in re.findall(r'href="([^"]+)"', article):
            if target.startswith("#"):
                assert f'id="{target[1:]}"' in article, target
            else:
                assert ana.get(target).status_code == 200, target


def test_the_list_has_every_code_below_its_team(ana: FlaskClient) -> None:
    shown = ana.get("/console/handbook").text
    assert [code.value for code in Code if f"/console/runbooks/{code.value}" not in shown] == []


def test_a_page_that_is_not_there_is_told(ana: FlaskClient) -> None:
    assert ana.get("/console/runbooks/README").status_code == 404
    assert ana.get("/console/runbooks/..%2f..%2fREADME").status_code == 404
