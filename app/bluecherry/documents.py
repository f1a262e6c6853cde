"""What goes to BlueCherry and what comes from it, beside the orders, items, authorisations and memos of the domain.

Names are the contract's. Quantities are whole units; amounts are positive, in the document's currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from app.domain.money import Money
from app.domain.policy import Kind


@dataclass(frozen=True, slots=True)
class RaLine:
    """A line of a return authorisation; `ord_line_seq` is the order line that comes back."""

    line_seq: int
    ord_line_seq: int
    sku: str
    qty: int
    reason_code: str


@dataclass(frozen=True, slots=True)
class ReturnAuthorisation:
    """What the warehouse may expect. `ref_num2`: Reveni's return id; `aux_ref_num`: our key."""

    ord_num: str
    division: str
    customer: str
    location: str
    ref_num2: str
    aux_ref_num: str
    reason_code: str
    lines: tuple[RaLine, ...]
    tracking_num: str | None = None


@dataclass(frozen=True, slots=True)
class JournalLine:
    """A movement of stock: `RT` a return, `SA` one side of a transfer (quantities of a SKU add up to zero)."""

    sku: str
    rec_type: Literal["RT", "SA"]
    location: str
    qty: int
    ra_line_seq: int | None = None
    lot: str | None = None


@dataclass(frozen=True, slots=True)
class InventoryJournal:
    """Movements of stock for one receipt or regrade."""

    ord_num: str
    ref_num2: str
    aux_ref_num: str
    journal_date: date
    lines: tuple[JournalLine, ...]
    ra_num: str | None = None


@dataclass(frozen=True, slots=True)
class MemoLine:
    """What one order line is credited: `gross` = `net` + `disc`, tax on top."""

    ord_line_seq: int
    sku: str
    qty: int
    unit_price: Decimal
    gross: Money
    disc: Money
    net: Money
    tax_code: str
    tax: Money


@dataclass(frozen=True, slots=True)
class CreditMemo:
    """A credit on one order: `total` = Σ net + Σ tax + freight + freight tax − fee, not below zero."""

    ord_num: str
    ref_num2: str
    aux_ref_num: str
    memo_date: date
    currency: str
    lines: tuple[MemoLine, ...]
    freight: Money
    freight_tax: Money
    fee: Money
    total: Money
    ra_num: str | None = None


@dataclass(frozen=True, slots=True)
class ExchangeLine:
    """A line of an exchange order: amounts of the quantity ordered, zero where the exchange is even."""

    line_seq: int
    sku: str
    qty_ord: int
    unit_price: Decimal
    gross: Money
    disc: Money
    net: Money
    tax_code: str
    tax_rate: Decimal
    tax: Money
    upc: str | None = None


@dataclass(frozen=True, slots=True)
class ExchangeOrder:
    """A new sales order (`ord_type` `E`) for what the customer gets instead. `ship_to` is personal data."""

    orig_ord_num: str
    ref_num1: str | None
    ref_num2: str
    aux_ref_num: str
    division: str
    customer: str
    store: str
    ord_date: date
    currency: str
    lines: tuple[ExchangeLine, ...]
    freight: Money
    freight_tax: Money
    ra_num: str | None = None
    ship_to: object = field(default=None, repr=False)


OutgoingDocument = ReturnAuthorisation | InventoryJournal | CreditMemo | ExchangeOrder
"""What can be created, by a call of its own or in a batch."""


@dataclass(frozen=True, slots=True)
class Created:
    """BlueCherry's number for what was made; `status` as it answered (`ra_status`, `ord_status`, `alloc_status`)."""

    number: str
    status: str | None = None


@dataclass(frozen=True, slots=True)
class PostedJournal:
    """An inventory journal that BlueCherry has."""

    journal_num: str
    ord_num: str
    ra_num: str | None
    ref_num2: str | None
    aux_ref_num: str | None
    lines: tuple[JournalLine, ...]


BatchType = Literal["return_authorization", "inventory_journal", "credit_memo", "sales_order"]
KINDS: Mapping[str, Kind] = {
    "return_authorization": Kind.RETURN_AUTHORISATION,
    "inventory_journal": Kind.INVENTORY_JOURNAL,
    "credit_memo": Kind.CREDIT_MEMO,
    "sales_order": Kind.EXCHANGE_ORDER,
}
"""Our kinds by what BlueCherry calls them in its feed. A sales order is an exchange only if its `ord_type` is `E`."""


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of one document of a batch. `number` when posted; `error_code` and `error` when rejected."""

    type: str
    aux_ref_num: str | None
    posted: bool
    number: str | None = None
    error_code: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch; `results` are in any order, and incomplete until it is done. `unread`: those that cannot be read."""

    batch_num: str
    batch_ref: str | None
    status: Literal["queued", "processing", "done"]
    results: tuple[BatchResult, ...]
    unread: int = 0

    @property
    def done(self) -> bool:
        """Whether every document has its result."""
        return self.status == "done"


@dataclass(frozen=True, slots=True)
class Stock:
    """Stock of a SKU at a location: quantity on hand, open to sell, and the sum of each movement type."""

    qoh: int
    ots: int
    movements: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A row of BlueCherry's feed: a document as it is now, made by the bridge or by hand."""

    type: str
    number: str
    ord_num: str | None
    ra_num: str | None
    ref_num2: str | None
    aux_ref_num: str | None
    status: str | None
    qty: int
    total_amt: Decimal | None
    posted_at: datetime
