"""Every route is behind the gate or in a blueprint that is open by name; each role gets through to just its own."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.domain.blockers import Team
from app.permissions import OF_TEAMS, Permission, Role, permissions_of
from app.services.access.tokens import add_token, revoke_token
from tests.support.rows import exception_row, return_row, saved
from tests.support.web import json_of

GUARDED = {"api", "metrics"}
SIGNED_OR_OPEN = {"webhooks", "health", "console"}
"""Blueprints whose routes need no token. One that is new has a gate and a test of its own, and is named here then."""
ACTORS = sorted({(role, (team,) if role in OF_TEAMS else ()) for role in Role for team in Team})
_PLACEHOLDER = re.compile(r"[<{](?:\w+:)?(\w+)[>}]")


def _path(pattern: str) -> str:
    """A path that fits a pattern of Flask or OpenAPI."""
    return _PLACEHOLDER.sub(lambda found: "1" if found[1] == "number" else found[1], pattern)


def _routes(client: FlaskClient) -> set[tuple[str, str]]:
    """Method and path of every guarded route; the API's own description is open."""
    rules = [rule for rule in client.application.url_map.iter_rules() if rule.endpoint.split(".")[0] in GUARDED]
    return {
        (method, _path(rule.rule))
        for rule in rules
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint != "api.openapi"
    }


def _described(client: FlaskClient) -> dict[tuple[str, str], Permission]:
    """The permission of each route, as the OpenAPI tells it."""
    paths: dict[str, dict[str, Any]] = json_of(client.get("/api/openapi.json"))["paths"]
    return {
        (method.upper(), _path(path)): Permission(operation["x-permission"])
        for path, operations in paths.items()
        for method, operation in operations.items()
        if "x-permission" in operation
    }


def test_every_blueprint_is_known_to_be_guarded_or_not(client: FlaskClient) -> None:
    assert set(client.application.blueprints) == GUARDED | SIGNED_OR_OPEN


def test_no_route_is_without_a_permission(client: FlaskClient) -> None:
    assert _routes(client) == set(_described(client))


def test_no_route_answers_without_a_token(client: FlaskClient) -> None:
    answers = {route: client.open(route[1], method=route[0], json={}).status_code for route in _routes(client)}

    assert len(answers) > 15
    assert set(answers.values()) == {401}


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(("role", "teams"), ACTORS)
def test_a_role_gets_through_to_just_what_it_may(client: FlaskClient, role: Role, teams: tuple[Team, ...]) -> None:
    token = add_token("t", role, teams, "ann", None).reveal()
    headers = {"Authorization": f"Bearer {token}"}
    mine = permissions_of(role, frozenset(teams))

    refused = {
        route
        for route in _routes(client)
        if client.open(route[1], method=route[0], json={}, headers=headers).status_code == 403
    }

    assert refused == {route for route, permission in _described(client).items() if permission not in mine}


def test_a_refusal_names_token_role_and_permission(client: FlaskClient) -> None:
    token = add_token("wall", Role.SERVICE, (), "ann", None).reveal()

    answer = client.get("/api/exceptions", headers={"Authorization": f"Bearer {token}"})

    assert (answer.status_code, json_of(answer)["error"]["code"]) == (403, "FORBIDDEN")
    assert json_of(answer)["error"]["message"] == "token wall has the role service, without read_exceptions"
    assert token not in answer.text


def test_a_revoked_token_is_refused_at_once(client: FlaskClient) -> None:
    token = add_token("wall", Role.VIEWER, (), "ann", None).reveal()
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/exceptions", headers=headers).status_code == 200

    revoke_token("wall", "ann")

    assert client.get("/api/exceptions", headers=headers).status_code == 401


def test_an_exception_of_another_team_is_not_ones_own_to_handle(client: FlaskClient) -> None:
    """The token of CX may handle exceptions, but not merchandising's, neither by number nor by cause."""
    number = saved(exception_row(return_pk=saved(return_row()), return_id="r1"))
    token = add_token("cx", Role.OPERATOR, (Team.CX,), "ann", None).reveal()
    headers = {"Authorization": f"Bearer {token}"}

    for body in ({"ids": [number]}, {"code": "unknown_sku", "cause": "es:0012"}):
        for call in ("retry", "resolve"):
            answer = client.post(f"/api/exceptions/{call}", json=body, headers=headers)
            assert (answer.status_code, json_of(answer)["error"]["message"]) == (
                403,
                "token cx does not act for merchandising",
            )
    assert json_of(client.get(f"/api/exceptions/{number}", headers=headers))["closed_at"] is None


def test_only_finance_releases_a_credit(client: FlaskClient) -> None:
    token = add_token("cx", Role.OPERATOR, (Team.CX,), "ann", None).reveal()

    answer = client.post(
        "/api/exceptions/resolve", json={"ids": [1], "release": True}, headers={"Authorization": f"Bearer {token}"}
    )

    assert answer.status_code == 403
    assert "release_credit" in json_of(answer)["error"]["message"]


def test_what_is_done_is_signed_by_the_token(client: FlaskClient) -> None:
    first, second = (
        saved(exception_row(return_pk=saved(return_row(each)), return_id=each, amount=Decimal(0)))
        for each in ("r1", "r2")
    )
    token = add_token("desk", Role.OPERATOR, (Team.MERCHANDISING,), "ann", None).reveal()
    headers = {"Authorization": f"Bearer {token}"}

    client.post("/api/exceptions/resolve", json={"ids": [first], "by": "ana"}, headers=headers)
    client.post("/api/exceptions/resolve", json={"ids": [second]}, headers=headers)

    closed = [json_of(client.get(f"/api/exceptions/{each}", headers=headers))["closed_by"] for each in (first, second)]
    assert closed == ["resolved by ana (token desk)", "resolved by token desk"]


@pytest.mark.usefixtures("configured")
def test_finance_reads_the_books_and_others_do_not(client: FlaskClient) -> None:
    token = add_token("finance", Role.OPERATOR, (Team.FINANCE,), "ann", None).reveal()
    headers = {"Authorization": f"Bearer {token}"}

    assert json_of(client.get("/api/books/received-not-credited?at=2026-11-30", headers=headers)) == {
        "lines": [],
        "sums": [],
    }
    wrong = client.get("/api/books/credited-not-received?store=xx", headers=headers)
    assert (wrong.status_code, json_of(wrong)["error"]["field"]) == (404, "store")
