from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.domain.blockers import Team
from app.permissions import Role
from app.services import mapping_edits
from app.services.mapping_edits import list_edits, newest_overlay
from app.web.settings import WebSettings
from tests.integration.web.console.conftest import SECRET
from tests.support.console import a_person, send, sign_in
from tests.support.rows import return_row, saved
from tests.support.scene import Scene, item
from tests.unit.sandbox.world import order_line, sale

ES = "/console/mappings/es"
_INPUT = re.compile(r"<input ([^>]*)>")
_SELECT = re.compile(r'<select [^>]*name="([^"]+)"[^>]*>(.*?)</select>', re.DOTALL)
_OPTION = re.compile(r"<option(?: value=\"([^\"]*)\")?( selected)?>([^<]*)</option>")


@pytest.fixture(autouse=True)
def _nothing_known(configured: None, database: str) -> Iterator[None]:
    """No edit of an earlier test is remembered."""
    mapping_edits.forget()
    yield
    mapping_edits.forget()


def form_of(page: str) -> dict[str, list[str]]:
    """What a browser would send of the page's last form, as it is."""
    text = page.rpartition("<form")[2]
    fields: list[tuple[int, str, str]] = []
    for found in _INPUT.finditer(text):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', found[1]))
        if "name" in attributes:
            fields.append((found.start(), attributes["name"], unescape(attributes.get("value", ""))))
    for found in _SELECT.finditer(text):
        options = [(value or told, bool(chosen)) for value, chosen, told in _OPTION.findall(found[2])]
        value = next((value for value, chosen in options if chosen), options[0][0] if options else "")
        fields.append((found.start(), found[1], "" if value == "–" else value))
    result: dict[str, list[str]] = {}
    for _, name, value in sorted(fields):
        result.setdefault(name, []).append(value)
    result.pop("csrf_token", None)
    return result


def with_reason(page: str, reason: str, code: str) -> dict[str, list[str]]:
    form = form_of(page)
    place = form["reason"].index("")
    form["reason"][place], form["reason_code"][place] = reason, code
    return form


def test_a_form_that_is_sent_as_it_is_changes_nothing(ana: FlaskClient) -> None:
    answer = send(ana, ES, **form_of(ana.get(ES).text))
    assert answer.status_code == 200
    assert "Nothing differs." in answer.text


def test_an_edit_is_checked_tried_and_saved(ana: FlaskClient) -> None:
    saved(return_row())
    checked = send(ana, ES, **with_reason(ana.get(ES).text, "dog_ate_it", "OT"))
    assert "stores.es.reasons.dog_ate_it" in checked.text
    assert newest_overlay() == (0, {})

    proposal = form_of(checked.text)
    tried = send(ana, f"{ES}/save", **{**proposal, "action": ["try"]})
    assert "1 return looked at," in tried.text
    assert newest_overlay() == (0, {})

    answer = send(ana, f"{ES}/save", **{**form_of(tried.text), "note": ["agreed"], "action": ["save"]})
    shown = ana.get(answer.headers["Location"]).text
    assert 'value="dog_ate_it"' in shown
    assert "Saved. Every process has it within seconds" in shown
    assert [(edit.by, edit.note) for edit in list_edits().rows] == [("ana", "agreed")]


def test_what_was_checked_can_be_edited_again(ana: FlaskClient) -> None:
    form = with_reason(ana.get(ES).text, "dog_ate_it", "OT")
    checked = send(ana, ES, **{**form, "posting.credit_memo": ["every 2h"]})

    again = send(ana, f"{ES}/save", **{**form_of(checked.text), "action": ["edit"]})

    assert again.status_code == 200
    assert 'value="dog_ate_it"' in again.text
    assert 'value="every 2h"' in again.text
    assert form_of(send(ana, ES, **form_of(again.text)).text)["overlay"] == form_of(checked.text)["overlay"]


