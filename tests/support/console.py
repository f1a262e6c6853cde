"""A person in front of the console, for tests that need no browser."""

from __future__ import annotations

import re
from collections.abc import Collection

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.domain.blockers import Team
from app.permissions import Role
from app.services.access.people import Person, add_person

PASSWORD = "correct horse battery"
_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


def a_person(
    login: str = "ana", role: Role = Role.ADMIN, teams: Collection[Team] = (), name: str = "Ana López"
) -> Person:
    """An account with PASSWORD."""
    return add_person(login, name, role, teams, PASSWORD)


def csrf_token(client: FlaskClient, path: str = "/console/sign-in") -> str:
    """The token that the forms of a page bear."""
    found = _CSRF.search(client.get(path).text)
    assert found is not None
    return found[1]


def sign_in(client: FlaskClient, login: str = "ana", password: str = PASSWORD, **form: str) -> TestResponse:
    """Send the sign-in form."""
    fields = {"login": login, "password": password, "csrf_token": csrf_token(client), **form}
    return client.post("/console/sign-in", data=fields)


def send(client: FlaskClient, path: str, **form: str | list[str]) -> TestResponse:
    """Send a form of the console as somebody who is signed in."""
    return client.post(path, data={**form, "csrf_token": csrf_token(client)})
