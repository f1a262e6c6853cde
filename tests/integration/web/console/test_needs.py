from __future__ import annotations

import re

from flask.testing import FlaskClient

from app.domain.blockers import Team
from app.permissions import Permission, Role
from app.web.console.frame import OPEN
from app.web.console.needs import ANYBODY, needed
from tests.support.console import a_person, csrf_token, sign_in


def test_every_page_says_what_it_needs(visitor: FlaskClient) -> None:
    views = {
        name: needed(view)
        for name, view in visitor.application.view_functions.items()
        if name.startswith("console.") and name not in OPEN
    }

    assert len(views) > 3
    assert [name for name, wanted in views.items() if wanted != ANYBODY and not isinstance(wanted, Permission)] == []


def test_nothing_but_signing_in_is_open(visitor: FlaskClient) -> None:
    rules = [rule for rule in visitor.application.url_map.iter_rules() if rule.endpoint.startswith("console.")]
    closed = [rule for rule in rules if rule.endpoint not in OPEN and "<" not in rule.rule]

    answers = {rule.rule: visitor.get(rule.rule).location for rule in closed if "GET" in (rule.methods or set())}

    assert len(answers) >= 2
    assert all((location or "").startswith("/console/sign-in?next=") for location in answers.values())


def test_no_form_is_taken_from_who_lacks_the_permission(visitor: FlaskClient) -> None:
    rules = [rule for rule in visitor.application.url_map.iter_rules() if rule.endpoint.startswith("console.")]
    forms = [rule for rule in rules if "POST" in (rule.methods or ()) and rule.endpoint not in OPEN]
    people: dict[str, tuple[Role, tuple[Team, ...]]] = {"viewer": (Role.VIEWER, ()), "boss": (Role.APPROVER, ())}
    people |= {team.value: (Role.OPERATOR, (team,)) for team in Team}
    taken, refused = [], 0
    for login, (role, teams) in people.items():
        person = a_person(login, role, teams)
        browser = visitor.application.test_client()
        assert sign_in(browser, login).status_code == 302
        token = csrf_token(browser, "/console/me")
        for rule in forms:
            wanted = needed(visitor.application.view_functions[rule.endpoint])
            if wanted is None or wanted == ANYBODY or person.actor.may(Permission(wanted)):
                continue
            address = re.sub("<[^>]+>", "1", rule.rule)
            refused += 1
            if browser.post(address, data={"csrf_token": token}).status_code != 403:
                taken.append((login, address))

    assert (taken, refused > 50) == ([], True)
