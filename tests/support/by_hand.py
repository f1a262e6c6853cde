"""A clerk who enters documents of returns into BlueCherry by hand, and the orders and refunds of a day to enter."""

from __future__ import annotations

from itertools import count
from typing import Any

from tests.support.scene import Scene, item
from tests.unit.sandbox.world import (
    Body,
    exchange,
    journal,
    journal_line,
    memo,
    memo_line,
    order_line,
    ra,
    ra_line,
    sale,
)

DAY = "2026-01-02"
PAPER = "paper"
"""What a clerk writes who does not know the return's id."""


class Clerk:
    """Enters documents of returns by hand; BlueCherry must take each of them."""

    def __init__(self, scene: Scene, *, reference: bool = True) -> None:
        self._scene = scene
        self._reference = reference
        self._numbers = count(1)

    def refund(self, return_id: str, units: int = 1, *, memo_too: bool = True, cents_off: int = 0) -> None:
        """All documents of a refund of 0001, the memo perhaps forgotten, or wrong by some cents."""
        ra_num = self.authorise(return_id, units)
        names = self._names(return_id)
        self._enter("inventory_journals", journal(ra_num, journal_line(qty=units), **names, journal_date=DAY))
        if memo_too:
            self.credit(return_id, units, ra_num=ra_num, cents_off=cents_off)

    def authorise(self, return_id: str, units: int = 1) -> str:
        """A return authorisation; its number."""
        answer = self._enter("return_authorizations", ra(ra_line(qty=units), **self._names(return_id)))
        return str(answer["ra_num"])

    def credit(self, return_id: str, units: int = 1, *, cents_off: int = 0, **changes: Any) -> str:
        """A credit memo for units of 0001; its number."""
        net, tax = 900 * units - cents_off, 189 * units
        line = memo_line(units, net_amt=f"{net / 100:.2f}", gross_amt=f"{(net + 100 * units) / 100:.2f}")
        names = self._names(return_id) | changes
        body = memo(line, total_amt=f"{(net + tax) / 100:.2f}", **names, memo_date=DAY)
        return str(self._enter("credit_memos", body)["memo_num"])

    def exchange(self, return_id: str) -> None:
        """An even exchange order for 0004."""
        nothing = dict.fromkeys(("gross_amt", "disc_amt", "net_amt", "tax_amt", "unit_price"), "0.00")
        names = self._names(return_id)
        body = exchange(order_line(1, "0004", 1, **nothing), **names, orig_ord_num=names["ord_num"])
        self._enter("sales_orders", {key: value for key, value in body.items() if key != "ord_num"})

    def call(self, path: str) -> None:
        """A change of a document that stands."""
        assert self._scene.bluecherry.call("POST", path, {}).status_code == 200

    def _names(self, return_id: str) -> Body:
        return {
            "ord_num": f"O-{return_id}",
            "ref_num2": return_id if self._reference else PAPER,
            "aux_ref_num": f"typed-in-{next(self._numbers)}",
        }

    def _enter(self, path: str, body: Body) -> dict[str, Any]:
        answer = self._scene.bluecherry.call("POST", f"/{path}", body)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found


def sell(scene: Scene, name: str, **changes: Any) -> None:
    """The order of a return: 3 × 0001."""
    scene.seed(orders=[sale(f"O-{name}", ref_num1=f"6-{name}", lines=[order_line(1, "0001", 3)], **changes)])


def refund(scene: Scene, return_id: str, units: int = 1, **changes: Any) -> None:
    """A refund of 0001 that comes back and is accepted."""
    sell(scene, return_id)
    scene.ask(return_id, item("0001", units), **{"order": {"external_id": f"6-{return_id}"}} | changes)
    scene.arrive(f"w-{return_id}", {"0001": units}, return_id=return_id)
    scene.accept(return_id)
