"""What the history says, in front of people: what happened, its details, and how an exception ended."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.blockers import Code
from app.services.ledger.planning import CAUSE_GONE
from app.web.console.language import N_, gettext
from app.web.console.names import action_name, code_name, kind_name

HAPPENINGS: Mapping[str, str] = {
    "return known": N_("return known"),
    "return changed": N_("return changed"),
    "receipt": N_("receipt"),
    "regrade": N_("regrade"),
    "due": N_("due"),
    "posted": N_("posted"),
    "withdrawn": N_("withdrawn"),
    "refused": N_("refused"),
    "not found": N_("not found"),
    "not found, to be sent again": N_("not found, to be sent again"),
    "found in BlueCherry": N_("found in BlueCherry"),
    "to be tried again": N_("to be tried again"),
    "tries used up": N_("tries used up"),
    "exception opened": N_("exception opened"),
    "exception closed": N_("exception closed"),
    "retry": N_("tried again"),
    "resolved": N_("written off"),
    "assigned": N_("assigned"),
    "snoozed": N_("snoozed"),
    "sku mapped": N_("SKU mapped"),
    "approval asked for": N_("approval asked for"),
    "approval approved": N_("approval given"),
    "approval refused": N_("approval refused"),
    "approval withdrawn": N_("approval taken back"),
    "personal data erased": N_("personal data erased"),
}
_DECIDED = "decided: "
"""What stands before an action that a person decided on."""
_ACTIONS = {"order": "choose_order", "quantity": "correct_quantity"}
DETAILS: Mapping[str, str] = {
    "status": N_("status"),
    "site": N_("site"),
    "units": N_("units"),
    "receipt": N_("receipt"),
    "order": N_("order"),
    "number": N_("number"),
    "why": N_("why"),
    "message": N_("message"),
    "code": N_("code"),
    "note": N_("note"),
    "value": N_("value"),
    "to": N_("to"),
    "action": N_("action"),
    "approval": N_("approval"),
    "store": N_("store"),
    "sku": N_("SKU"),
    "target": N_("means"),
    "was": N_("before"),
    "kind": N_("kind"),
}
ENDS: Mapping[str, str] = {
    CAUSE_GONE: N_("by itself, because its cause is gone"),
    "the books agree again": N_("by itself, because the books agree again"),
    "its return is known now": N_("by itself, because its return is known now"),
    "its return was taken in": N_("by itself, because its return was taken in"),
    "it was taken in": N_("by itself, because it was taken in"),
    "its receipt is known again": N_("by itself, because its receipt is known again"),
}
_BY = {"resolved by ": N_("written off by %(who)s"), "retried by ": N_("tried again by %(who)s")}
_APPROVED = ", approved by "


def happening(what: str) -> str:
    """What the history calls something that happened."""
    if what.startswith(_DECIDED):
        action = what.removeprefix(_DECIDED)
        return gettext("decided: %(action)s", action=action_name(_ACTIONS.get(action, action)))
    return gettext(HAPPENINGS.get(what, what))


def details(detail: Mapping[str, object]) -> str:
    """What the history has beside it, in one line."""
    return ", ".join(f"{gettext(DETAILS.get(name, name))} {_value(name, value)}" for name, value in detail.items())


def closed_how(closed_by: str | None) -> str:
    """How an exception ended: by itself, which is said plainly, or by whom."""
    if not closed_by:
        return "–"
    for prefix, words in _BY.items():
        if closed_by.startswith(prefix):
            asked, _, approved = closed_by.removeprefix(prefix).partition(_APPROVED)
            done = gettext(words, who=asked)
            return gettext("%(done)s, approved by %(who)s", done=done, who=approved) if approved else done
    return gettext(ENDS.get(closed_by, closed_by))


def _value(name: str, value: object) -> str:
    text = str(value)
    if name == "code" and text in list(Code):
        return code_name(text)
    return action_name(text) if name == "action" else kind_name(text) if name == "kind" else text
