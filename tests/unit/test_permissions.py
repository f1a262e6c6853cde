from __future__ import annotations

import pytest

from app.domain.blockers import Team
from app.permissions import ROLES, TEAMS, Actor, Permission, Role, permissions_of


def test_every_role_and_team_stands_in_the_table() -> None:
    assert set(ROLES) == set(Role)
    assert set(TEAMS) == set(Team)


def test_every_permission_is_somebodys_beside_the_admins() -> None:
    granted = [ROLES[role] for role in Role if role is not Role.ADMIN]
    others = frozenset[Permission]().union(*granted, *TEAMS.values())

    assert ROLES[Role.ADMIN] == set(Permission)
    assert set(Permission) - others == {Permission.MANAGE_PEOPLE}


def test_viewers_and_services_only_read_and_nothing_personal() -> None:
    for role in (Role.VIEWER, Role.SERVICE):
        assert all(permission.startswith("read_") for permission in ROLES[role])
        assert Permission.READ_PERSONAL not in ROLES[role]


@pytest.mark.parametrize(
    ("team", "permission"),
    [
        (Team.FINANCE, Permission.RELEASE_CREDIT),
        (Team.FINANCE, Permission.READ_BOOKS),
        (Team.MERCHANDISING, Permission.MAP_SKU),
        (Team.LOGISTICS, Permission.RECEIVE_GOODS),
    ],
)
def test_an_operators_teams_decide_what_else_they_may(team: Team, permission: Permission) -> None:
    assert Actor("ann", Role.OPERATOR, frozenset({team})).may(permission)
    assert not Actor("ben", Role.OPERATOR, frozenset({Team.CX})).may(permission)
    assert not Actor("viv", Role.VIEWER, frozenset({team})).may(permission)


def test_nobody_but_an_approver_and_an_admin_approves() -> None:
    every_team = frozenset(Team)

    able = {role for role in Role if Permission.APPROVE in permissions_of(role, every_team)}

    assert able == {Role.APPROVER, Role.ADMIN}


def test_exceptions_are_handled_by_their_own_team() -> None:
    ann = Actor("ann", Role.OPERATOR, frozenset({Team.CX}))

    assert ann.acts_for(Team.CX)
    assert not ann.acts_for(Team.FINANCE)
    assert Actor("root", Role.ADMIN).acts_for(Team.FINANCE)
    assert not Actor("viv", Role.VIEWER, frozenset({Team.CX})).acts_for(Team.CX)


def test_a_program_vouches_for_the_person_but_signs_itself() -> None:
    desk = Actor("token desk", Role.OPERATOR, frozenset({Team.CX}))

    assert desk.signing("ana") == "ana (token desk)"
    assert desk.signing(None) == "token desk"
