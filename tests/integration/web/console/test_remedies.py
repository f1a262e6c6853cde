from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import update

from app.db.codec import dump
from app.db.engine import transaction
from app.db.tables.desk import BulkJobRow
from app.db.tables.exceptions import DecisionRow, ExceptionRow
from app.db.tables.mapping import SkuAlias
from app.db.tables.returns import ReturnRow
from app.domain.blockers import Code, Team
from app.permissions import Role
from app.services.access.acts import list_acts
from app.services.exceptions.bulk_jobs import carry_jobs, get_job, start_job
from app.services.exceptions.desk_actions import Action
from app.services.mapping_edits import forget, newest_overlay
from tests.integration.services.facts.test_periods import close_today, credit
from tests.support.console import a_person, send, sign_in
from tests.support.rows import NOON, a_return, exception_row, return_row, saved
from tests.support.scene import Scene


def _held(code: Code = Code.UNKNOWN_SKU, cause: str = "es:0012", count: int = 1, **changes: Any) -> list[int]:
    return [
        saved(
            exception_row(code, cause, return_pk=saved(return_row(f"{code}-{n}")), return_id=f"{code}-{n}", **changes)
        )
        for n in range(count)
    ]


def _rows() -> dict[int, ExceptionRow]:
    with transaction() as session:
        return {row.id: row for row in session.query(ExceptionRow)}


def _pending() -> int:
    with transaction() as session:
        return session.query(ReturnRow).filter(ReturnRow.pending).count()


@pytest.fixture
def browsers(visitor: FlaskClient) -> dict[str, FlaskClient]:
    """A browser for each of several people."""
    people = {
        "cx": (Role.OPERATOR, [Team.CX]),
        "merch": (Role.OPERATOR, [Team.MERCHANDISING]),
        "finance": (Role.OPERATOR, [Team.FINANCE]),
        "boss": (Role.APPROVER, []),
        "viewer": (Role.VIEWER, []),
    }
    found = {}
    for login, (role, teams) in people.items():
        a_person(login, role, teams)
        found[login] = visitor.application.test_client()
        assert sign_in(found[login], login).status_code == 302
    return found


def test_the_page_of_a_cause_shows_its_exceptions_and_what_mends_it(ana: FlaskClient) -> None:
    first, second = _held(count=2)

    page = ana.get("/console/exceptions?code=unknown_sku&cause=es:0012").text

    assert f'value="{first}"' in page
    assert f'value="{second}"' in page
    assert "Name the SKU that BlueCherry has" in page


def test_a_cause_that_is_gone_says_so(ana: FlaskClient) -> None:
    assert "was mended" in ana.get("/console/exceptions?code=unknown_sku&cause=es:gone").text


def test_few_are_retried_at_once_and_many_become_a_job(ana: FlaskClient) -> None:
    ids = _held(count=30)
    few = send(ana, "/console/exceptions/act", action="retry", ids=[str(each) for each in ids[:2]])
    assert few.location == "/console/"
    assert _pending() == 2

    many = send(ana, "/console/exceptions/act", action="retry", causes=[str(ids[0])])

    assert many.location == "/console/jobs/1"
    assert "0 of 30 done" in ana.get(many.location).text
    carry_jobs()
    assert "30 of 30 done" in ana.get(many.location, headers={"HX-Request": "true"}).text
    assert get_job(1).by == "ana"


def test_the_page_of_a_job_names_what_was_set_aside(ana: FlaskClient) -> None:
    ids = _held(count=2)
    number = start_job(Action.RETRY, ids, {}, "ana")
    with transaction() as session:
        session.execute(update(BulkJobRow).values(set_aside=ids, done=2))
    page = ana.get(f"/console/jobs/{number}").text

    assert "2 were set aside" in page
    assert all(f'href="/console/exceptions/{each}"' in page for each in ids)


