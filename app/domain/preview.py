"""The preview: what a return leads to, with the amounts of what is not sent yet, while nothing is posted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from app.domain.blockers import Blocker
from app.domain.documents import Amounts, Document, Entry, State
from app.domain.dossier import Dossier
from app.domain.due import Outlook, documents_due
from app.domain.exchange import price_exchange
from app.domain.memo_amounts import price_next_memo
from app.domain.policy import Kind, StoreRules
from app.domain.receiving import receipts_by_status
from app.domain.windows import next_window


@dataclass(frozen=True, slots=True)
class Previewed:
    """A document that ought to exist. `amounts`: None where its kind has none, or its order is not known.

    `state`: how far the ledger has it; None when it is not there yet. `post_at`: the window that it would wait for if
    it became due now; None when it would go at once, or is made already.
    """

    document: Document
    amounts: Amounts | None
    state: State | None
    post_at: datetime | None

    @property
    def to_post(self) -> bool:
        """Whether the bridge would post it by itself: it is not made, and BlueCherry has not refused it."""
        return self.state in (None, State.DUE)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a return leads to. `entries`: its ledger as it would be once all of it is posted."""

    documents: tuple[Previewed, ...]
    blockers: tuple[Blocker, ...]
    outlook: Outlook
    entries: tuple[Entry, ...]


def preview(dossier: Dossier, rules: StoreRules, now: datetime) -> Preview:
    """The documents of a return, those that are not sent yet with the amounts that they would have now.

    Memos are priced one after the other, each against what stands on its order and the earlier ones of the preview.
    What was or may have been sent keeps its amounts. Where Reveni's item status is the receipt, it counts as one.
    """
    dossier = _received(dossier, rules)
    due = documents_due(dossier, rules, now)
    known = {entry.key: entry for entry in dossier.entries if entry.live}
    entries = [entry for entry in dossier.entries if entry.fixed]
    documents: list[Previewed] = []
    for document in due.documents:
        entry = known.get(document.key)
        if entry is not None and entry.fixed:
            documents.append(Previewed(document, entry.amounts, entry.state, None))
            continue
        amounts = _amounts(document, dossier, rules, entries)
        entries.append(Entry(document, State.POSTED, True, amounts=amounts))
        posting = rules.posting.get(document.kind)
        post_at = next_window(posting, rules.time_zone, now) if posting else None
        # One that is due with other lines than those that were refused is a new try.
        state = entry.state if entry is not None and entry.document == document else None
        documents.append(Previewed(document, amounts, state, post_at))
    return Preview(tuple(documents), due.blockers, due.outlook, tuple(entries))


def from_scratch(dossier: Dossier) -> Dossier:
    """The dossier as if nothing had been made for the return yet; what stands of other returns stays.

    Receipts that the bridge made out of an item's status are left out: they depend on the mapping.
    """
    reported = tuple(each for each in dossier.receipts if all(line.item_id is None for line in each.lines))
    return replace(dossier, entries=(), receipts=reported)


def _received(dossier: Dossier, rules: StoreRules) -> Dossier:
    known = {receipt.id for receipt in dossier.receipts}
    last = max((receipt.n for receipt in dossier.receipts), default=0)
    return replace(dossier, receipts=(*dossier.receipts, *receipts_by_status(dossier.ret, rules, known, last)))


def _amounts(document: Document, dossier: Dossier, rules: StoreRules, entries: list[Entry]) -> Amounts | None:
    order = dossier.orders.get(document.ord_num)
    if order is None:
        return None
    match document.kind:
        case Kind.CREDIT_MEMO:
            return price_next_memo(document, order, dossier, entries, rules.policy)
        case Kind.EXCHANGE_ORDER:
            return price_exchange(document, order)
        case _:
            return None
