"""What documents, batches and the moments of a return are called in front of people, and why a document is due."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.documents import Document, State
from app.domain.policy import Kind
from app.web.console.language import N_, gettext

DOCUMENTS: Mapping[str, str] = {
    Kind.RETURN_AUTHORISATION: N_("Return authorisation"),
    Kind.INVENTORY_JOURNAL: N_("Inventory journal"),
    Kind.CREDIT_MEMO: N_("Credit memo"),
    Kind.EXCHANGE_ORDER: N_("Exchange order"),
    Kind.RA_CANCEL: N_("Cancellation of the authorisation"),
    Kind.RA_CLOSE: N_("Closing of the authorisation"),
    Kind.ORDER_CANCEL: N_("Cancellation of the exchange order"),
    Kind.VERDICT: N_("Verdict to Reveni"),
}
WHY: Mapping[str, str] = {
    Kind.RETURN_AUTHORISATION: N_("The customer announced these goods on order %(order)s."),
    Kind.INVENTORY_JOURNAL: N_("Goods arrived, or their grade changed: %(source)s."),
    Kind.CREDIT_MEMO: N_("These units of order %(order)s are received and accepted, or released by a person."),
    Kind.EXCHANGE_ORDER: N_("The exchange is confirmed."),
    Kind.RA_CANCEL: N_("The return changed or was called off before any goods came."),
    Kind.RA_CLOSE: N_("Nobody expects the missing goods any more."),
    Kind.ORDER_CANCEL: N_("The exchange was called off."),
    Kind.VERDICT: N_("The warehouse judges in this store, and has graded the goods."),
}
"""Why a document of a kind is due: the rule of `documents_due` in one sentence."""
DOCUMENT_STATES: Mapping[str, str] = {
    State.DUE: N_("due"),
    State.SENDING: N_("being sent"),
    State.POSTED: N_("posted"),
    State.DOUBTFUL: N_("in doubt"),
    State.REFUSED: N_("refused"),
    State.WITHDRAWN: N_("withdrawn"),
}
BATCH_STATES: Mapping[str, str] = {
    "sending": N_("being sent"),
    "queued": N_("acknowledged"),
    "doubtful": N_("in doubt"),
    "done": N_("done"),
    "refused": N_("refused"),
}
MOMENTS: Mapping[str, str] = {
    "event": N_("event"),
    "told": N_("Reveni says"),
    "step": N_("bridge"),
    "person": N_("person"),
    "comment": N_("comment"),
}
_GOOD = frozenset({"settled", State.POSTED})
_BAD = frozenset({"held", State.REFUSED, State.DOUBTFUL})


def document_name(kind: str) -> str:
    """What one document of a kind is called."""
    return gettext(DOCUMENTS.get(kind, kind))


def why_due(document: Document) -> str:
    """Why a document is due, in one sentence."""
    return gettext(WHY[document.kind], order=document.ord_num, source=document.source or "–")


def document_state(state: str) -> str:
    """What the state of a document is called."""
    return gettext(DOCUMENT_STATES.get(state, state))


def batch_state(state: str) -> str:
    """What the state of a batch is called."""
    return gettext(BATCH_STATES.get(state, state))


def moment_sort(sort: str) -> str:
    """What a sort of moments in a return's time is called."""
    return gettext(MOMENTS.get(sort, sort))


def state_kind(state: str) -> str:
    """The colour of a state's badge."""
    return "good" if state in _GOOD else "bad" if state in _BAD else "busy"
