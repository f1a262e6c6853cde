"""What codes, teams, kinds and states are called in front of people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.domain.blockers import Code, Team
from app.permissions import Role
from app.web.console.language import N_, gettext

CODES: Mapping[str, str] = {
    Code.UNKNOWN_SKU: N_("Unknown SKU"),
    Code.INACTIVE_SKU: N_("Inactive SKU"),
    Code.SKU_NOT_ON_ORDER: N_("SKU is not on the order"),
    Code.UNKNOWN_ORDER: N_("Unknown order"),
    Code.ORDER_AMBIGUOUS: N_("Several orders could be meant"),
    Code.OVER_RETURN: N_("More returned than was sold"),
    Code.UNMAPPED_SITE: N_("Site without a location"),
    Code.UNMAPPED_REASON: N_("Reason without a code"),
    Code.UNMAPPED_GRADE: N_("Grade without a place"),
    Code.UNKNOWN_STATUS: N_("Unknown status"),
    Code.OVER_RECEIPT: N_("More received than announced"),
    Code.FOREIGN_GOODS: N_("Goods of another return"),
    Code.RECEIPT_WITHOUT_RETURN: N_("Receipt without a return"),
    Code.NOT_RECEIVED: N_("Goods never came"),
    Code.REFUNDED_REJECTED: N_("Refunded, then rejected"),
    Code.ORDER_NOT_INVOICED: N_("Order is not invoiced"),
    Code.ALREADY_CREDITED: N_("Credited already"),
    Code.RETURN_CHANGED: N_("Return was changed"),
    Code.VERDICT_CONFLICT: N_("Verdicts differ"),
    Code.REFUND_MISMATCH: N_("Refund and memo differ"),
    Code.PERIOD_CLOSED: N_("Posting period is closed"),
    Code.EXCHANGE_FAILED: N_("Exchange failed"),
    Code.EXCHANGE_SHIPPED: N_("Exchange has left"),
    Code.EXCHANGE_CHAIN: N_("Exchange of an exchange"),
    Code.REFUSED: N_("BlueCherry refused"),
    Code.TRIES_USED_UP: N_("Tries are used up"),
    Code.UNREADABLE_EVENT: N_("Unreadable event"),
    Code.TASK_LOST: N_("Task was lost"),
    Code.BOOKS_DIFFER: N_("Books differ"),
    Code.RECEIPT_LOST: N_("Receipt lost"),
}
TEAMS: Mapping[str, str] = {
    Team.MERCHANDISING: N_("Merchandising"),
    Team.FINANCE: N_("Finance"),
    Team.CX: N_("CX"),
    Team.LOGISTICS: N_("Logistics"),
    Team.INTEGRATION: N_("Integration"),
}


ROLES: Mapping[str, str] = {
    Role.VIEWER: N_("Viewer"),
    Role.OPERATOR: N_("Operator"),
    Role.APPROVER: N_("Approver"),
    Role.ADMIN: N_("Admin"),
}


def code_name(code: str) -> str:
    """What an exception's code is called."""
    return gettext(CODES.get(code, code))


def role_name(role: str) -> str:
    """What a role is called."""
    return gettext(ROLES.get(role, role))


def team_names(teams: Iterable[str]) -> str:
    """What teams are called, in one line."""
    return ", ".join(sorted(team_name(team) for team in teams))


def team_name(team: str) -> str:
    """What a team is called."""
    return gettext(TEAMS.get(team, team))
