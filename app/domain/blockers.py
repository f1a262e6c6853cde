"""Exceptions of the bridge's work: a blocker on a return, with its code, its team, and what it holds up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from app.domain.money import Money
from app.domain.saying import Said


class Side(StrEnum):
    """Whether a difference is one of too much or of too little, for amounts that have no sign."""

    OVER = "over"
    UNDER = "under"


class Team(StrEnum):
    """Who can mend it."""

    MERCHANDISING = "merchandising"
    FINANCE = "finance"
    CX = "cx"
    LOGISTICS = "logistics"
    INTEGRATION = "integration"


class Code(StrEnum):
    """Every code of the exception queue. More may be added; none is renamed."""

    UNKNOWN_SKU = "unknown_sku"
    INACTIVE_SKU = "inactive_sku"
    SKU_NOT_ON_ORDER = "sku_not_on_order"
    UNKNOWN_ORDER = "unknown_order"
    ORDER_AMBIGUOUS = "order_ambiguous"
    OVER_RETURN = "over_return"
    UNMAPPED_SITE = "unmapped_site"
    UNMAPPED_REASON = "unmapped_reason"
    UNMAPPED_GRADE = "unmapped_grade"
    UNKNOWN_STATUS = "unknown_status"
    OVER_RECEIPT = "over_receipt"
    FOREIGN_GOODS = "foreign_goods"
    RECEIPT_WITHOUT_RETURN = "receipt_without_return"
    NOT_RECEIVED = "not_received"
    REFUNDED_REJECTED = "refunded_rejected"
    ORDER_NOT_INVOICED = "order_not_invoiced"
    ALREADY_CREDITED = "already_credited"
    RETURN_CHANGED = "return_changed"
    VERDICT_CONFLICT = "verdict_conflict"
    REFUND_MISMATCH = "refund_mismatch"
    PERIOD_CLOSED = "period_closed"
    EXCHANGE_FAILED = "exchange_failed"
    EXCHANGE_SHIPPED = "exchange_shipped"
    EXCHANGE_CHAIN = "exchange_chain"
    REFUSED = "refused"
    TRIES_USED_UP = "tries_used_up"
    UNREADABLE_EVENT = "unreadable_event"
    TASK_LOST = "task_lost"
    BOOKS_DIFFER = "books_differ"
    RECEIPT_LOST = "receipt_lost"
    UNREADABLE_ROW = "unreadable_row"


@dataclass(frozen=True, slots=True)
class Remedy:
    """Who mends a code, and the way out in one sentence that names a command."""

    team: Team
    way_out: str
    urgent: bool = False


REMEDIES: dict[Code, Remedy] = {
    Code.UNKNOWN_SKU: Remedy(
        Team.MERCHANDISING,
        "Add the SKU to the item master, or name the right one: bridge exceptions map-sku STORE SKU BLUECHERRY_SKU.",
    ),
    Code.INACTIVE_SKU: Remedy(
        Team.MERCHANDISING,
        "Set the style's active_ok to Y in BlueCherry, or name another SKU with map-sku; "
        "then bridge exceptions retry ID.",
    ),
    Code.SKU_NOT_ON_ORDER: Remedy(
        Team.CX,
        "Find out which order the goods are of and correct the return in Reveni; then bridge exceptions retry ID.",
    ),
    Code.UNKNOWN_ORDER: Remedy(
        Team.INTEGRATION,
        "Load the shop's order into BlueCherry with the shop's order id in ref_num1; then bridge exceptions retry ID.",
    ),
    Code.ORDER_AMBIGUOUS: Remedy(
        Team.INTEGRATION,
        "Leave one sale with this shop id in BlueCherry that has the SKU; then bridge exceptions retry ID.",
    ),
    Code.OVER_RETURN: Remedy(
        Team.CX,
        "Correct the quantity in Reveni, or cancel the other return authorisation; then bridge exceptions retry ID.",
    ),
    Code.UNMAPPED_SITE: Remedy(
        Team.LOGISTICS,
        "Add Reveni's location id to a site of the store in the configuration; then bridge exceptions retry ID.",
    ),
    Code.UNMAPPED_REASON: Remedy(
        Team.MERCHANDISING,
        "Add the reason to the store's reasons in the configuration; then bridge exceptions retry ID.",
    ),
    Code.UNMAPPED_GRADE: Remedy(
        Team.LOGISTICS,
        "Add the grade to the store's grades in the configuration, or report a regrade; the goods wait in quarantine.",
    ),
    Code.UNKNOWN_STATUS: Remedy(
        Team.INTEGRATION,
        "Add the status to the store's statuses in the configuration; then bridge exceptions retry ID.",
    ),
    Code.OVER_RECEIPT: Remedy(
        Team.LOGISTICS, "Count again; no document holds the surplus. When it is settled: bridge exceptions resolve ID."
    ),
    Code.FOREIGN_GOODS: Remedy(
        Team.LOGISTICS,
        "Find the return that the goods are of and report them there; then bridge exceptions resolve ID.",
    ),
    Code.RECEIPT_WITHOUT_RETURN: Remedy(
        Team.LOGISTICS,
        "Find the return: it is taken as soon as it is known. "
        "When the goods are none of ours: bridge exceptions resolve ID.",
    ),
    Code.NOT_RECEIVED: Remedy(
        Team.FINANCE,
        "Ask the warehouse; then bridge exceptions resolve ID --release to credit without goods, "
        "or without --release to end it.",
    ),
    Code.REFUNDED_REJECTED: Remedy(
        Team.CX,
        "Settle with the customer, who was refunded at once; then bridge exceptions resolve ID, "
        "with --release if finance takes the loss.",
    ),
    Code.ORDER_NOT_INVOICED: Remedy(
        Team.FINANCE,
        "Invoice the order in BlueCherry; the bridge looks again by itself, or bridge exceptions retry ID.",
    ),
    Code.ALREADY_CREDITED: Remedy(
        Team.FINANCE, "Check the memo that holds these units already; then bridge exceptions resolve ID."
    ),
    Code.RETURN_CHANGED: Remedy(
        Team.CX,
        "Compare the return in Reveni with its return authorisation; correct one; then bridge exceptions retry ID.",
    ),
    Code.VERDICT_CONFLICT: Remedy(
        Team.CX, "Reveni and the warehouse judge differently: correct one of them; then bridge exceptions retry ID."
    ),
    Code.REFUND_MISMATCH: Remedy(
        Team.FINANCE, "Compare Reveni's refund with the credit memo; then bridge exceptions resolve ID."
    ),
    Code.PERIOD_CLOSED: Remedy(
        Team.FINANCE, "Open the posting period, or the next one, in BlueCherry; then bridge exceptions retry ID."
    ),
    Code.EXCHANGE_FAILED: Remedy(
        Team.CX,
        "Mend what BlueCherry says, or serve the customer by hand; then bridge exceptions retry ID.",
        urgent=True,
    ),
    Code.EXCHANGE_SHIPPED: Remedy(
        Team.CX, "The exchange has left: ask the customer to send it back or to pay; then bridge exceptions resolve ID."
    ),
    Code.EXCHANGE_CHAIN: Remedy(
        Team.FINANCE, "Credit the line that the goods were first bought on by hand; then bridge exceptions resolve ID."
    ),
    Code.REFUSED: Remedy(Team.INTEGRATION, "Mend what BlueCherry names; then bridge exceptions retry ID."),
    Code.TRIES_USED_UP: Remedy(
        Team.INTEGRATION, "See that BlueCherry or Reveni answers; then bridge exceptions retry ID."
    ),
    Code.UNREADABLE_EVENT: Remedy(
        Team.INTEGRATION, "Compare the stored event with the contract; then bridge exceptions retry ID, or resolve ID."
    ),
    Code.TASK_LOST: Remedy(
        Team.INTEGRATION, "Its worker died three times: read the worker's log; then bridge exceptions retry ID."
    ),
    Code.BOOKS_DIFFER: Remedy(
        Team.FINANCE,
        "Correct the document in BlueCherry; for a missing one bridge exceptions retry ID makes it again. "
        "It closes once the books agree; to end it: bridge exceptions resolve ID.",
    ),
    Code.RECEIPT_LOST: Remedy(
        Team.LOGISTICS,
        "Have the warehouse send all that it reported since the backup once more: what is known already does no harm. "
        "Then bridge exceptions resolve ID; one about a journal closes by itself when its receipt is back.",
    ),
    Code.UNREADABLE_ROW: Remedy(
        Team.INTEGRATION,
        "Correct the field that is named in BlueCherry, or spell it in the profile; then bridge exceptions retry ID. "
        "It closes once the row can be read.",
    ),
}


@dataclass(frozen=True, slots=True)
class Blocker:
    """Something that a return cannot get past by itself.

    `cause` groups: equal code and cause are one thing to mend. `units` and `amount` are what it holds up. `side`: where
    the amount is the difference of a refund, whether too much or too little was refunded.
    """

    code: Code
    cause: str
    message: Said
    units: int = 0
    amount: Money | None = None
    receipt_id: str | None = None
    document_key: str | None = None
    side: Side | None = None

    @property
    def team(self) -> Team:
        """Who can mend it."""
        return REMEDIES[self.code].team

    @property
    def identity(self) -> tuple[str, str, str]:
        """What makes it the same blocker when the rules run again: code, cause, receipt."""
        return (self.code.value, self.cause, self.receipt_id or "")


def merged(blockers: Iterable[Blocker]) -> list[Blocker]:
    """One blocker per identity: units and money of the same cause on one return add up.

    What nobody knows of a part nobody knows of the whole.
    """
    found: dict[tuple[str, str, str], Blocker] = {}
    for blocker in blockers:
        same = found.get(blocker.identity)
        if same is not None:
            parts = (same.amount, blocker.amount)
            amount = parts[0] + parts[1] if parts[0] is not None and parts[1] is not None else None
            found[blocker.identity] = replace(same, units=same.units + blocker.units, amount=amount)
        else:
            found[blocker.identity] = blocker
    return list(found.values())
