"""BlueCherry twice: the small rules of these tests, and the sandbox's books, which were written apart from them.

Each document goes out in the very JSON that the bridge would send. The two must agree in what they refuse, and in what
their books say afterwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import cast

from app.bluecherry import bodies
from app.domain.documents import Amounts, Document
from app.domain.model import MemoOnOrder, Order, Personal
from app.domain.policy import Kind
from app.sandbox.bluecherry.erp import Erp
from app.sandbox.bluecherry.refusal import Refusal
from app.sandbox.json import JsonObject
from app.sandbox.tape import Tape
from app.services.ledger.sending import Parcel, body_of
from tests.unit.domain import build
from tests.unit.domain.bluecherry import BlueCherry, Refused

_TYPES = {
    Kind.RETURN_AUTHORISATION: "return_authorization",
    Kind.INVENTORY_JOURNAL: "inventory_journal",
    Kind.CREDIT_MEMO: "credit_memo",
    Kind.EXCHANGE_ORDER: "sales_order",
}
_LOCATIONS = ["MAD01", "MADQ", "LYO01", "LYOQ", "LYOB", "SECONDS", "REJ", "MENDED"]
_SKUS = ["X", "Y", "FREE", "NEW", "STRANGE"]
_ADDRESS = {"name": "Jane Doe", "street": "Calle Mayor 1", "city": "Madrid"}


class BothBlueCherrys(BlueCherry):
    """The small rules and the sandbox, side by side. `numbers`: the sandbox's number of each document, by key."""

    def __init__(self, *orders: Order) -> None:
        super().__init__(*orders)
        self.numbers: dict[str, str] = {}
        self.erp = Erp(Tape(None), lambda: build.NOW, lambda _seconds, _call: None)
        self.erp.seed(
            {
                "items": [{"division": "010", "sku": sku, "upc": f"upc-{sku}"} for sku in _SKUS],
                "locations": list(_LOCATIONS),
                "reasons": ["SZ", "DA"],
                "periods": [{"period": "always", "from": "2000-01-01", "to": "2999-12-31", "open": True}],
                "orders": [_order(order) for order in orders],
            }
        )

    def make(self, document: Document, amounts: Amounts | None, return_id: str) -> None:
        """Both take the document, or both refuse it for the same reason."""
        in_sandbox = self._refused(lambda: self._post(document, amounts, return_id))
        here: Refused | None = None
        try:
            super().make(document, amounts, return_id)
        except Refused as refusal:
            here = refusal
        assert in_sandbox == (str(here) if here else None), f"{document} is refused by one, with {in_sandbox or here}"
        if here is not None:
            raise here

    def by_hand(self, memo: MemoOnOrder, ord_num: str) -> None:
        """Somebody types a memo in: both take it, or both refuse it."""
        in_sandbox = self._refused(lambda: self.erp.memo_by_hand(self._hand_memo(memo, ord_num)))
        here: Refused | None = None
        try:
            super().by_hand(memo, ord_num)
        except Refused as refusal:
            here = refusal
        assert (in_sandbox is None) == (here is None), f"{memo} is refused by one, with {in_sandbox or here}"
        if here is not None:
            raise here

    def ship(self, key: str) -> None:
        """An open exchange order is shipped and invoiced."""
        super().ship(key)
        self.erp.change_order(self.numbers[key], "invoice")

    def number_of(self, key: str) -> str:
        """The number under which an exchange order stands."""
        return self.numbers[key]

    def compare(self) -> None:
        """Both books say the same of stock, authorisations, memos and exchange orders."""
        books = self.erp.books
        stock: Counter[tuple[str, str, str | None]] = Counter()
        for row in books.stock.rows():
            movements = cast(dict[str, int], row["movements"])
            units = movements.get("RT", 0) + movements.get("SA", 0)
            stock[str(row["sku"]), str(row["location"]), cast(str, row["lot"]) or None] += units
        assert {k: n for k, n in stock.items() if n} == {k: n for k, n in self.stock.items() if n}
        assert {ra.aux_ref_num: ra.ra_status for ra in books.ras} == {key: ra.status for key, ra in self.ras.items()}
        made = {order.aux_ref_num: order.ord_status for order in books.orders if order.aux_ref_num}
        assert made == self.exchange_status
        credited: Counter[tuple[str, str, object]] = Counter()
        for each in books.memos:
            credited[each.ord_num, each.aux_ref_num or "", each.total_amt] += 1
        ours = Counter((num, memo.aux_ref_num or "", memo.total.amount) for num, memo in self.memos.values())
        assert credited == ours

    @staticmethod
    def _refused(call: Callable[[], object]) -> str | None:
        try:
            call()
        except Refusal as refusal:
            return refusal.code
        return None

    def _post(self, document: Document, amounts: Amounts | None, return_id: str) -> None:
        target = self.numbers.get(document.source or "", "")
        match document.kind:
            case Kind.RA_CANCEL:
                self.erp.change_ra(target, "cancel")
            case Kind.RA_CLOSE:
                self.erp.change_ra(target, "close")
            case Kind.ORDER_CANCEL:
                self.erp.change_order(target, "cancel")
            case Kind.VERDICT:
                return
            case kind:
                body = bodies.body_of(body_of(self._parcel(document, amounts, return_id)))
                made = self.erp.create(_TYPES[kind], cast(JsonObject, body))
                self.numbers[document.key] = made.number

    def _parcel(self, document: Document, amounts: Amounts | None, return_id: str) -> Parcel:
        ra_num = next((self.numbers[key] for key in document.after if key in self.numbers), None)
        return Parcel(
            row_id=0,
            return_pk=0,
            store="es",
            document=document,
            amounts=amounts,
            order=self.orders[document.ord_num],
            ret=build.ret(return_id=return_id),
            personal=Personal(ship_to=dict(_ADDRESS)),
            ra_num=ra_num,
            target=None,
            date=build.NOW.date(),
            lease_until=build.NOW,
            shadow=False,
        )

    def _hand_memo(self, memo: MemoOnOrder, ord_num: str) -> JsonObject:
        order = self.orders[ord_num]
        nothing = str(memo.freight)
        return {
            "ord_num": ord_num,
            "ra_num": None,
            "ref_num2": memo.ref_num2,
            "memo_date": "2026-03-01",
            "currency": order.currency,
            "lines": [
                {
                    "ord_line_seq": part.ord_line_seq,
                    "sku": order.line(part.ord_line_seq).sku,
                    "qty": part.qty,
                    "unit_price": bodies.price(order.line(part.ord_line_seq).unit_price, order.currency),
                    "gross_amt": str(part.net + part.disc),
                    "disc_amt": str(part.disc),
                    "net_amt": str(part.net),
                    "tax_code": "IVA",
                    "tax_amt": str(part.tax),
                }
                for part in memo.lines
            ],
            "freight_amt": nothing,
            "freight_tax_amt": nothing,
            "fee_amt": nothing,
            "total_amt": str(memo.total),
        }


def _order(order: Order) -> JsonObject:
    return {
        "ord_num": order.ord_num,
        "ref_num1": order.ref_num1,
        "division": order.division,
        "customer": order.customer,
        "store": order.store,
        "ord_type": order.ord_type,
        "ord_date": "2026-02-01",
        "ord_status": order.ord_status,
        "currency": order.currency,
        "freight_amt": str(order.freight),
        "freight_tax_amt": str(order.freight_tax),
        "ship_to": dict(_ADDRESS),
        "location": "MAD01",
        "lines": [
            {
                "line_seq": line.line_seq,
                "sku": line.sku,
                "upc": line.upc,
                "qty_ord": line.qty_ord,
                "qty_inv": line.qty_inv,
                "unit_price": bodies.price(line.unit_price, order.currency),
                "gross_amt": str(line.gross),
                "disc_amt": str(line.disc),
                "net_amt": str(line.net),
                "tax_code": line.tax_code,
                "tax_rate": format(line.tax_rate, "f"),
                "tax_amt": str(line.tax),
            }
            for line in order.lines
        ],
    }
