"""What the history says, in front of people: what happened, its details, and how an exception ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.services.ledger.planning import CAUSE_GONE
from app.web.console.language import N_, gettext
from app.web.console.names import action_name, code_name, kind_name, role_name, team_name

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
ACTS: Mapping[str, str] = {
    "act": N_("act on exceptions"),
    "add person": N_("add somebody"),
    "ask for report": N_("ask for a list"),
    "change my password": N_("change one's own password"),
    "change password": N_("change a password"),
    "change persons password": N_("change a password"),
    "change role": N_("change a role"),
    "check mapping": N_("check a mapping"),
    "comment on": N_("comment on an exception"),
    "decide": N_("decide on an approval"),
    "find returns": N_("search returns"),
    "hold window": N_("hold windows"),
    "map code": N_("add to the mapping"),
    "map sku": N_("map a SKU"),
    "mapping edited": N_("mapping edited"),
    "post window": N_("post a window now"),
    "read raw events": N_("read raw events"),
    "receive goods": N_("receive goods"),
    "release window": N_("release windows"),
    "remove person": N_("let somebody in no more"),
    "revert mapping": N_("revert a mapping"),
    "save mapping": N_("save a mapping"),
    "set active": N_("let somebody in, or no more"),
    "sign in": N_("sign in"),
    "sign off": N_("sign off"),
    "sign out": N_("sign out"),
    "sign out everywhere": N_("sign out everywhere"),
    "token added": N_("token added"),
    "token revoked": N_("token revoked"),
    "window posted now": N_("window posted now"),
    "windows held": N_("windows held"),
    "windows released": N_("windows released"),
}
"""What people did, by the endpoint that took it or the word that a service has for it."""
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
    "active": N_("may sign in"),
    "answer": N_("answer"),
    "assignee": N_("assigned to"),
    "cause": N_("cause"),
    "day": N_("day"),
    "documents": N_("documents"),
    "id": N_("number"),
    "ids": N_("numbers"),
    "login": N_("login"),
    "mapping": N_("mapping"),
    "point": N_("point"),
    "quantity": N_("units"),
    "reason": N_("reason"),
    "release": N_("release"),
    "returns": N_("returns"),
    "role": N_("role"),
    "tag": N_("tag"),
    "team": N_("team"),
    "teams": N_("teams"),
    "until": N_("until"),
}
ENDS: Mapping[str, str] = {
    CAUSE_GONE: N_("by itself, because its cause is gone"),
    "the books agree again": N_("by itself, because the books agree again"),
    "the row can be read again": N_("by itself, because the row can be read again"),
    "its return is known now": N_("by itself, because its return is known now"),
    "its return was taken in": N_("by itself, because its return was taken in"),
    "it was taken in": N_("by itself, because it was taken in"),
    "its receipt is known again": N_("by itself, because its receipt is known again"),
}
_BY = {"resolved by ": N_("written off by %(who)s"), "retried by ": N_("tried again by %(who)s")}
_APPROVED = ", approved by "
_NAMED: Mapping[str, Callable[[str], str]] = {
    "action": action_name,
    "code": code_name,
    "kind": kind_name,
    "role": role_name,
    "team": team_name,
}
"""Details whose values have names of their own; a value without one stands as it is."""


def happening(what: str) -> str:
    """What the history calls something that happened."""
    if what.startswith(_DECIDED):
        action = what.removeprefix(_DECIDED)
        return gettext("decided: %(action)s", action=action_name(_ACTIONS.get(action, action)))
    return gettext(HAPPENINGS.get(what, what))


def act_name(what: str) -> str:
    """What somebody did."""
    return gettext(ACTS[what]) if what in ACTS else happening(what)


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
    named = _NAMED.get(name)
    return text if named is None else named(text)
