from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app.domain.blockers import Team
from app.permissions import Role
from app.services.access.acts import list_acts
from app.services.access.people import list_people
from app.web.console.frame import OPEN, UNNOTED
from app.web.console.happenings import ACTS
from tests.support.console import PASSWORD, a_person, send, sign_in


def _others(client: FlaskClient) -> FlaskClient:
    """Another browser on the same console."""
    return client.application.test_client()


def test_an_admin_adds_somebody_who_can_sign_in_then(ana: FlaskClient) -> None:
    answer = send(ana, "/console/people", login="Ben", name="Ben", role="operator", teams=["cx"], password=PASSWORD)

    assert answer.status_code == 302
    (ben,) = (each for each in list_people() if each.login == "ben")
    assert (ben.role, ben.teams) == (Role.OPERATOR, frozenset({Team.CX}))
    assert sign_in(_others(ana), "ben").status_code == 302


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"login": "ana"}, "already"),
        ({"login": "a b"}, "cannot be a login"),
        ({"password": "short"}, "at least 12"),
        ({"role": "king"}, "no such role"),
        ({"role": "operator"}, "name at least one"),
        ({"role": "service"}, "other programs"),
    ],
)
def test_an_account_that_cannot_be_made_is_explained(ana: FlaskClient, form: dict[str, str], why: str) -> None:
    answer = send(ana, "/console/people", **({"login": "ben", "role": "viewer", "password": PASSWORD} | form))

    assert (answer.status_code, why in answer.text) == (422, True)
    assert len(list_people()) == 1


def test_a_role_holds_from_the_next_request(ana: FlaskClient) -> None:
    a_person("ben", Role.ADMIN)
    ben = _others(ana)
    sign_in(ben, "ben")
    assert ben.get("/console/people").status_code == 200

    send(ana, "/console/people/ben/role", role="viewer")

    answer = ben.get("/console/people")
    assert (answer.status_code, "do not allow" in answer.text) == (403, True)
    assert "People" not in ben.get("/console/exceptions").text


def test_the_last_admin_stays_one(ana: FlaskClient) -> None:
    assert "last admin" in send(ana, "/console/people/ana/role", role="viewer").text
    assert "last admin" in send(ana, "/console/people/ana/active", active="no").text
    assert ana.get("/console/people").status_code == 200


def test_who_is_let_in_no_more_is_out_at_once(ana: FlaskClient) -> None:
    a_person("ben", Role.VIEWER)
    ben = _others(ana)
    sign_in(ben, "ben")

    send(ana, "/console/people/ben/active", active="no")

    assert ben.get("/console/exceptions").status_code == 302
    assert sign_in(ben, "ben").status_code == 401


def test_a_new_password_ends_the_sessions_of_the_old_one(ana: FlaskClient) -> None:
    a_person("ben", Role.VIEWER)
    ben = _others(ana)
    sign_in(ben, "ben")

    send(ana, "/console/people/ben/password", password="another horse battery")

    assert ben.get("/console/exceptions").status_code == 302
    assert sign_in(ben, "ben", "another horse battery").status_code == 302


def test_ones_own_password_wants_the_old_one(ana: FlaskClient) -> None:
    wrong = send(ana, "/console/me/password", old_password="wrong", password="another horse battery")
    assert (wrong.status_code, "another one" in wrong.text) == (422, True)
    assert send(ana, "/console/me/password", old_password=PASSWORD, password="short").status_code == 422

    right = send(ana, "/console/me/password", old_password=PASSWORD, password="another horse battery")

    assert right.location == "/console/sign-in"
    assert sign_in(ana, password="another horse battery").status_code == 302


def test_signing_out_everywhere_is_everywhere(ana: FlaskClient) -> None:
    second = _others(ana)
    sign_in(second)

    send(ana, "/console/me/sign-out-everywhere")

    assert ana.get("/console/exceptions").status_code == second.get("/console/exceptions").status_code == 302


def test_what_was_done_is_kept_with_who_and_without_secrets(ana: FlaskClient) -> None:
    send(ana, "/console/people", login="ben", role="viewer", password=PASSWORD)
    ben = _others(ana)
    sign_in(ben, "ben")
    send(ben, "/console/people/ana/active", active="no")

    acts = [(act.by, act.what, act.on, act.detail.get("answer")) for act in list_acts().rows]

    assert acts == [
        ("ben", "set active", "/console/people/ana/active", 403),
        ("ben", "sign in", None, None),
        ("ana", "add person", "/console/people", 302),
        ("ana", "sign in", None, None),
    ]
    page = ana.get("/console/people/acts").text
    assert "/console/people/ana/active" in page
    assert PASSWORD not in page
    assert [act.by for act in list_acts("ana").rows] == ["ana", "ana"]


def test_whatever_can_be_done_has_words_in_the_list_of_acts(ana: FlaskClient) -> None:
    taken = {
        rule.endpoint.removeprefix("console.").replace("_", " ")
        for rule in ana.application.url_map.iter_rules()
        if rule.endpoint.startswith("console.") and "POST" in (rule.methods or ())
        if rule.endpoint not in OPEN | UNNOTED | {"console.nowhere"}
    }
    assert len(taken) > 10
    assert taken - ACTS.keys() == set()
    send(ana, "/console/preferences", language="es")
    assert "<td>entrar</td>" in ana.get("/console/people/acts").text


def test_a_language_that_was_chosen_follows_the_person(ana: FlaskClient) -> None:
    send(ana, "/console/preferences", language="es")
    second = _others(ana)
    sign_in(second)

    assert "Excepciones" in second.get("/console/exceptions").text
