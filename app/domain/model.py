"""What is known from outside: the return in Reveni, the order in BlueCherry, the receipts of the warehouse.

Quantities are whole units. Times are aware, in UTC. Personal data stands apart, in `Personal`,
so that it can be kept out of everything else and erased.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from app.domain.money import Money


@dataclass(frozen=True, slots=True)
class Exchange:
    """What the customer gets in place of an item; `price` per unit, tax included, None when Reveni names none."""

    sku: str
    quantity: int
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ReturnItem:
    """A line of a return. `price` is per unit, tax included, as paid; `status` and `reason` are Reveni's spelling.

    `numbered`: Reveni has the id as a number, and is told it as one.
    """

    item_id: str
    sku: str
    quantity: int
    price: Decimal
    status: str
    reason: str
    reject_reason: str | None = None
    exchange: Exchange | None = None
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Refund:
    """What Reveni paid back; `refunded_at` None while it has not."""

    method: str
    status: str
    amount: Decimal | None
    refunded_at: datetime | None


@dataclass(frozen=True, slots=True)
class Personal:
    """Personal data of a return: erasable, never in the broker or a log."""

    name: str | None = None
    email: str | None = None
    ship_to: object = None
    """An address in the form in which it came: an object, or any other JSON."""


@dataclass(frozen=True, slots=True)
class Return:
    """A return as Reveni knows it now. `status` is Reveni's spelling; `fees` and `bonus` are sums, positive."""

    store: str
    id: str
    status: str
    type: str
    instant: bool
    created: datetime
    updated: datetime
    currency: str
    amount: Decimal
    order_external_id: str
    items: tuple[ReturnItem, ...]
    fees: Decimal = Decimal(0)
    bonus: Decimal = Decimal(0)
    refund: Refund | None = None
    location_id: str | None = None
    tracking_number: str | None = None
    exchange_external_id: str | None = None
    personal: Personal = field(default_factory=Personal, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A line of a sales order: amounts of the `qty_inv` units that were invoiced; `net` is without tax."""

    line_seq: int
    sku: str
    upc: str | None
    qty_ord: int
    qty_inv: int
    unit_price: Decimal
    gross: Money
    disc: Money
    net: Money
    tax_code: str
    tax_rate: Decimal
    tax: Money

    @property
    def paid(self) -> Money:
        """What the customer paid for the line, tax included."""
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class Order:
    """A sales order of BlueCherry: `S` a sale, `E` an exchange; `O` open, `I` invoiced, `X` cancelled."""

    ord_num: str
    ref_num1: str | None
    ref_num2: str | None
    aux_ref_num: str | None
    orig_ord_num: str | None
    division: str
    customer: str
    store: str
    ord_type: str
    ord_status: str
    currency: str
    freight: Money
    freight_tax: Money
    lines: tuple[OrderLine, ...]
    ship_to: object = field(default=None, repr=False, compare=False)

    def has_line(self, line_seq: int) -> bool:
        """Whether the order has a line of that number: somebody may have deleted it since a document named it."""
        return any(line.line_seq == line_seq for line in self.lines)

    def line(self, line_seq: int) -> OrderLine:
        """The line of that number. Raises KeyError when the order has none."""
        for line in self.lines:
            if line.line_seq == line_seq:
                return line
        raise KeyError(line_seq)


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of the item master. A SKU is unique within its division."""

    sku: str
    upc: str | None
    division: str
    active: bool
    style: str = ""
    color_code: str = ""
    lbl_code: str = ""
    dimension: str = ""
    size_bucket: str = ""
    size_name: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """Units that arrived (or were regraded). `item_id` is given when Reveni's item itself is the receipt."""

    quantity: int
    grade: str
    sku: str | None = None
    upc: str | None = None
    from_grade: str | None = None
    item_id: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A message of a warehouse: goods received, or goods regraded. `n` is the order in which the bridge took it in."""

    id: str
    site: str
    kind: Literal["receipt", "regrade"]
    received_at: datetime
    lines: tuple[ReceiptLine, ...]
    return_id: str | None = None
    ra_num: str | None = None
    tracking_number: str | None = None
    n: int = 0


@dataclass(frozen=True, slots=True)
class RaOnOrder:
    """A return authorisation that BlueCherry has on an order: units per order line, announced and received."""

    ra_num: str
    status: str
    aux_ref_num: str | None
    ref_num2: str | None
    lines: tuple[tuple[int, int, int], ...]
    """(ord_line_seq, qty, qty_rcv)"""
    ord_num: str | None = None


@dataclass(frozen=True, slots=True)
class CreditedLine:
    """What one memo credits of one order line."""

    ord_line_seq: int
    qty: int
    net: Money
    disc: Money
    tax: Money


@dataclass(frozen=True, slots=True)
class MemoOnOrder:
    """A credit memo that BlueCherry has on an order, made by the bridge or by hand."""

    memo_num: str
    ra_num: str | None
    ref_num2: str | None
    aux_ref_num: str | None
    lines: tuple[CreditedLine, ...]
    freight: Money
    freight_tax: Money
    fee: Money
    total: Money
    ord_num: str | None = None
