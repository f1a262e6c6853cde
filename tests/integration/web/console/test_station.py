from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.engine import transaction
from app.db.tables.returns import InboxEvent
from app.domain.blockers import Team
from app.permissions import Role
from tests.support.console import a_person, csrf_token, send, sign_in
from tests.support.rows import return_row, saved

SILENT = "/console/station/silent"
GOODS = {"code": ["0012-BLU-M", ""], "units": ["2", ""], "grade": ["rejected", "rejected"], "remark": ["torn", ""]}


@pytest.fixture(autouse=True)
def _station(configured: None) -> None:
    """The site `silent` belongs to the store, and has no feed."""


def stored() -> list[str]:
    with transaction() as session:
        return list(session.scalars(select(InboxEvent.external_id)))


def key_of(page: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_the_form_has_the_lines_that_are_announced(ana: FlaskClient) -> None:
    saved(return_row(tracking_number="T1"))

    shown = ana.get(f"{SILENT}?reference=T1").text

    assert 'value="0012-BLU-M"' in shown
    assert 'name="return_id" value="r1"' in shown


def test_goods_are_received_once_and_told_where_they_go(ana: FlaskClient) -> None:
    key = key_of(ana.get(SILENT).text)
    for _ in range(2):
        answer = send(ana, SILENT, key=key, reference="T1", **GOODS)
    shown = ana.get(answer.headers["Location"]).text

    assert stored() == [key]
    assert "MADR" in shown
    assert "The bridge takes it in within seconds" in shown


def test_a_form_that_is_not_taken_keeps_what_was_entered_and_its_key(ana: FlaskClient) -> None:
    answer = send(ana, SILENT, key="station-1", reference="", **GOODS)

    assert answer.status_code == 422
    assert "Scan or type what stands on the parcel" in answer.text
    assert 'value="0012-BLU-M"' in answer.text
    assert key_of(answer.text) == "station-1"
    assert stored() == []


@pytest.mark.parametrize("units", ["two", "1.5", "-1"])
def test_units_are_whole(ana: FlaskClient, units: str) -> None:
    answer = send(ana, SILENT, key="station-1", reference="T1", **{**GOODS, "units": [units, ""]})
    assert answer.status_code == 422
    assert "whole units" in answer.text


def test_goods_are_judged_by_whoever_received_them(ana: FlaskClient) -> None:
    answer = send(ana, SILENT, key="station-1", reference="T1", **{**GOODS, "grade": ["", ""]})

    assert answer.status_code == 422
    assert "Each line needs a grade" in answer.text
    assert stored() == []


def test_a_script_is_answered_in_its_own_language(ana: FlaskClient) -> None:
    form = {"key": "station-1", "reference": "T1", "csrf_token": csrf_token(ana), **GOODS}
    taken = ana.post(SILENT, data=form, headers={"Accept": "application/json"})
    refused = ana.post(SILENT, data={**form, "reference": ""}, headers={"Accept": "application/json"})

    assert taken.get_json() == {"address": f"{SILENT}/station-1"}
    assert (refused.status_code, list(refused.get_json())) == (422, ["problem"])


def test_a_site_with_a_feed_has_no_station(ana: FlaskClient) -> None:
    assert ana.get("/console/station/madrid").status_code == 404
    assert ana.get("/console/station").headers["Location"] == SILENT


def test_the_station_is_for_logistics(visitor: FlaskClient) -> None:
    a_person("ben", Role.OPERATOR, [Team.CX])
    sign_in(visitor, "ben")
    assert visitor.get(SILENT).status_code == 403
    a_person("cleo", Role.OPERATOR, [Team.LOGISTICS])
    sign_in(visitor, "cleo")
    assert visitor.get(SILENT).status_code == 200
