from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient

from app.db.engine import transaction
from app.db.tables.upkeep import Mark
from app.domain.blockers import Code, Team
from app.permissions import Role
from app.services.outside import utc_now
from tests.support.console import a_person, send, sign_in
from tests.support.rows import exception_row, saved

TODAY = utc_now().date().isoformat()


def test_a_point_is_signed_off_by_name(ana: FlaskClient) -> None:
    saved(exception_row())
    answer = send(ana, "/console/checklists", point="skus_known", day=TODAY, note="asked the factory", action="sign")
    shown = ana.get(answer.headers["Location"]).text

    assert "Ana López (ana), 1 open then" in shown
    assert "asked the factory" in shown


def test_a_sign_off_is_taken_back(ana: FlaskClient) -> None:
    send(ana, "/console/checklists", point="skus_known", day=TODAY, action="sign")
    answer = send(ana, "/console/checklists", point="skus_known", day=TODAY, action="withdraw")
    assert "open then" not in ana.get(answer.headers["Location"]).text


@pytest.mark.usefixtures("configured")
def test_every_point_leads_to_its_list(ana: FlaskClient) -> None:
    for address in [f"?team={team.value}" for team in Team] + ["?rhythm=month_end"]:
        shown = ana.get(f"/console/checklists{address}").text
        targets = {part.partition('"')[0] for part in shown.partition("<ol")[2].split('href="')[1:]}
        assert targets
        for target in targets:
            assert ana.get(target.partition("#")[0].replace("&amp;", "&")).status_code == 200, target


def test_what_stands_open_at_month_end_is_signed_with_a_reason(ana: FlaskClient) -> None:
    saved(exception_row(Code.ORDER_NOT_INVOICED, "0500000001"))

    answer = send(ana, "/console/checklists", point="finance_decided", day=TODAY, note=" ", action="sign")
    shown = ana.get(answer.headers["Location"]).text
    assert "write in the note why it is carried over" in shown
    assert "signed off" not in shown

    answer = send(ana, "/console/checklists", point="finance_decided", day=TODAY, note="invoiced late", action="sign")
    assert "1 open then" in ana.get(answer.headers["Location"]).text


def test_what_is_snoozed_is_told_beside_the_count(ana: FlaskClient) -> None:
    saved(exception_row(snoozed_until=utc_now() + timedelta(days=1)))
    saved(exception_row(cause="another"))

    shown = ana.get("/console/checklists?team=merchandising").text

    assert "of them snoozed: 1" in shown
    assert "/console/exceptions?code=unknown_sku&amp;state=snoozed" in shown


def test_a_point_about_no_exceptions_tells_no_number(ana: FlaskClient) -> None:
    answer = send(ana, "/console/checklists", point="returns_accrued", day=TODAY, action="sign")
    shown = ana.get(answer.headers["Location"]).text
    assert "Ana López (ana)," in shown
    assert "open then" not in shown


def test_it_is_told_when_the_books_were_compared(ana: FlaskClient) -> None:
    assert "not compared with BlueCherry yet" in ana.get("/console/checklists?rhythm=month_end").text
    with transaction() as session:
        session.add(Mark(name="books:main", value="2026-11-24T12:00:00+00:00", at=utc_now()))
    assert "Compared with BlueCherry main:" in ana.get("/console/checklists?rhythm=month_end").text


def test_one_team_does_not_sign_for_another(visitor: FlaskClient) -> None:
    a_person("ben", Role.OPERATOR, [Team.CX])
    sign_in(visitor, "ben")

    assert send(visitor, "/console/checklists", point="skus_known", day=TODAY).status_code == 403
    assert "Sign off" not in visitor.get("/console/checklists?team=merchandising").text
    assert "Sign off" in visitor.get("/console/checklists").text


def test_nonsense_is_refused(ana: FlaskClient) -> None:
    assert send(ana, "/console/checklists", point="coffee", day=TODAY).status_code == 400
    assert send(ana, "/console/checklists", point="skus_known", day="someday").status_code == 400
    assert ana.get("/console/checklists?team=cooks&day=someday&rhythm=weekly").status_code == 200


def test_differences_of_refunds_are_told_by_too_much_and_too_little(ana: FlaskClient) -> None:
    for name, amount, side in (("r1", "10", "over"), ("r2", "12.50", "under")):
        saved(exception_row(Code.REFUND_MISMATCH, name, amount=Decimal(amount), currency="EUR", side=side))
    words = "Refunded too much: 10.00 EUR; too little: 12.50 EUR."

    for page in ("/console/checklists?rhythm=month_end", "/console/exceptions?code=refund_mismatch"):
        shown = ana.get(page).text
        assert words in shown
        assert "Set off, 2.50 EUR less was refunded than is credited." in shown
    assert words not in ana.get("/console/exceptions").text
    file = ana.get("/console/exceptions/download?code=refund_mismatch").text
    assert "too much" in file
    assert "too little" in file