def test_what_is_wrong_is_told_beside_what_was_entered(ana: FlaskClient) -> None:
    form = with_reason(ana.get(ES).text, "dog_ate_it", "OT")
    form["posting.credit_memo"] = ["at noon"]
    answer = send(ana, ES, **form)

    assert answer.status_code == 422
    assert "stores.es.posting.credit_memo" in answer.text
    assert 'value="at noon"' in answer.text
    assert 'value="dog_ate_it"' in answer.text


def test_an_edit_is_reverted(ana: FlaskClient) -> None:
    checked = send(ana, ES, **with_reason(ana.get(ES).text, "dog_ate_it", "OT"))
    send(ana, f"{ES}/save", **{**form_of(checked.text), "action": ["save"]})
    number = newest_overlay()[0]

    send(ana, "/console/mappings/revert", edit="0", based_on=str(number))

    assert newest_overlay()[1] == {}
    assert "dog_ate_it" in ana.get(f"/console/mappings/edits/{number}").text
    assert "dog_ate_it" not in ana.get(ES).text


def with_freight(page: str) -> dict[str, list[str]]:
    return {**form_of(page), "policy.freight": ["all_back"]}


def _asked(ana: FlaskClient) -> None:
    """Ana asks for freight on the memos of the store."""
    checked = send(ana, ES, **with_freight(ana.get(ES).text))
    send(ana, f"{ES}/save", **{**form_of(checked.text), "note": ["agreed with finance"], "action": ["save"]})


def _second(ana: FlaskClient) -> FlaskClient:
    a_person("eva", Role.APPROVER)
    eva = ana.application.test_client()
    sign_in(eva, "eva")
    return eva


def test_an_edit_that_changes_money_is_in_force_when_a_second_person_agrees(scene: Scene) -> None:
    a_person()
    ana = create_app(scene.config(), WebSettings(console_secret=SECRET)).test_client()
    sign_in(ana)
    freight = {"freight_amt": "5.00", "freight_tax_amt": "1.05"}
    scene.seed(orders=[sale("000950", ref_num1="950", lines=[order_line(1, "0001", 1)], **freight)])
    scene.ask("r1", item("0001", 1), order={"external_id": "950", "number": "#950"})
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.accept("r1")
    scene.work()
    checked = send(ana, ES, **with_freight(ana.get(ES).text))
    assert "it is in force once a second person agrees" in checked.text

    send(ana, f"{ES}/save", **{**form_of(checked.text), "action": ["save"]})
    assert "Say why" in ana.get(ES).text
    _asked(ana)
    assert newest_overlay() == (0, {})
    assert "waits for a second person now" in ana.get(ES).text

    assert send(ana, "/console/approvals/1", action="approve").status_code == 302
    assert newest_overlay() == (0, {})
    eva = _second(ana)
    listed, shown = eva.get("/console/approvals").text, eva.get("/console/approvals/1").text
    for page in (listed, shown):
        assert "stores.es.policy.freight" in page
        assert "agreed with finance" in page
        assert "Credit memos" in page
    assert "1 return would differ" in listed
    assert "es/r1" in shown
    assert "freight: 0.00 EUR → 6.05 EUR" in shown

    send(eva, "/console/approvals/1", action="approve")

    assert newest_overlay()[1]["stores"]["es"] == {"policy": {"freight": "all_back"}}
    (edit,) = list_edits().rows
    assert (edit.by, edit.note) == ("ana, approved by eva", "agreed with finance")


def test_what_was_asked_for_is_about_something_else_once_the_mapping_changed(ana: FlaskClient) -> None:
    _asked(ana)
    checked = send(ana, ES, **with_reason(ana.get(ES).text, "dog_ate_it", "OT"))
    send(ana, f"{ES}/save", **{**form_of(checked.text), "action": ["save"]})
    saved_then = newest_overlay()
    assert saved_then[0] > 0
    eva = _second(ana)

    send(eva, "/console/approvals/1", action="approve")

    page = eva.get("/console/approvals").text
    assert "about something else by now" in page
    assert 'value="refuse"' in page
    assert newest_overlay() == saved_then
    send(eva, "/console/approvals/1", action="refuse")
    assert "Nothing waits" in eva.get("/console/approvals").text


