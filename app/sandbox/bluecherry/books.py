"""BlueCherry's books: every document, the stock, and what each posting does to them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

from app.sandbox.bluecherry.document import NEVER, Document
from app.sandbox.bluecherry.items import ItemMaster
from app.sandbox.bluecherry.orders import Order
from app.sandbox.bluecherry.refusal import Refusal
from app.sandbox.bluecherry.returns import Journal, Memo, Ra
from app.sandbox.bluecherry.shelf import Shelf
from app.sandbox.bluecherry.stock import Place, Stock

D = TypeVar("D", bound=Document)


@dataclass(frozen=True, slots=True)
class Period:
    """A period of accounts, both days included; memos are posted into open ones only."""

    period: str
    first: date
    last: date
    open: bool


class Feed:
    """Documents by the time of their posting, all together and by type."""

    def __init__(self) -> None:
        self._rows: dict[str | None, list[Document]] = {None: []}

    def append(self, document: Document) -> None:
        """The newest document."""
        self._rows[None].append(document)
        self._rows.setdefault(document.type, []).append(document)

    def page(
        self, kind: str | None, since: datetime | None, start: int | None, limit: int, now: datetime
    ) -> tuple[list[Document], int | None]:
        """At most `limit` documents from a place on, and the place to go on from (None: the end).

        The feed ends before the first document that look-ups do not find yet: what came after it must not carry a
        reader past it.
        """
        rows = self._rows.get(kind, [])
        if start is None:
            start = bisect_left(rows, since, key=lambda row: row.posted_at) if since else 0
        page: list[Document] = []
        for place in range(start, len(rows)):
            if rows[place].visible_at > now:
                return page, None
            if len(page) == limit:
                return page, place
            page.append(rows[place])
        return page, None


class Books:
    """The state of the sandbox. What may be posted is decided by the rules, before."""

    def __init__(self, *, inactive_returnable: bool = False) -> None:
        self.inactive_returnable = inactive_returnable
        self.lag = timedelta()
        self.items = ItemMaster()
        self.locations: dict[str, None] = {}
        self.reasons: set[str] = set()
        self.periods: dict[str, Period] = {}
        self.stock = Stock()
        self.feed = Feed()
        self._posted_last = datetime.min.replace(tzinfo=NEVER.tzinfo)
        self.orders: Shelf[Order] = Shelf(
            600_000_001, {"ref_num1": lambda order: order.ref_num1, "aux_ref_num": lambda order: order.aux_ref_num}
        )
        self.ras: Shelf[Ra] = Shelf(
            700_000_001,
            {
                "ref_num2": lambda ra: ra.ref_num2,
                "aux_ref_num": lambda ra: ra.aux_ref_num,
                "ord_num": lambda ra: ra.ord_num,
            },
        )
        self.journals: Shelf[Journal] = Shelf(800_000_001, {"aux_ref_num": lambda journal: journal.aux_ref_num})
        self.memos: Shelf[Memo] = Shelf(
            900_000_001, {"aux_ref_num": lambda memo: memo.aux_ref_num, "ord_num": lambda memo: memo.ord_num}
        )

    def order(self, ord_num: str) -> Order:
        """The order of a number. Raises Refusal (404 ORDER_NOT_FOUND)."""
        if (order := self.orders.get(ord_num)) is None:
            raise Refusal("ORDER_NOT_FOUND", f"there is no order {ord_num}", "ord_num")
        return order

    def ra(self, ra_num: str) -> Ra:
        """The return authorisation of a number. Raises Refusal (404 RA_NOT_FOUND)."""
        if (ra := self.ras.get(ra_num)) is None:
            raise Refusal("RA_NOT_FOUND", f"there is no return authorisation {ra_num}", "ra_num")
        return ra

    def period_of(self, day: date) -> Period | None:
        """The period that a day is in."""
        return next((each for each in self.periods.values() if each.first <= day <= each.last), None)

    def visible(self, documents: Iterable[D], now: datetime) -> list[D]:
        """What a look-up finds by now."""
        return [each for each in documents if each.visible_at <= now]

    def post(self, document: Document) -> None:
        """Makes a document that the rules let through: numbers it and does to stock and RA what it says.

        It is in no look-up until it is published.
        """
        match document:
            case Ra():
                self.ras.add(document)
                document.ra_num = document.number
            case Journal():
                self.journals.add(document)
                self._receive(document)
            case Memo():
                self.memos.add(document)
            case Order():
                self.orders.add(document)
                document.ord_num = document.number
                self._take(document)
            case _:
                raise TypeError(f"no shelf for {document.type}")

    def publish(self, document: Document, at: datetime, *, lagging: bool = True) -> None:
        """Puts a posted document into look-ups and feed: after the lag, or at once."""
        document.posted_at = self._posted_last = max(at, self._posted_last)
        document.visible_at = at + self.lag if lagging else at
        self.feed.append(document)

    def cancel_order(self, order: Order) -> None:
        """Cancels an open order: its units are open no longer. Raises Refusal (409 ORDER_SHIPPED)."""
        if order.ord_status == "I" or any(line.qty_inv for line in order.lines.values()):
            raise Refusal("ORDER_SHIPPED", f"order {order.number} is invoiced", "ord_num")
        if order.ord_status == "O":
            self._order_moves(order, "OP", -1)
            order.ord_status = "X"

    def invoice(self, order: Order) -> None:
        """Ships an open order whole: its open units become invoiced ones. Raises Refusal (400) for a cancelled one."""
        if order.ord_status == "X":
            raise Refusal("BAD_REQUEST", f"order {order.number} is cancelled", "ord_num")
        if order.ord_status == "O":
            self._order_moves(order, "OP", -1)
            order.ord_status = "I"
            for line in order.lines.values():
                line.qty_inv = line.qty_ord
            self._order_moves(order, "IN", 1)

    @staticmethod
    def cancel_ra(ra: Ra) -> None:
        """Cancels an RA of which nothing came. Raises Refusal (409 RA_RECEIVED)."""
        if ra.ra_status not in "AX":
            raise Refusal("RA_RECEIVED", f"return authorisation {ra.number} is {ra.ra_status}", "ra_num")
        ra.ra_status = "X"

    @staticmethod
    def close_ra(ra: Ra) -> None:
        """Closes an RA: what did not come may be authorised anew. Raises Refusal (409 RA_CANCELLED)."""
        if ra.ra_status == "X":
            raise Refusal("RA_CANCELLED", f"return authorisation {ra.number} is cancelled", "ra_num")
        ra.ra_status = "C"

    def _receive(self, journal: Journal) -> None:
        for line in journal.lines:
            self.stock.move(Place(journal.division, line.sku, line.location, line.lot or ""), line.rec_type, line.qty)
        for ra_line, units in journal.received:
            ra_line.qty_rcv += units
        if journal.received and journal.ra_num is not None:
            ra = self.ra(journal.ra_num)
            # A closed one stays closed, whatever still comes.
            if ra.ra_status != "C":
                ra.ra_status = "P" if any(line.open for line in ra.lines) else "R"

    def _take(self, order: Order) -> None:
        if not order.location:
            original = self.orders.get(order.orig_ord_num or "")
            order.location = original.location if original else next(iter(self.locations), "")
        if order.ord_status == "O":
            self._order_moves(order, "OP", 1)
        elif order.ord_status == "I":
            self._order_moves(order, "IN", 1)

    def _order_moves(self, order: Order, rec_type: str, sign: int) -> None:
        for line in order.lines.values():
            units = line.qty_inv if rec_type == "IN" else line.qty_ord
            self.stock.move(Place(order.division, line.sku, order.location), rec_type, sign * units)
