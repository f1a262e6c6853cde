"""An item of a return."""

from __future__ import annotations

from dataclasses import dataclass

from app.demo.cents import fine
from app.demo.world import JsonObject, Line


@dataclass(slots=True)
class Goods:
    """An item of a return: units of one order line. `worth` is what was paid for them; `wants` what comes instead."""

    item_id: str
    sku: str
    qty: int
    worth: int
    reason: str
    line: Line | None = None
    status: str = "pending"
    wants: str | None = None
    wants_price: int | None = None
    came: int = 0

    @property
    def even(self) -> bool:
        """Whether what comes instead costs the same."""
        return self.wants is not None and self.wants_price is None

    def as_json(self) -> JsonObject:
        """Reveni's return item."""
        price = fine(self.worth, self.qty)
        exchange: JsonObject | None = None
        if self.wants is not None:
            wanted = price if self.wants_price is None else fine(self.wants_price)
            exchange = {"sku": self.wants, "quantity": self.qty, "price": wanted}
        return {
            "item_id": self.item_id,
            "sku": self.sku,
            "quantity": self.qty,
            "price": price,
            "status": self.status,
            "return_reason": self.reason,
            "reject_reason": "defect" if self.status == "rejected" else None,
            "exchange": exchange,
        }
