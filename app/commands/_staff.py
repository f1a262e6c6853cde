"""The staff of the demo: an account per role, with one password that is made anew for each demo directory."""

from __future__ import annotations

import os
from unittest.mock import patch

from app.domain.blockers import Team
from app.permissions import Role
from app.services.access.people import PersonProblem, add_person
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
    """Make the accounts in a running system's database; their password."""
    password = system.directory.secret("staff")
    with patch.dict(os.environ, {"DATABASE_URL": system.urls.database}):
        for login, (role, teams) in STAFF.items():
            try:
                add_person(login, login.capitalize(), role, teams, password)
            except PersonProblem:
                continue  # a demo on a database of one's own: they are there already
    return password