def test_all_of_a_list_is_what_its_filters_leave(ana: FlaskClient) -> None:
    _held(store="es")
    _held(Code.OVER_RECEIPT, "w1", store="uk")

    send(ana, "/console/exceptions/act?store=uk", action="tag", all="yes", tag=" Big  One ")

    assert sorted((row.store, row.tags) for row in _rows().values()) == [("es", []), ("uk", ["big one"])]


def test_what_stands_in_a_form_and_was_not_asked_for_is_not_kept(ana: FlaskClient) -> None:
    (number,) = _held()
    form = {"reason": "", "assignee": "ana", "days": "3", "tag": "urgent"}
    send(ana, "/console/exceptions/act", ids=str(number), action="retry", **form)

    (act, *_) = [each for each in list_acts().rows if each.what == "act"]
    assert act.detail.keys().isdisjoint(form)
    assert act.detail["action"] == "retry"
    row = _rows()[number]
    assert (row.assigned_to, row.snoozed_until, row.tags) == (None, None, [])


def test_one_unit_cannot_be_corrected_downwards(ana: FlaskClient) -> None:
    for units, offered in ((1, False), (2, True)):
        name = f"over-{units}"
        (item,) = a_return().items
        pk = saved(return_row(name, data=dump(a_return(name, items=(replace(item, quantity=units),)))))
        number = saved(exception_row(Code.OVER_RETURN, f"es:{name}", return_pk=pk, return_id=name))
        page = ana.get(f"/console/exceptions/{number}").text
        assert ('value="correct_quantity"' in page) is offered


def test_assign_snooze_and_comment(ana: FlaskClient) -> None:
    (number,) = _held()
    for form in ({"action": "assign", "assignee": "ana"}, {"action": "snooze", "days": "3"}):
        send(ana, "/console/exceptions/act", ids=str(number), **form)
    send(ana, f"/console/exceptions/{number}/comments", text="Asked the supplier.")

    row = _rows()[number]
    assert (row.assigned_to, row.snoozed_until is not None) == ("ana", True)
    page = ana.get(f"/console/exceptions/{number}").text
    assert "Asked the supplier." in page
    assert "assigned to ana" in page
    assert "es:0012" not in ana.get("/console/exceptions").text
    assert "es:0012" in ana.get("/console/exceptions?state=snoozed").text


def test_writing_off_money_waits_for_somebody_else(browsers: dict[str, FlaskClient]) -> None:
    (number,) = _held(Code.REFUND_MISMATCH, "r1")
    finance, boss = browsers["finance"], browsers["boss"]
    assert "Say why" in _told(finance, action="resolve", ids=str(number))
    assert "second person" in _told(finance, action="resolve", ids=str(number), reason="a cent")
    page = finance.get("/console/exceptions").text
    assert "waits for approval" in page
    assert re.search(r'Approvals <span class="count">1</span>', page)
    assert _rows()[number].closed_at is None
    assert send(finance, "/console/approvals/1", action="approve").status_code == 403

    send(boss, "/console/approvals/1", action="approve")

    assert _rows()[number].closed_by == "resolved by finance, approved by boss"


def test_the_second_person_is_told_how_many_amounts_are_not_in_the_sum(browsers: dict[str, FlaskClient]) -> None:
    ids = [*_held(Code.REFUND_MISMATCH, "r1"), *_held(Code.NOT_RECEIVED, "r2", amount=None, currency=None)]
    form = {"action": "resolve", "reason": "a cent"}
    send(browsers["finance"], "/console/exceptions/act", ids=[str(each) for each in ids], **form)

    shown = browsers["boss"].get("/console/approvals").text
    assert "47.80 EUR + 1 of an unknown amount" in shown


def _told(client: FlaskClient, **form: str) -> str:
    """What the next page says after a form about exceptions."""
    send(client, "/console/exceptions/act", back="/console/exceptions", **form)
    return client.get("/console/exceptions?state=closed").text


def test_nobody_but_an_approver_decides(browsers: dict[str, FlaskClient]) -> None:
    (number,) = _held(Code.NOT_RECEIVED, "r1")
    send(browsers["finance"], "/console/exceptions/act", action="release", ids=str(number), reason="lost")

    for login in ("cx", "viewer", "merch", "finance"):
        assert send(browsers[login], "/console/approvals/1", action="approve").status_code == 403

    assert _rows()[number].closed_at is None


