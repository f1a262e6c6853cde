"""The staff of demo and chaos: an account per role, with one password that is made anew for each directory."""

from __future__ import annotations

import os
from unittest.mock import patch

from app.domain.blockers import Team
from app.permissions import Role
from app.services.access.people import add_person, change_password, list_people
from app.system.bridge import System

STAFF = {
    "viewer": (Role.VIEWER, ()),
    "finance": (Role.OPERATOR, (Team.FINANCE,)),
    "merchandising": (Role.OPERATOR, (Team.MERCHANDISING,)),
    "logistics": (Role.OPERATOR, (Team.LOGISTICS,)),
    "cx": (Role.OPERATOR, (Team.CX,)),
    "integration": (Role.OPERATOR, (Team.INTEGRATION,)),
    "approver": (Role.APPROVER, (Team.FINANCE,)),
    "admin": (Role.ADMIN, ()),
}
"""Who works in the demo's console, by login."""


def make_staff(system: System) -> str:
    """Make the accounts in a running system's database, or give those that are there this password; the password."""
    password = system.directory.secret("staff")
    with patch.dict(os.environ, {"DATABASE_URL": system.urls.database}):
        there = {person.login for person in list_people()}
        for login, (role, teams) in STAFF.items():
            if login in there:
                change_password(login, password)
            else:
                add_person(login, login.capitalize(), role, teams, password)
    return password
