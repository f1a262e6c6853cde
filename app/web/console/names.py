"""What codes, teams, kinds and states are called in front of people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.domain.blockers import Code, Team
from app.domain.due import Outlook
from app.domain.period_end import Reason
from app.domain.policy import Kind
from app.domain.sku_nearness import Sign
from app.permissions import Role
from app.services.exceptions.desk_actions import Action
from app.services.exceptions.edit_approvals import EDIT_MAPPING
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
    Code.UNREADABLE_ROW: N_("Unreadable row"),
}
TEAMS: Mapping[str, str] = {
    Team.MERCHANDISING: N_("Merchandising"),
    Team.FINANCE: N_("Finance"),
    Team.CX: N_("CX"),
    Team.LOGISTICS: N_("Logistics"),
    Team.INTEGRATION: N_("Integration"),
}

KINDS: Mapping[str, str] = {
    Kind.RETURN_AUTHORISATION: N_("Return authorisations"),
    Kind.INVENTORY_JOURNAL: N_("Inventory journals"),
    Kind.CREDIT_MEMO: N_("Credit memos"),
    Kind.EXCHANGE_ORDER: N_("Exchange orders"),
}
STATES: Mapping[str, str] = {
    Outlook.WORKING: N_("at work"),
    Outlook.WAITING: N_("waiting"),
    Outlook.HELD: N_("held"),
    Outlook.SETTLED: N_("settled"),
    Outlook.IGNORED: N_("ignored"),
    "new": N_("new"),
}
REASONS: Mapping[str, str] = {
    Reason.CREDITED_LATER: N_("credited later"),
    Reason.WAITS_FOR_WINDOW: N_("waits for its window"),
    Reason.MEMO_UNDER_WAY: N_("memo is under way"),
    Reason.MEMO_REFUSED: N_("memo was refused"),
    Reason.EVEN_EXCHANGE: N_("even exchange: no memo"),
    Reason.REJECTED: N_("rejected: no memo"),
    Reason.NO_VALUE: N_("without value"),
    Reason.EXCEPTION: N_("held by an exception"),
    Reason.DECIDED: N_("decided by a person"),
    Reason.WAITS_FOR_ACCEPTANCE: N_("waits for acceptance"),
    Reason.RECEIVED_LATER: N_("received later"),
    Reason.JOURNAL_UNDER_WAY: N_("journal is under way"),
    Reason.RELEASED: N_("released by a person"),
    Reason.NOT_EXPLAINED: N_("not explained"),
}

ROLES: Mapping[str, str] = {
    Role.VIEWER: N_("Viewer"),
    Role.OPERATOR: N_("Operator"),
    Role.APPROVER: N_("Approver"),
    Role.ADMIN: N_("Admin"),
}


ACTIONS: Mapping[str, str] = {
    Action.RETRY: N_("Retry"),
    Action.RESOLVE: N_("Write off"),
    Action.RELEASE: N_("Release the credit"),
    Action.CHOOSE_ORDER: N_("Pick the sales order"),
    Action.CORRECT_QUANTITY: N_("Correct a quantity"),
    Action.NEXT_PERIOD: N_("Post in the next open period"),
    Action.MAP_CODE: N_("Add it to the mapping"),
    Action.ASSIGN: N_("Assign"),
    Action.SNOOZE: N_("Snooze"),
    Action.TAG: N_("Add the tag"),
    EDIT_MAPPING: N_("Edit the mapping"),
}
ARGUMENTS: Mapping[str, str] = {
    "order": N_("Order"),
    "item": N_("Item"),
    "quantity": N_("Units that come back"),
    "value": N_("Location"),
}
APPROVAL_STATES: Mapping[str, str] = {
    "open": N_("waiting"),
    "approved": N_("approved"),
    "refused": N_("refused"),
    "withdrawn": N_("taken back"),
}
SIGNS: Mapping[str, str] = {
    Sign.SAME_UPC: N_("same UPC"),
    Sign.ON_ORDER: N_("on the order"),
    Sign.SAME_STYLE: N_("same style"),
    Sign.SAME_COLOUR: N_("same colour"),
    Sign.SAME_SIZE: N_("same size"),
    Sign.NEAR: N_("written alike"),
}


def action_name(action: str) -> str:
    """What an action on exceptions is called."""
    return gettext(ACTIONS.get(action, action))


def argument_name(name: str) -> str:
    """What an argument of an action is called."""
    return gettext(ARGUMENTS.get(name, name))


def approval_state(state: str) -> str:
    """What the state of an approval is called."""
    return gettext(APPROVAL_STATES.get(state, state))


def sign_name(sign: str) -> str:
    """What speaks for a suggestion."""
    return gettext(SIGNS.get(sign, sign))


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


def kind_name(kind: str) -> str:
    """What documents of a kind are called."""
    return gettext(KINDS.get(kind, kind))


def state_name(state: str) -> str:
    """What a return's state is called."""
    return gettext(STATES.get(state, state))


def reason_name(reason: str) -> str:
    """Why units are on one side of the books only."""
    return gettext(REASONS.get(reason, reason))
