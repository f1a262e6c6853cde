"""The documents of a return, in the shapes of the contract: authorisation, inventory journal, credit memo."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from app.sandbox.bluecherry.document import Amounts, Document, text
from app.sandbox.json import Json, JsonObject


@dataclass(slots=True, kw_only=True)
class RaLine:
    """A line of a return authorisation, and how many of its units came."""

    line_seq: int
    ord_line_seq: int
    sku: str
    qty: int
    reason_code: str
    qty_rcv: int = 0

    @property
    def open(self) -> int:
        """Units that did not come yet."""
        return self.qty - self.qty_rcv


@dataclass(slots=True, kw_only=True)
class Ra(Document):
    """A return authorisation: ``A`` authorised, ``P`` partly, ``R`` wholly received, ``C`` closed, ``X`` cancelled."""

    type = "return_authorization"
    division: str
    customer: str
    location: str
    tracking_num: str | None
    reason_code: str
    lines: list[RaLine]
    ra_status: str = "A"

    @property
    def status(self) -> str:
        return self.ra_status

    @property
    def qty(self) -> int:
        return sum(line.qty for line in self.lines)

    def units_held(self, ord_line_seq: int) -> int:
        """Units of an order line that no other RA may hold: all if live, what came if closed, none if cancelled."""
        if self.ra_status == "X":
            return 0
        lines = (line for line in self.lines if line.ord_line_seq == ord_line_seq)
        return sum(line.qty_rcv if self.ra_status == "C" else line.qty for line in lines)

    def as_json(self) -> dict[str, Json]:
        return {
            "ra_num": self.number,
            "ra_status": self.ra_status,
            "ord_num": self.ord_num,
            "division": self.division,
            "customer": self.customer,
            "location": self.location,
            "ref_num2": self.ref_num2,
            "aux_ref_num": self.aux_ref_num,
            "tracking_num": self.tracking_num,
            "reason_code": self.reason_code,
            "lines": [
                {
                    "line_seq": line.line_seq,
                    "ord_line_seq": line.ord_line_seq,
                    "sku": line.sku,
                    "qty": line.qty,
                    "reason_code": line.reason_code,
                    "qty_rcv": line.qty_rcv,
                }
                for line in self.lines
            ],
        }


@dataclass(slots=True, kw_only=True)
class JournalLine:
    """A movement of stock: ``RT`` a return, ``SA`` one side of a transfer (signed)."""

    ra_line_seq: int | None
    sku: str
    rec_type: str
    location: str
    lot: str | None
    qty: int


@dataclass(slots=True, kw_only=True)
class Journal(Document):
    """An inventory journal. `received` says which lines of its RA take how many of its units."""

    type = "inventory_journal"
    division: str
    journal_date: date
    lines: list[JournalLine]
    received: list[tuple[RaLine, int]] = field(default_factory=list)

    @property
    def qty(self) -> int:
        return sum(line.qty for line in self.lines)

    def as_json(self) -> dict[str, Json]:
        return {
            "journal_num": self.number,
            "ra_num": self.ra_num,
            "ord_num": self.ord_num,
            "ref_num2": self.ref_num2,
            "aux_ref_num": self.aux_ref_num,
            "journal_date": self.journal_date.isoformat(),
            "lines": [
                {
                    "ra_line_seq": line.ra_line_seq,
                    "sku": line.sku,
                    "rec_type": line.rec_type,
                    "location": line.location,
                    "lot": line.lot,
                    "qty": line.qty,
                }
                for line in self.lines
            ],
        }


@dataclass(slots=True, kw_only=True)
class MemoLine:
    """Units of an order line that are credited, and what for."""

    ord_line_seq: int
    sku: str
    qty: int
    tax_code: str
    amounts: Amounts

    def as_json(self) -> JsonObject:
        """The contract's CreditMemo line."""
        return {
            "ord_line_seq": self.ord_line_seq,
            "sku": self.sku,
            "qty": self.qty,
            "unit_price": text(self.amounts.unit_price),
            "gross_amt": text(self.amounts.gross),
            "disc_amt": text(self.amounts.disc),
            "net_amt": text(self.amounts.net),
            "tax_code": self.tax_code,
            "tax_amt": text(self.amounts.tax),
        }


@dataclass(slots=True, kw_only=True)
class Memo(Document):
    """A credit memo; it is allocated to its order at once."""

    type = "credit_memo"
    memo_date: date
    currency: str
    lines: list[MemoLine]
    freight: Decimal
    freight_tax: Decimal
    fee: Decimal
    total_amt: Decimal

    @property
    def status(self) -> str:
        return "allocated"

    @property
    def qty(self) -> int:
        return sum(line.qty for line in self.lines)

    @property
    def total(self) -> Decimal:
        return self.total_amt

    def as_json(self) -> dict[str, Json]:
        return {
            "memo_num": self.number,
            "alloc_status": "allocated",
            "ord_num": self.ord_num,
            "ra_num": self.ra_num,
            "ref_num2": self.ref_num2,
            "aux_ref_num": self.aux_ref_num,
            "memo_date": self.memo_date.isoformat(),
            "currency": self.currency,
            "lines": [line.as_json() for line in self.lines],
            "freight_amt": text(self.freight),
            "freight_tax_amt": text(self.freight_tax),
            "fee_amt": text(self.fee),
            "total_amt": text(self.total_amt),
        }
