"""One idea: a pure function says which documents ought to exist for a return as it is known now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.authorisation import authorise, close
from app.domain.blockers import Blocker, Code, merged
from app.domain.credit import Released, credit_memos
from app.domain.documents import Document, Entry, State
from app.domain.dossier import Dossier, everything, item_status, phase, value
from app.domain.exchange import exchanges, judged_units
from app.domain.mapping_keys import key_of
from app.domain.model import ReturnItem
from app.domain.policy import ItemStatus, Kind, Phase, StoreRules
from app.domain.receiving import Arrivals, arrivals
from app.domain.refund import refund_mismatch
from app.domain.saying import say
from app.domain.stock import journals
from app.domain.verdict import verdicts

FINAL = frozenset({Phase.ACCEPTED, Phase.PARTIALLY_ACCEPTED, Phase.REJECTED, Phase.CANCELLED})
"""Phases after which Reveni does nothing more by itself."""

_REFUSALS = {
    "ITEM_NOT_FOUND": Code.UNKNOWN_SKU,
    "ITEM_INACTIVE": Code.INACTIVE_SKU,
    "ORDER_NOT_FOUND": Code.UNKNOWN_ORDER,
    "SKU_NOT_ON_ORDER": Code.SKU_NOT_ON_ORDER,
    "QTY_EXCEEDS_SHIPPED": Code.OVER_RETURN,
    "PERIOD_CLOSED": Code.PERIOD_CLOSED,
    "ALREADY_CREDITED": Code.ALREADY_CREDITED,
    "ORDER_NOT_INVOICED": Code.ORDER_NOT_INVOICED,
    "ORDER_SHIPPED": Code.EXCHANGE_SHIPPED,
}
"""Refusals of BlueCherry that have a code of their own; all others are `refused`."""


class Outlook(StrEnum):
    """Where a return stands, in a word."""

    IGNORED = "ignored"
    HELD = "held"
    WORKING = "working"
    WAITING = "waiting"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class Due:
    """What ought to be: the documents in the order of the chain, what stands in the way, when to look again."""

    documents: tuple[Document, ...]
    blockers: tuple[Blocker, ...]
    outlook: Outlook
    look_again: datetime | None


def documents_due(dossier: Dossier, rules: StoreRules, now: datetime) -> Due:
    """The documents that ought to exist in BlueCherry for a return, those that exist already among them.

    Pure: the same dossier gives the same list, whether nothing or everything of it is posted.
    """
    ra = authorise(dossier, rules)
    arrived = arrivals(dossier, rules, ra.standing)
    missing = _missing(dossier, rules, arrived, now)
    rejected = _refunded_rejected(dossier, rules, arrived)
    moved = journals(dossier, rules, ra.standing, arrived)
    released = Released(missing.released, rejected.released)
    memos = credit_memos(dossier, rules, ra.standing, arrived, moved, released)
    orders, order_blockers = exchanges(dossier, rules, ra.standing, arrived)
    told, told_blockers = verdicts(dossier, rules, arrived)
    documents = [*ra.documents, *orders, *moved, *memos.documents, *told]
    documents += _closing(dossier, rules, ra.standing, arrived, moved, missing.overdue)
    blockers = [*ra.blockers, *arrived.blockers, *memos.blockers, *order_blockers, *told_blockers]
    blockers += _goods_of_a_draft(dossier, rules, ra.standing)
    blockers += [*missing.blockers, *rejected.blockers, *_unknown_items(dossier, rules)]
    blockers += refund_mismatch(dossier, rules, ra.standing, arrived, memos.documents, released)
    # A document that is due with other lines now than those that were refused is a new try.
    for entry in dossier.entries:
        if entry.document in documents:
            blockers += _entry_blockers(dossier, entry)
    standing_blockers = tuple(b for b in merged(blockers) if not dossier.decided(b))
    outlook = _outlook(dossier, rules, documents, standing_blockers, arrived)
    return Due(tuple(documents), standing_blockers, outlook, missing.look_again)


@dataclass(slots=True)
class _Missing:
    blockers: list[Blocker]
    released: frozenset[str]
    overdue: bool
    look_again: datetime | None


def _missing(dossier: Dossier, rules: StoreRules, arrived: Arrivals, now: datetime) -> _Missing:
    """Units that were refunded or accepted and have not arrived in the days that the store allows."""
    result = _Missing([], frozenset(), False, None)
    since = _since(dossier)
    if not rules.warehouse_feed or since is None or phase(dossier, rules) in (Phase.CANCELLED, Phase.UNKNOWN):
        return result
    refunded = dossier.ret.refund is not None and dossier.ret.refund.refunded_at is not None
    items: list[tuple[ReturnItem, int]] = []
    for item in dossier.ret.items:
        status = item_status(item, rules)
        gone = item.quantity - arrived.units(item.item_id)
        if gone > 0 and (status is ItemStatus.ACCEPTED or (refunded and status is not ItemStatus.REJECTED)):
            items.append((item, gone))
    if not items:
        return result
    deadline = since + timedelta(days=rules.policy.not_received_days)
    if now < deadline:
        result.look_again = deadline
        return result
    result.overdue = True
    units = sum(count for _, count in items)
    if dossier.released(Code.NOT_RECEIVED, dossier.ret.id):
        result.released = frozenset(item.item_id for item, _ in items)
    message = say(
        "%(units)s units were refunded or accepted on %(day)s and have not been received.",
        units=units,
        day=since.date(),
    )
    amount = value(items, dossier.ret.currency)
    result.blockers.append(Blocker(Code.NOT_RECEIVED, dossier.ret.id, message, units, amount))
    return result


def _since(dossier: Dossier) -> datetime | None:
    refund = dossier.ret.refund
    moments = [dossier.accepted_since, refund.refunded_at if refund else None]
    return min((moment for moment in moments if moment is not None), default=None)


def _closing(
    dossier: Dossier,
    rules: StoreRules,
    standing: Document | None,
    arrived: Arrivals,
    moved: list[Document],
    overdue: bool,
) -> list[Document]:
    """A return authorisation is closed when Reveni's state is final and goods are missing that nobody expects.

    Accepted goods are expected until they are overdue; a cancelled return's and a rejected item's are not.
    """
    if standing is None:
        return []
    document = close(dossier, standing, [each.key for each in moved])
    existing = dossier.undone(standing.key, Kind.RA_CLOSE)
    if existing is not None and existing.sent:
        return [existing.document]
    now = phase(dossier, rules)
    if now not in FINAL:
        return []
    missing = [item for item in dossier.ret.items if _received(item, moved) < item.quantity]
    expected = [
        item
        for item in missing
        if now not in (Phase.CANCELLED, Phase.REJECTED)
        and item_status(item, rules) is not ItemStatus.REJECTED
        and arrived.units(item.item_id) < item.quantity
    ]
    return [document] if missing and (not expected or overdue) else []


def _received(item: ReturnItem, moved: list[Document]) -> int:
    """Units of an item that journals bring in; rejected goods that are sent back are in none."""
    return sum(
        line.qty for each in moved for line in each.lines if line.item_id == item.item_id and line.rec_type == "RT"
    )


@dataclass(frozen=True, slots=True)
class _Rejected:
    blockers: tuple[Blocker, ...] = ()
    released: frozenset[str] = frozenset()


def _refunded_rejected(dossier: Dossier, rules: StoreRules, arrived: Arrivals) -> _Rejected:
    """Items that were refunded at once and rejected on arrival: no memo by itself."""
    if not dossier.ret.instant:
        return _Rejected()
    items: list[tuple[ReturnItem, int]] = []
    for item in dossier.ret.items:
        if item.exchange is not None:
            continue
        judged, accepted = judged_units(item, rules, arrived)
        if rules.judge == "reveni":
            rejected = item.quantity if item_status(item, rules) is ItemStatus.REJECTED else 0
        else:
            rejected = judged - accepted
        if rejected > 0:
            items.append((item, rejected))
    if not items:
        return _Rejected()
    units = sum(count for _, count in items)
    message = say("%(units)s units were refunded at once and rejected on arrival.", units=units)
    amount = value(items, dossier.ret.currency)
    blocker = Blocker(Code.REFUNDED_REJECTED, dossier.ret.id, message, units, amount)
    released = dossier.released(blocker.code, blocker.cause)
    return _Rejected((blocker,), frozenset(item.item_id for item, _ in items) if released else frozenset())


def _goods_of_a_draft(dossier: Dossier, rules: StoreRules, standing: Document | None) -> list[Blocker]:
    """Goods that came for a return which the customer has not finished: no document can hold them yet."""
    if phase(dossier, rules) is not Phase.INCOMPLETE or standing is not None:
        return []
    found = []
    for receipt in dossier.receipts:
        units = sum(line.quantity for line in receipt.lines)
        message = say(
            "Receipt %(receipt)s of %(units)s units names return %(id)s, which is still a draft in Reveni.",
            receipt=receipt.id,
            units=units,
            id=dossier.ret.id,
        )
        cause = f"{receipt.site}:{dossier.ret.id}"
        found.append(Blocker(Code.RECEIPT_WITHOUT_RETURN, cause, message, units, receipt_id=receipt.id))
    return found


def _unknown_items(dossier: Dossier, rules: StoreRules) -> list[Blocker]:
    found = []
    for item in dossier.ret.items:
        if item_status(item, rules) is ItemStatus.UNKNOWN:
            key = key_of("stores", rules.name, "item_statuses", item.status)
            message = say(
                "Store %(store)s does not know the item status %(status)r: add %(key)s.",
                store=rules.name,
                status=item.status,
                key=key,
            )
            amount = value([(item, item.quantity)], dossier.ret.currency)
            cause = f"{rules.name}:item:{item.status}"
            found.append(Blocker(Code.UNKNOWN_STATUS, cause, message, item.quantity, amount))
    return found


def _entry_blockers(dossier: Dossier, entry: Entry) -> list[Blocker]:
    """What the ledger says of documents that BlueCherry refused or that used up their tries."""
    document = entry.document
    if entry.state is not State.REFUSED and not entry.tired:
        return []
    units, amount = everything(dossier)
    if document.units:
        units = document.units
    found = []
    exchange = document.kind is Kind.EXCHANGE_ORDER
    if entry.tired:
        message = say("The tries to make %(key)s are used up: %(why)s.", key=entry.key, why=entry.error)
        cause = f"{document.kind}:{entry.error_code or ''}"
        found.append(Blocker(Code.TRIES_USED_UP, cause, message, units, amount, document_key=entry.key))
    refusal = entry.error_code or ""
    if entry.state is State.REFUSED and not exchange:
        code = _REFUSALS.get(refusal, Code.REFUSED)
        message = say(
            "BlueCherry refused %(key)s with %(refusal)s: %(why)s", key=entry.key, refusal=refusal, why=entry.error
        )
        cause = f"{document.kind}:{refusal}" if code is Code.REFUSED else f"{dossier.ret.id}:{refusal}"
        found.append(Blocker(code, cause, message, units, amount, document_key=entry.key))
    if exchange:
        message = say("No exchange order could be made: %(refusal)s %(why)s", refusal=refusal, why=entry.error)
        found.append(Blocker(Code.EXCHANGE_FAILED, entry.key, message, units, amount, document_key=entry.key))
    return found


def _outlook(
    dossier: Dossier,
    rules: StoreRules,
    documents: list[Document],
    blockers: tuple[Blocker, ...],
    arrived: Arrivals,
) -> Outlook:
    now = phase(dossier, rules)
    if now is Phase.INCOMPLETE and not documents:
        return Outlook.IGNORED
    if blockers:
        return Outlook.HELD
    posted = {entry.key for entry in dossier.entries if entry.state in (State.POSTED, State.REFUSED)}
    if any(document.key not in posted for document in documents):
        return Outlook.WORKING
    if dossier.decisions and not documents:
        # What held the return was ended by a person's word, and nothing can come of it any more.
        return Outlook.SETTLED
    if now in (Phase.CANCELLED, Phase.REJECTED):
        return Outlook.SETTLED
    for item in dossier.ret.items:
        undecided = item_status(item, rules) not in (ItemStatus.ACCEPTED, ItemStatus.REJECTED)
        missing = arrived.units(item.item_id) < item.quantity and item_status(item, rules) is not ItemStatus.REJECTED
        if missing or (undecided and now not in FINAL):
            return Outlook.WAITING
    return Outlook.SETTLED
