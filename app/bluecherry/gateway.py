"""The interface to BlueCherry: one method per call that the bridge needs, whatever carries it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from app.bluecherry.documents import (
    Batch,
    Created,
    CreditMemo,
    DocumentRow,
    ExchangeOrder,
    InventoryJournal,
    OutgoingDocument,
    PostedJournal,
    ReturnAuthorisation,
    Stock,
)
from app.bluecherry.profile import Profile
from app.domain.model import Item, MemoOnOrder, Order, RaOnOrder
from app.domain.periods import Period

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row of a list that does not fit the contract. It is set aside by who reads the list, and the rest is read.

    `place`: which of its page it is, from 1. `state`: a digest of all that it says. `problems` name fields, never
    values. `legible`: the fields that could be read.
    """

    place: int
    state: str
    problems: tuple[str, ...]
    legible: Mapping[str, object]

    def code(self, name: str) -> str | None:
        """A code or number of the row: empty where it has none, None where it cannot be read."""
        if name not in self.legible:
            return None
        value = self.legible[name]
        return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """A page of a feed; `next` is the cursor of the following page, None at the end."""

    rows: tuple[Row, ...]
    next: str | None
    unreadable: tuple[UnreadableRow, ...] = ()


class Writes(Protocol):
    """What the bridge changes in BlueCherry, document by document. Raises as `BlueCherry` says."""

    def create_order(self, order: ExchangeOrder) -> Created:
        """Make an exchange order."""

    def cancel_order(self, ord_num: str) -> None:
        """Cancel an order. Refused with `ORDER_SHIPPED` once it is invoiced."""

    def create_ra(self, authorisation: ReturnAuthorisation) -> Created:
        """Make a return authorisation."""

    def cancel_ra(self, ra_num: str) -> None:
        """Cancel a return authorisation, or find it cancelled. Refused with `RA_RECEIVED` once received or closed."""

    def close_ra(self, ra_num: str) -> None:
        """Close a return authorisation, or find it closed. Refused with `RA_CANCELLED` when it is cancelled."""

    def create_journal(self, journal: InventoryJournal) -> Created:
        """Make an inventory journal."""

    def create_memo(self, memo: CreditMemo) -> Created:
        """Make a credit memo; it is allocated to its order at once."""


class BlueCherry(Writes, Protocol):
    """BlueCherry as the bridge uses it. Safe to call from several threads at once.

    Every method raises one of `app.calls`: `Refused`, `Unauthorised` and `TryLater` are certain (nothing was made),
    `Doubtful` is not. There is no idempotency: who sends a document looks it up after a doubtful answer, and a look-up
    may lag by `profile.lookup_lag`. Look-ups answer an empty list when there is nothing.
    """

    @property
    def profile(self) -> Profile:
        """The installation's settings."""

    def lookup_items(self, division: str, skus: Sequence[str], upcs: Sequence[str] = ()) -> Page[Item]:
        """Items of a division by SKU or UPC, of any number (asked in parts), on one page.

        What is unknown is absent; but with a row that cannot be read, what is absent may be that one.
        """

    def items_changed(self, division: str, since: datetime | None, cursor: str | None) -> Page[Item]:
        """Items of a division that changed since a time (all for None), for the local mirror."""

    def order(self, ord_num: str) -> Order | None:
        """An order by its number; None when there is none."""

    def orders_by_ref(self, ref_num1: str) -> list[Order]:
        """Orders by the shop's order id."""

    def orders_by_aux(self, aux_ref_num: str) -> list[Order]:
        """Orders by our key."""

    def ra(self, ra_num: str) -> RaOnOrder | None:
        """A return authorisation by its number; None when there is none."""

    def ras_by_aux(self, aux_ref_num: str) -> list[RaOnOrder]:
        """Return authorisations by our key."""

    def ras_by_return(self, return_id: str) -> list[RaOnOrder]:
        """Return authorisations by Reveni's return id."""

    def ras_by_order(self, ord_num: str) -> list[RaOnOrder]:
        """Return authorisations of an order."""

    def journals_by_aux(self, aux_ref_num: str) -> list[PostedJournal]:
        """Inventory journals by our key."""

    def memos_by_aux(self, aux_ref_num: str) -> list[MemoOnOrder]:
        """Credit memos by our key."""

    def memos_by_order(self, ord_num: str) -> list[MemoOnOrder]:
        """Credit memos of an order, those made by hand included."""

    def create_batch(self, batch_ref: str, documents: Sequence[OutgoingDocument]) -> str:
        """Hand in documents together, at most `profile.batch_size`; the batch's number. Results come by `batch`."""

    def batch(self, batch_num: str) -> Batch | None:
        """A batch and what became of its documents so far; None when there is none."""

    def batches_by_ref(self, batch_ref: str) -> list[Batch]:
        """Batches that bear a ref: more than one when it was handed in twice."""

    def stock(self, division: str, sku: str, location: str) -> Stock:
        """Stock of a SKU at a location."""

    def documents(
        self, since: datetime, type: str | None = None, cursor: str | None = None, limit: int | None = None
    ) -> Page[DocumentRow]:
        """Documents as they are now, by `posted_at`, `since` included, those made by hand too."""

    def periods(self) -> Page[Period]:
        """Posting periods, all on one page."""
