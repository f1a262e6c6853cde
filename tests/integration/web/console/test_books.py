from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app.domain.blockers import Team
from app.permissions import Role
from tests.support.console import a_person, sign_in
from tests.support.scene import Scene

CREDITED = "/console/books/credit-memos"
RECEIVED = "/console/books/received-not-credited"


@pytest.fixture
def received(scene: Scene, configured: None) -> None:
    """One unit came back and waits to be accepted; the console's process finds the configuration."""
    scene.ask("r1")
    scene.work()
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.work()


@pytest.mark.usefixtures("received")
def test_the_list_is_made_when_it_is_asked_for(ana: FlaskClient) -> None:
    assert "waits for acceptance" not in ana.get(RECEIVED).text

    shown = ana.get(f"{RECEIVED}?as=page").text
    assert "waits for acceptance" in shown
    assert "To be accrued: 10.89 EUR" in shown
    assert 'href="/console/returns/es/r1"' in shown
    assert "Nothing: both sides agree." in ana.get(f"{RECEIVED}?as=page&at=2020-01-01").text


@pytest.mark.usefixtures("received")
def test_the_list_is_had_as_a_file(ana: FlaskClient) -> None:
    answer = ana.get(f"{RECEIVED}?as=csv&at=2999-12-31")

    assert answer.headers["Content-Disposition"] == 'attachment; filename="received_not_credited-2999-12-31.csv"'
    head, line = answer.text.splitlines()
    assert head.startswith("store,return,order,SKU,units")
    assert line.startswith("es,r1,")


@pytest.mark.usefixtures("received")
def test_what_was_credited_is_summed_by_store(ana: FlaskClient, scene: Scene) -> None:
    assert "Credited:" not in ana.get(f"{CREDITED}?at=2999-12-31").text
    scene.accept("r1")
    scene.work()

    assert "Credited: 10.89 EUR" in ana.get(f"{CREDITED}?since=2020-01-01&at=2999-12-31&as=page").text
    assert "No credit memo" in ana.get(f"{CREDITED}?at=2020-01-31&as=page").text
    assert "Write the day as" in ana.get(f"{CREDITED}?since=soon&at=2020-01-31&as=page").text


def test_a_day_that_is_none_is_told(ana: FlaskClient) -> None:
    assert "Write the day as" in ana.get(f"{RECEIVED}?as=page&at=soon").text


def test_the_books_are_not_for_every_team(visitor: FlaskClient) -> None:
    a_person("ben", Role.OPERATOR, [Team.CX])
    sign_in(visitor, "ben")
    assert visitor.get(RECEIVED).status_code == 403
