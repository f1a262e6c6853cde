from __future__ import annotations

from flask.testing import FlaskClient

from app.permissions import Permission
from app.web.console.frame import OPEN
from app.web.console.needs import ANYBODY, needed


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
