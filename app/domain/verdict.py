"""The verdict: what Reveni is told of an item where the warehouse is the judge."""

from __future__ import annotations

from collections import Counter

from app.domain.blockers import Blocker, Code
from app.domain.documents import Document, Line, document_key
from app.domain.dossier import Dossier, item_status, phase, value
from app.domain.exchange import judged_units
from app.domain.model import ReturnItem
from app.domain.policy import REJECTED, ItemStatus, Kind, Phase, StoreRules
from app.domain.receiving import Arrivals, accepted_units
from app.domain.saying import say


def verdicts(dossier: Dossier, rules: StoreRules, arrived: Arrivals) -> tuple[list[Document], list[Blocker]]:
    """One verdict per item, once all its units are judged; and a blocker where Reveni and the warehouse disagree.

    The lines of a verdict have the disposition that is told: accepted units, rejected units.
    """
    documents = [entry.document for entry in dossier.live(Kind.VERDICT) if entry.fixed]
    known = {document.source for document in documents}
    blockers: list[Blocker] = []
    now = phase(dossier, rules)
    for item in dossier.ret.items:
        judged, accepted = judged_units(item, rules, arrived)
        status = item_status(item, rules)
        conflict = (
            0 if _told_elsewhere(dossier, item, status, rules) else _conflict(item, status, accepted, rules, arrived)
        )
        if conflict:
            amount = value([(item, conflict)], dossier.ret.currency)
            message = say(
                "Reveni has item %(item)s as %(status)s; the warehouse graded %(units)s of it otherwise. "
                "The judge of store %(store)s is %(judge)s, who wins.",
                item=item.item_id,
                status=status.value,
                units=conflict,
                store=rules.name,
                judge=say("Reveni") if rules.judge == "reveni" else say("the warehouse"),
            )
            blockers.append(
                Blocker(Code.VERDICT_CONFLICT, f"{dossier.ret.id}:{item.item_id}", message, conflict, amount)
            )
        told = item.item_id in known or status in (ItemStatus.ACCEPTED, ItemStatus.REJECTED)
        if rules.judge != "warehouse" or told or judged < item.quantity or now in (Phase.CANCELLED, Phase.UNKNOWN):
            continue
        documents.append(_verdict(dossier, rules, arrived, item, accepted))
    return documents, blockers


def _told_elsewhere(dossier: Dossier, item: ReturnItem, status: ItemStatus, rules: StoreRules) -> bool:
    """Whether another code tells already of an item that Reveni rejected: its money went before."""
    if rules.judge != "reveni" or status is not ItemStatus.REJECTED:
        return False
    refunded_at_once = dossier.ret.instant and item.exchange is None
    credited = any(
        line.item_id == item.item_id
        for entry in dossier.live(Kind.CREDIT_MEMO)
        if entry.fixed
        for line in entry.document.lines
    )
    return refunded_at_once or credited


def _conflict(item: ReturnItem, status: ItemStatus, accepted: int, rules: StoreRules, arrived: Arrivals) -> int:
    """Units that Reveni and the warehouse judge differently. A grade that the store does not know judges nothing."""
    if not rules.warehouse_feed:
        return 0
    graded: Counter[bool] = Counter()
    for part in arrived.landed:
        if part.item_id == item.item_id and part.grade in rules.grades:
            graded[rules.grades[part.grade].accepts] += part.units
    if status is ItemStatus.ACCEPTED:
        return graded[False] if rules.judge == "reveni" or accepted == 0 else 0
    if status is ItemStatus.REJECTED:
        return graded[True] if rules.judge == "warehouse" or rules.policy.verdict_conflict == "both" else 0
    return 0


def _verdict(dossier: Dossier, rules: StoreRules, arrived: Arrivals, item: ReturnItem, accepted: int) -> Document:
    lines = []
    if accepted:
        lines.append(Line(1, item.sku, accepted, item_id=item.item_id, disposition=ItemStatus.ACCEPTED.value))
    if item.quantity > accepted:
        reason = next(
            (
                rules.grades[part.grade].reject_reason
                for part in arrived.landed
                if part.item_id == item.item_id and part.grade in rules.grades and not accepted_units(part, item, rules)
            ),
            None,
        )
        lines.append(
            Line(
                len(lines) + 1,
                item.sku,
                item.quantity - accepted,
                item_id=item.item_id,
                disposition=REJECTED,
                reason_code=reason,
            )
        )
    key = f"{document_key(Kind.VERDICT, dossier.ret.id, 1)}/{item.item_id}"
    return Document(
        key, Kind.VERDICT, 1, dossier.order.ord_num if dossier.order else "", tuple(lines), source=item.item_id
    )