def test_other_teams_exceptions_are_not_ones_own(browsers: dict[str, FlaskClient]) -> None:
    (number,) = _held()
    for login in ("cx", "finance", "viewer"):
        answer = send(browsers[login], "/console/exceptions/act", action="retry", ids=str(number))
        assert answer.status_code == 403
        assert 'exceptions/map-sku"' not in browsers[login].get(f"/console/exceptions/{number}").text

    assert _pending() == 0
    assert send(browsers["merch"], "/console/exceptions/act", action="retry", ids=str(number)).status_code == 302


def test_only_finance_asks_for_a_release(browsers: dict[str, FlaskClient]) -> None:
    (number,) = _held(Code.REFUNDED_REJECTED, "r1")

    answer = send(browsers["cx"], "/console/exceptions/act", action="release", ids=str(number), reason="x")

    assert answer.status_code == 403
    with transaction() as session:
        assert session.query(DecisionRow).count() == 0


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/console/exceptions/act", {"action": "assign", "assignee": "nobody-of-here"}),
        ("/console/exceptions/map-sku", {"store": "nowhere", "sku": "1", "target": "2"}),
    ],
    ids=str,
)
def test_nothing_goes_to_who_is_not_there(ana: FlaskClient, address: str, form: dict[str, str]) -> None:
    (number,) = _held()

    assert send(ana, address, ids=str(number), **form).status_code == 400

    assert _rows()[number].assigned_to is None
    with transaction() as session:
        assert session.query(SkuAlias).count() == 0


def test_a_sku_is_mapped_in_place(ana: FlaskClient) -> None:
    (number,) = _held()
    page = f"/console/exceptions/{number}"

    answer = send(ana, "/console/exceptions/map-sku", store="es", sku="0012", target="", other="0012-BLU-M", back=page)

    assert answer.location == page
    assert "0012 means 0012-BLU-M now." in ana.get(page).text
    with transaction() as session:
        assert session.get_one(SkuAlias, ("es", "0012")).by == "ana"


@pytest.mark.parametrize(
    ("form", "why"), [({"target": ""}, "Choose a SKU"), ({"target": "0012"}, "cannot mean itself")], ids=str
)
def test_a_sku_that_cannot_be_mapped_is_explained(ana: FlaskClient, form: dict[str, str], why: str) -> None:
    send(ana, "/console/exceptions/map-sku", store="es", sku="0012", back="/console/exceptions", **form)

    assert why in ana.get("/console/exceptions").text


def test_one_that_closed_by_itself_says_so(ana: FlaskClient) -> None:
    (number,) = _held(closed_at=NOON, closed_by="the cause is gone")

    assert "by itself, because its cause is gone" in ana.get(f"/console/exceptions/{number}").text


def test_downloads_have_every_row_and_no_formula(ana: FlaskClient) -> None:
    _held(count=3, message='=HYPERLINK("http://example.com")')
    _held(Code.OVER_RECEIPT, "w1", message="+1", amount=None, currency=None)

    csv = ana.get("/console/exceptions/download?format=csv")
    book = load_workbook(BytesIO(ana.get("/console/exceptions/download?format=xlsx&team=merchandising").data))

    lines = csv.text.removeprefix("\ufeff").splitlines()
    assert len(lines) == 5
    assert "attachment" in csv.headers["Content-Disposition"]
    assert ",=" not in csv.text
    assert ",+" not in csv.text
    rows = list(book.active.iter_rows(values_only=True)) if book.active else []
    assert len(rows) == 4
    assert {row[-1] for row in rows[1:]} == {'\'=HYPERLINK("http://example.com")'}
    assert {row[8] for row in rows[1:]} == {47.8}


@pytest.mark.parametrize("path", ["/console/exceptions/4711", "/console/jobs/4711"])
def test_what_is_not_there_is_a_page(ana: FlaskClient, path: str) -> None:
    assert ana.get(path).status_code == 404


