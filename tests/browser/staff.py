"""Who works in the console of these tests, by login."""

from __future__ import annotations

from app.domain.blockers import Team
from app.permissions import Role

STAFF: dict[str, tuple[Role, tuple[Team, ...]]] = {
    "viewer": (Role.VIEWER, ()),
    "merch": (Role.OPERATOR, (Team.MERCHANDISING,)),
    "finance": (Role.OPERATOR, (Team.FINANCE,)),
    "cx": (Role.OPERATOR, (Team.CX,)),
    "logistics": (Role.OPERATOR, (Team.LOGISTICS,)),
    "approver": (Role.APPROVER, ()),
    "admin": (Role.ADMIN, ()),
}
