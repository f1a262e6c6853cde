"""Orders in the shape of the contract: sales, and exchange orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.sandbox.bluecherry.document import Amounts, Document, text
from app.sandbox.json import Json, JsonObject


@dataclass(slots=True, kw_only=True)
class OrderLine:
    """A line of an order; the amounts are of what was invoiced (on an open order: of what was ordered)."""

    line_seq: int
    sku: str
    upc: str | None
    qty_ord: int
    qty_inv: int
    amounts: Amounts
    tax_code: str
    tax_rate: Decimal

    def as_json(self) -> JsonObject:
        """The contract's Order line."""
        return {
            "line_seq": self.line_seq,
            "sku": self.sku,
            "upc": self.upc,
            "qty_ord": self.qty_ord,
            "qty_inv": self.qty_inv,
            "unit_price": text(self.amounts.unit_price),
            "gross_amt": text(self.amounts.gross),
            "disc_amt": text(self.amounts.disc),
            "net_amt": text(self.amounts.net),
            "tax_code": self.tax_code,
            "tax_rate": text(self.tax_rate),
            "tax_amt": text(self.amounts.tax),
        }


@dataclass(slots=True, kw_only=True)
class Order(Document):
    """A sale (``S``) or an exchange order (``E``). `location` is where its units are taken from."""

    type = "sales_order"
    ref_num1: str
    orig_ord_num: str | None
    division: str
    customer: str
    store: str
    ord_type: str
    ord_date: date
    ord_status: str
    currency: str
    freight: Decimal
    freight_tax: Decimal
    ship_to: Json
    lines: dict[int, OrderLine]
    location: str = ""

    @property
    def status(self) -> str:
        return self.ord_status

    @property
    def qty(self) -> int:
        return sum(line.qty_ord for line in self.lines.values())

    @property
    def total(self) -> Decimal:
        return sum((x.amounts.net + x.amounts.tax for x in self.lines.values()), self.freight + self.freight_tax)

    def as_json(self) -> dict[str, Json]:
        body: dict[str, Json] = {
            "ord_num": self.number,
            "ref_num1": self.ref_num1,
            "ref_num2": self.ref_num2,
            "aux_ref_num": self.aux_ref_num,
            "orig_ord_num": self.orig_ord_num,
            "division": self.division,
            "customer": self.customer,
            "store": self.store,
            "ord_type": self.ord_type,
            "ord_date": self.ord_date.isoformat(),
            "ord_status": self.ord_status,
            "currency": self.currency,
            "freight_amt": text(self.freight),
            "freight_tax_amt": text(self.freight_tax),
            "ship_to": self.ship_to,
            "lines": [line.as_json() for line in self.lines.values()],
        }
        if self.ord_type == "E":
            body["ra_num"] = self.ra_num
        return body
