"""Who may do what: one table for the JSON API and the console. How somebody proved who they are is not known here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.domain.blockers import Team


class Permission(StrEnum):
    """Something that one may do. Each route of the API names one, and its OpenAPI shows it as ``x-permission``."""

    READ_RETURNS = "read_returns"
    """Returns, documents and their history; nothing personal."""
    READ_EXCEPTIONS = "read_exceptions"
    READ_FIGURES = "read_figures"
    """Windows, batches, counts, health, metrics."""
    READ_MAPPINGS = "read_mappings"
    READ_BOOKS = "read_books"
    """The lists of a period's end, with their sums."""
    READ_PERSONAL = "read_personal"
    """Raw events and customers' data."""
    HANDLE_EXCEPTIONS = "handle_exceptions"
    """Retry, resolve, assign, snooze, comment: exceptions of one's own teams."""
    MAP_SKU = "map_sku"
    MAP_CODE = "map_code"
    """Add a reason, grade, destination or status that nobody mapped, where an exception of one's own team asks."""
    RELEASE_CREDIT = "release_credit"
    """Have units credited that the rules would not credit by themselves; change what changes money."""
    POST_WINDOW = "post_window"
    RECEIVE_GOODS = "receive_goods"
    EDIT_MAPPINGS = "edit_mappings"
    APPROVE = "approve"
    """Be the second person for what changes money."""
    MANAGE_PEOPLE = "manage_people"
    """Accounts, tokens, the erasure of a customer."""


class Role(StrEnum):
    """What somebody is. `operator` and `approver` act for their teams; `service` is another program."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"
    ADMIN = "admin"
    SERVICE = "service"


_VIEW = frozenset(
    {
        Permission.READ_RETURNS,
        Permission.READ_EXCEPTIONS,
        Permission.READ_FIGURES,
        Permission.READ_MAPPINGS,
    }
)

ROLES: Mapping[Role, frozenset[Permission]] = {
    Role.VIEWER: _VIEW,
    Role.OPERATOR: _VIEW | {Permission.HANDLE_EXCEPTIONS},
    Role.APPROVER: _VIEW | {Permission.HANDLE_EXCEPTIONS, Permission.READ_BOOKS, Permission.APPROVE},
    Role.ADMIN: frozenset(Permission),
    Role.SERVICE: frozenset({Permission.READ_RETURNS, Permission.READ_FIGURES}),
}
"""What a role may do, whatever its teams."""

TEAMS: Mapping[Team, frozenset[Permission]] = {
    Team.MERCHANDISING: frozenset({Permission.MAP_SKU, Permission.MAP_CODE}),
    Team.FINANCE: frozenset({Permission.READ_BOOKS, Permission.RELEASE_CREDIT, Permission.POST_WINDOW}),
    Team.CX: frozenset({Permission.READ_PERSONAL}),
    Team.LOGISTICS: frozenset({Permission.RECEIVE_GOODS, Permission.MAP_CODE}),
    Team.INTEGRATION: frozenset({Permission.MAP_SKU, Permission.MAP_CODE, Permission.EDIT_MAPPINGS}),
}
"""What operators and approvers of a team may do beside it."""

OF_TEAMS = frozenset({Role.OPERATOR, Role.APPROVER})
"""The roles that act for teams: an operator has at least one, an approver may have none."""


def permissions_of(role: Role, teams: frozenset[Team] = frozenset()) -> frozenset[Permission]:
    """All that a role may do in these teams; teams of a role that has none count for nothing."""
    own = ROLES[role]
    return own.union(*(TEAMS[team] for team in teams)) if role in OF_TEAMS else own


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who proved who they are. `name` is what the history says: a person's, or ``token NAME``."""

    name: str
    role: Role
    teams: frozenset[Team] = frozenset()

    def may(self, permission: Permission) -> bool:
        """Whether they may do this at all."""
        return permission in permissions_of(self.role, self.teams)

    def acts_for(self, team: Team) -> bool:
        """Whether an exception of this team is theirs to handle."""
        return self.role is Role.ADMIN or (self.role in OF_TEAMS and team in self.teams)

    def signing(self, person: str | None) -> str:
        """What the history calls them; `person` is whom a program says it acts for, which only the program vouches."""
        return f"{person} ({self.name})" if person else self.name
