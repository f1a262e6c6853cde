"""The books as they are read from outside: the sandboxes' own, and the bridge's exception queue.

Only the fields that the recount looks at are named.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict


class Document(TypedDict):
    """What all documents have."""

    ord_num: str
    ref_num2: str | None
    aux_ref_num: str | None
    posted_at: str


class RaLineRow(TypedDict):
    """A line of a return authorisation."""

    ord_line_seq: int
    sku: str
    qty: int
    qty_rcv: int
    reason_code: str


class RaRow(Document):
    """A return authorisation."""

    ra_num: str
    ra_status: str
    location: str
    lines: list[RaLineRow]


class JournalLineRow(TypedDict):
    """A movement of stock."""

    sku: str
    rec_type: str
    location: str
    lot: str | None
    qty: int


class JournalRow(Document):
    """An inventory journal."""

    ra_num: str | None
    lines: list[JournalLineRow]


class MemoLineRow(TypedDict):
    """A line of a credit memo."""

    ord_line_seq: int
    sku: str
    qty: int
    gross_amt: str
    disc_amt: str
    net_amt: str
    tax_code: str
    tax_amt: str


class MemoRow(Document):
    """A credit memo."""

    memo_num: str
    ra_num: str | None
    currency: str
    lines: list[MemoLineRow]
    freight_amt: str
    freight_tax_amt: str
    fee_amt: str
    total_amt: str


class OrderLineRow(TypedDict):
    """A line of a sales order."""

    line_seq: int
    sku: str
    qty_ord: int
    gross_amt: str
    disc_amt: str
    net_amt: str
    tax_code: str
    tax_rate: str
    tax_amt: str


class OrderRow(Document):
    """A sales order; an exchange order names its return authorisation."""

    ref_num1: str
    orig_ord_num: str | None
    division: str
    customer: str
    store: str
    ord_type: str
    ord_status: str
    currency: str
    ra_num: NotRequired[str | None]
    lines: list[OrderLineRow]


class StockRow(TypedDict):
    """A SKU at a place: on hand, open to sell, and the movements that they come from."""

    division: str
    sku: str
    location: str
    lot: str
    qoh: int
    ots: int
    movements: dict[str, int]


class Books(TypedDict):
    """All of BlueCherry's books."""

    return_authorisations: list[RaRow]
    inventory_journals: list[JournalRow]
    credit_memos: list[MemoRow]
    sales_orders: list[OrderRow]
    stock: list[StockRow]


class VerdictItem(TypedDict):
    """A part of a verdict."""

    item_id: str
    quantity: int
    status: str


class VerdictBody(TypedDict):
    """What the bridge sent."""

    items: list[VerdictItem]


class VerdictRow(TypedDict):
    """A verdict that Reveni received; `status` is what it answered."""

    return_id: str
    status: int
    body: VerdictBody


class ExceptionRow(TypedDict):
    """An open exception of the bridge."""

    id: int
    code: str
    store: str | None
    return_id: str | None
    return_ids: list[str]
    receipt_id: str | None
    units: int | None
