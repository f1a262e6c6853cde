"""What all documents of BlueCherry have in common.

Amounts are Decimals with the currency's decimals; a document begins to exist when the books post it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import ClassVar

from app.sandbox.json import Json, JsonObject, rfc3339

NEVER = datetime.max.replace(tzinfo=UTC)


def text(amount: Decimal) -> str:
    """An amount as a decimal string, without exponent."""
    return format(amount, "f")


@dataclass(slots=True, kw_only=True)
class Document:
    """What all documents have: a number, when it was posted, and from when look-ups find it."""

    type: ClassVar[str]
    number: str = ""
    posted_at: datetime = NEVER
    visible_at: datetime = NEVER
    ord_num: str
    ra_num: str | None = None
    ref_num2: str | None
    aux_ref_num: str | None

    @property
    def status(self) -> str:
        """The state as BlueCherry writes it."""
        return "posted"

    @property
    def qty(self) -> int:
        """Units on all lines."""
        raise NotImplementedError

    @property
    def total(self) -> Decimal | None:
        """What the document is worth, or None where it has no amounts."""
        return None

    def as_json(self) -> dict[str, Json]:
        """The contract's shape."""
        raise NotImplementedError

    def feed_row(self) -> JsonObject:
        """The row of ``GET /documents``, as the document is now."""
        total = self.total
        return {
            "type": self.type,
            "number": self.number,
            "ord_num": self.ord_num,
            "ra_num": self.ra_num,
            "ref_num2": self.ref_num2,
            "aux_ref_num": self.aux_ref_num,
            "status": self.status,
            "qty": self.qty,
            "total_amt": None if total is None else text(total),
            "posted_at": rfc3339(self.posted_at),
        }


@dataclass(slots=True, kw_only=True)
class Amounts:
    """What a line is worth; the customer pays net + tax."""

    unit_price: Decimal
    gross: Decimal
    disc: Decimal
    net: Decimal
    tax: Decimal
