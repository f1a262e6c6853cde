from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from app.db.engine import transaction
from app.db.tables.reports import ReportRow
from app.domain.blockers import Team
from app.permissions import Role
from app.services.books.period_end import PeriodEndList
from app.services.books.reports import GIVEN_UP, ask, make_next
from app.services.outside import utc_now
from tests.support.console import a_person, send, sign_in
from tests.support.scene import Scene

CREDITED = "/console/books/credit-memos"
RECEIVED = "/console/books/received-not-credited"
REPORTS = "/console/books/reports"


@pytest.fixture
def received(scene: Scene, configured: None) -> None:
    """One unit came back and waits to be accepted; the console's process finds the configuration."""
    scene.ask("r1")
    scene.work()
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.work()


@pytest.mark.usefixtures("received")
def test_the_list_is_made_by_a_worker_when_it_is_asked_for(ana: FlaskClient, scene: Scene) -> None:
    assert "no list was made yet" in ana.get(RECEIVED).text

    asked = send(ana, REPORTS, list="received_not_credited", at="2999-12-31", store="es")
    waits = ana.get(asked.location).text
    assert "It is being made" in waits
    assert 'hx-trigger="every 1s"' in waits
    assert f'<a href="{asked.location}">Look again</a>' in waits
    make_next(scene.outside)

    shown = ana.get(asked.location).text
    assert "waits for acceptance" in shown
    assert "To be accrued: 10.89 EUR" in shown
    assert 'href="/console/returns/es/r1"' in shown
    assert "hx-get" not in ana.get(asked.location, headers={"HX-Request": "true"}).text


@pytest.mark.usefixtures("received")
def test_where_both_sides_agree_the_list_says_so(ana: FlaskClient, scene: Scene) -> None:
    asked = send(ana, REPORTS, list="received_not_credited", at="2020-01-01")
    make_next(scene.outside)

    assert "Nothing: both sides agree." in ana.get(asked.location).text


@pytest.mark.usefixtures("received")
def test_htmx_gets_the_part_that_waits(ana: FlaskClient) -> None:
    asked = send(ana, REPORTS, list="received_not_credited")
    part = ana.get(asked.location, headers={"HX-Request": "true"}).text

    assert part.lstrip().startswith('<section id="report" hx-get=')
    assert "<html" not in part


@pytest.mark.usefixtures("received")
def test_the_link_of_a_day_leads_to_the_list_that_was_made_last(ana: FlaskClient, scene: Scene) -> None:
    send(ana, REPORTS, list="received_not_credited", at="2999-12-31")
    make_next(scene.outside)

    assert "To be accrued: 10.89 EUR" in ana.get(f"{RECEIVED}?at=2999-12-31").text
    other = ana.get(f"{RECEIVED}?at=2999-11-30").text
    assert "no list was made yet" in other
    assert "Lists that were asked for" in other


@pytest.mark.usefixtures("received")
def test_the_list_is_had_as_a_file(ana: FlaskClient, scene: Scene) -> None:
    asked = send(ana, REPORTS, list="received_not_credited", at="2999-12-31", store="es")
    assert ana.get(f"{asked.location}/file").status_code == 404
    make_next(scene.outside)
    answer = ana.get(f"{asked.location}/file")

    told = 'attachment; filename="received_not_credited-es-2999-12-31.csv"'
    assert answer.headers["Content-Disposition"] == told
    head, line = answer.text.splitlines()
    assert head == "\ufeffStore,Return,Order,SKU,Units,Amount,Currency,Since,Reason,Detail"
    assert line.startswith("es,r1,")
    spanish = ana.get(f"{asked.location}/file", headers={"Accept-Language": "es"})
    names = "\ufeffTienda,Devolución,Pedido,SKU,Unidades,Importe,Moneda,Desde,Motivo,Detalle"
    assert spanish.text == answer.text.replace(head, names)


def test_a_list_that_could_not_be_made_says_why(ana: FlaskClient) -> None:
    asked = send(ana, REPORTS, list="credited_not_received")
    with transaction() as session:
        session.execute(update(ReportRow).values(finished_at=utc_now(), error=GIVEN_UP))

    assert "Three workers began it" in ana.get(asked.location).text
    assert "Tres procesos" in ana.get(asked.location, headers={"Accept-Language": "es"}).text


def test_what_is_no_list_is_refused(ana: FlaskClient) -> None:
    assert send(ana, REPORTS, list="strange").status_code == 400
    assert ana.get(f"{REPORTS}/7").status_code == 404
    assert ana.get(f"{REPORTS}/7/file").status_code == 404


@pytest.mark.usefixtures("received")
def test_what_was_credited_is_summed_by_store(ana: FlaskClient, scene: Scene) -> None:
    assert "Credited:" not in ana.get(f"{CREDITED}?at=2999-12-31").text
    scene.accept("r1")
    scene.work()

    assert "Credited: 10.89 EUR" in ana.get(f"{CREDITED}?since=2020-01-01&at=2999-12-31&as=page").text
    assert "No credit memo" in ana.get(f"{CREDITED}?at=2020-01-31&as=page").text
    assert "Write the day as" in ana.get(f"{CREDITED}?since=soon&at=2020-01-31&as=page").text


def test_a_day_that_is_none_is_told(ana: FlaskClient) -> None:
    assert "Write the day as" in ana.get(f"{RECEIVED}?at=soon").text
    send(ana, REPORTS, list="received_not_credited", at="soon", back=RECEIVED)
    assert "Write the day as" in ana.get(RECEIVED).text


def test_the_books_are_not_for_every_team(visitor: FlaskClient) -> None:
    a_person("ben", Role.OPERATOR, [Team.CX])
    sign_in(visitor, "ben")
    number = ask(PeriodEndList.RECEIVED_NOT_CREDITED, None, None, "ana")
    for address in (RECEIVED, f"{REPORTS}/{number}", f"{REPORTS}/{number}/file"):
        assert visitor.get(address).status_code == 403, address
    assert send(visitor, REPORTS, list="received_not_credited").status_code == 403