def test_reverting_to_what_changes_money_asks_too(ana: FlaskClient) -> None:
    _asked(ana)
    eva = _second(ana)
    send(eva, "/console/approvals/1", action="approve")
    number = newest_overlay()[0]

    answer = send(ana, "/console/mappings/revert", edit="0", based_on=str(number))
    why = ana.get(answer.headers["Location"]).text
    assert "Say why" in why
    assert "Ask a second person" in why
    send(ana, "/console/mappings/revert", edit="0", based_on=str(number), note="it was too dear")
    assert newest_overlay()[0] == number

    send(eva, "/console/approvals/2", action="approve")

    assert newest_overlay()[1] == {}
    assert "The file alone" in eva.get("/console/approvals/2").text


def test_who_asked_for_an_edit_takes_it_back(ana: FlaskClient) -> None:
    _asked(ana)
    send(ana, "/console/approvals/1", action="withdraw")

    assert "taken back" in ana.get("/console/approvals?state=all").text
    assert newest_overlay() == (0, {})


def test_nobody_overwrites_what_they_have_not_seen(ana: FlaskClient) -> None:
    checked = form_of(send(ana, ES, **with_reason(ana.get(ES).text, "dog_ate_it", "OT")).text)
    send(ana, f"{ES}/save", **{**checked, "action": ["save"]})
    answer = send(ana, f"{ES}/save", **{**checked, "overlay": ["{}"], "action": ["save"]})

    assert "Somebody else edited the mapping meanwhile" in ana.get(answer.headers["Location"]).text
    assert newest_overlay()[1] != {}


def test_nothing_but_the_mapping_can_be_edited(ana: FlaskClient) -> None:
    overlay = json.dumps({"stores": {"es": {"reveni_base_url": "http://evil.example"}}})
    answer = send(ana, f"{ES}/save", overlay=overlay, based_on="0", action="save")
    assert answer.status_code == 400
    assert newest_overlay() == (0, {})


def test_nothing_is_planted_for_a_store_that_may_come(ana: FlaskClient) -> None:
    planted = {"stores": {"pt": {"policy": {"freight": "all_back"}}, "es": {"policy": {"freight": "never"}}}}
    send(ana, f"{ES}/save", overlay=json.dumps(planted), based_on="0", action="save")

    assert newest_overlay() == (1, {})


@pytest.mark.parametrize(
    "overlay",
    [
        {"stores": []},
        {"stores": {"es": []}},
        {"stores": {"es": {"policy": []}}},
        {"stores": {"es": {"policy": None}}},
        {"stores": {"es": {"statuses": {"x": {"y": 1}}}}},
        {"sites": 3},
        {"sites": {"madrid": "x"}},
        {"sites": {"madrid": None}},
    ],
    ids=json.dumps,
)
def test_an_overlay_of_another_shape_is_refused(ana: FlaskClient, overlay: object) -> None:
    answer = send(ana, f"{ES}/save", overlay=json.dumps(overlay), based_on="0", action="save")

    assert answer.status_code in (303, 400)
    assert newest_overlay()[1] == {}


def test_who_may_only_read_reads(visitor: FlaskClient) -> None:
    a_person("ben", Role.OPERATOR, [Team.CX])
    sign_in(visitor, "ben")
    shown = visitor.get(ES).text
    assert "Check, and see what changes" not in shown
    assert send(visitor, ES, **form_of(shown)).status_code == 403
    assert send(visitor, "/console/mappings/revert", edit="0", based_on="0").status_code == 403


def test_a_store_that_is_none_is_told(ana: FlaskClient) -> None:
    assert ana.get("/console/mappings/mars").status_code == 404
    assert ana.get("/console/mappings/edits/7").status_code == 404