def test_a_form_without_a_choice_says_so(ana: FlaskClient) -> None:
    send(ana, "/console/exceptions/act", action="retry", back="/console/exceptions")

    assert "Choose at least one" in ana.get("/console/exceptions").text


@pytest.mark.usefixtures("configured")
def test_a_memo_goes_into_the_next_period_once_a_second_person_agreed(
    browsers: dict[str, FlaskClient], scene: Scene
) -> None:
    scene.configure({"stores": {"es": {"policy": {"closed_period": "exception"}}}})
    first = close_today(scene)
    credit(scene, "r1")
    (exception,) = scene.exceptions()
    finance, boss = browsers["finance"], browsers["boss"]
    assert "Post in the next open period" in finance.get(f"/console/exceptions/{exception.id}").text

    send(finance, "/console/exceptions/act", action="next_period", ids=str(exception.id), reason="books are closed")
    scene.work()
    assert scene.memos() == {}

    send(boss, "/console/approvals/1", action="approve")
    scene.later(1)

    assert scene.memos()["CM-r1-1"]["memo_date"] == first.isoformat()
    assert scene.codes() == []


@pytest.mark.usefixtures("configured")
def test_a_grade_that_may_credit_goods_waits_for_a_second_person(
    browsers: dict[str, FlaskClient], scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget()
    scene.configure({"stores": {"es": {"judge": "warehouse"}}})
    a_person("dock", Role.OPERATOR, [Team.LOGISTICS])
    dock = browsers["viewer"].application.test_client()
    sign_in(dock, "dock")
    _held(Code.UNMAPPED_GRADE, "es:Z")
    form = {"code": "unmapped_grade", "cause": "es:Z", "value": "MADB"}
    send(dock, "/console/exceptions/map-code", **form)
    assert (newest_overlay(), send(dock, "/console/approvals/1", action="approve").status_code) == ((0, {}), 403)

    send(dock, "/console/exceptions/map-code", reason="seconds, as good as new", **form)
    assert newest_overlay() == (0, {})
    assert "waits for approval" in browsers["boss"].get("/console/exceptions?code=unmapped_grade&cause=es:Z").text

    send(browsers["boss"], "/console/approvals/1", action="approve")

    assert newest_overlay()[1] == {"stores": {"es": {"grades": {"Z": {"location": "MADB"}}}}}
    forget()


def test_no_form_of_actions_maps_a_code(browsers: dict[str, FlaskClient]) -> None:
    (number,) = _held(Code.UNMAPPED_REASON, "es:dog")

    answer = send(browsers["merch"], "/console/exceptions/act", action="map_code", value="DF", ids=str(number))

    assert (answer.status_code, newest_overlay()) == (400, (0, {}))


@pytest.mark.usefixtures("configured")
def test_a_code_is_mapped_by_its_team_where_its_exception_asks_for_it(browsers: dict[str, FlaskClient]) -> None:
    forget()
    (number,) = _held(Code.UNMAPPED_REASON, "es:dog_ate_it")
    form = {"code": "unmapped_reason", "cause": "es:dog_ate_it", "value": "DF"}

    assert send(browsers["finance"], "/console/exceptions/map-code", **form).status_code == 403
    assert send(browsers["cx"], "/console/exceptions/map-code", **form).status_code == 403
    assert 'exceptions/map-code"' in browsers["merch"].get(f"/console/exceptions/{number}").text
    others = {"code": "unmapped_grade", "cause": "es:Z", "value": "MAD01"}
    assert send(browsers["merch"], "/console/exceptions/map-code", **others).status_code == 403
    assert (
        send(browsers["merch"], "/console/exceptions/map-code", **(form | {"cause": "es:unasked"})).status_code == 302
    )
    assert newest_overlay() == (0, {})

    send(browsers["merch"], "/console/exceptions/map-code", **form)

    assert newest_overlay()[1] == {"stores": {"es": {"reasons": {"dog_ate_it": "DF"}}}}
    forget()
