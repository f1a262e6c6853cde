"""The calls of the contract, one function each: a request in, an answer out. They raise Refusal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from app.sandbox.bluecherry.batches import Batch
from app.sandbox.bluecherry.document import NEVER, Document
from app.sandbox.bluecherry.erp import Erp
from app.sandbox.bluecherry.fields import Fields
from app.sandbox.bluecherry.refusal import Refusal
from app.sandbox.bluecherry.rules import RULES
from app.sandbox.bluecherry.shelf import Shelf
from app.sandbox.bluecherry.stock import count
from app.sandbox.http import Answer, Request, json_answer
from app.sandbox.json import Json, JsonObject, load_object, parse_rfc3339

# A call answers for the number that stands in its path ("" where there is none).
Call = Callable[[Request, str], Answer]
D = TypeVar("D", bound=Document)

_LOOKED_UP_AT_ONCE = 200  # SKUs and UPCs together
_ITEMS_A_PAGE = 500
_ROWS_A_PAGE = 100
_MOST_ROWS_A_PAGE = 1000


def body_of(request: Request) -> JsonObject:
    """The JSON object that was sent. Raises Refusal (400)."""
    try:
        return load_object(request.body)
    except ValueError:
        raise Refusal("BAD_REQUEST", "the body must be a JSON object") from None


class Calls:
    """Every call by its name: ``GET /sales_orders/{ord_num}``."""

    def __init__(self, erp: Erp) -> None:
        self._erp = erp
        self.by_name: dict[str, Call] = {
            "POST /items/lookup": self._items_lookup,
            "GET /items": self._items,
            "GET /sales_orders": self._orders,
            "GET /sales_orders/{ord_num}": self._order,
            "POST /sales_orders": self._create("sales_order", "ord_num", "ord_status"),
            "POST /sales_orders/{ord_num}/cancel": self._cancel_order,
            "GET /return_authorizations": self._ras,
            "GET /return_authorizations/{ra_num}": self._ra,
            "POST /return_authorizations": self._create("return_authorization", "ra_num", "ra_status"),
            "POST /return_authorizations/{ra_num}/cancel": self._change_ra("cancel"),
            "POST /return_authorizations/{ra_num}/close": self._change_ra("close"),
            "GET /inventory_journals": self._journals,
            "POST /inventory_journals": self._create("inventory_journal", "journal_num"),
            "GET /credit_memos": self._memos,
            "POST /credit_memos": self._create("credit_memo", "memo_num", "alloc_status"),
            "GET /batches": self._batches,
            "GET /batches/{batch_num}": self._batch,
            "POST /batches": self._take_batch,
            "GET /stock": self._stock,
            "GET /documents": self._documents,
            "GET /periods": self._periods,
        }

    def _create(self, kind: str, number: str, status: str | None = None) -> Call:
        def create(request: Request, _: str) -> Answer:
            document = self._erp.create(kind, body_of(request))
            answer: dict[str, Json] = {number: document.number}
            if status:
                answer[status] = document.status
            return json_answer(201, answer)

        return create

    def _change_ra(self, change: str) -> Call:
        def change_ra(_: Request, number: str) -> Answer:
            ra = self._erp.change_ra(number, change)
            return json_answer(200, {"ra_num": ra.number, "ra_status": ra.ra_status})

        return change_ra

    def _cancel_order(self, _: Request, number: str) -> Answer:
        order = self._erp.change_order(number, "cancel")
        return json_answer(200, {"ord_num": order.number, "ord_status": order.ord_status})

    def _items_lookup(self, request: Request, _: str) -> Answer:
        fields = Fields(body_of(request))
        division, skus, upcs = fields.text("division"), fields.strings("skus"), fields.strings("upcs")
        if len(skus) + len(upcs) > _LOOKED_UP_AT_ONCE:
            raise fields.bad("skus", f"and upcs must not be more than {_LOOKED_UP_AT_ONCE} together")
        found = self._erp.books.items.look_up(division, skus, upcs)
        rows = self._erp.garbled.rows("POST /items/lookup", "sku", (item.as_json() for item in found))
        return json_answer(200, {"items": rows})

    def _items(self, request: Request, _: str) -> Answer:
        page, then = self._erp.books.items.changed_since(
            _time(request, "changed_since"),
            request.query.get("division"),
            _cursor(request) or 0,
            _ITEMS_A_PAGE,
        )
        rows = self._erp.garbled.rows("GET /items", "sku", (item.as_json() for item in page))
        return json_answer(200, {"items": rows, "next": _next(then)})

    def _order(self, _: Request, number: str) -> Answer:
        return self._published(self._erp.books.order(number), "ORDER_NOT_FOUND")

    def _orders(self, request: Request, _: str) -> Answer:
        return self._find(request, self._erp.books.orders, "orders")

    def _ra(self, _: Request, number: str) -> Answer:
        return self._published(self._erp.books.ra(number), "RA_NOT_FOUND")

    @staticmethod
    def _published(document: Document, code: str) -> Answer:
        """A document by its number: there is no lag, but what a batch makes is nowhere before the batch is done."""
        if document.visible_at == NEVER:
            raise Refusal(code, f"there is no {document.number}")
        return json_answer(200, document.as_json())

    def _ras(self, request: Request, _: str) -> Answer:
        return self._find(request, self._erp.books.ras, "return_authorizations")

    def _journals(self, request: Request, _: str) -> Answer:
        return self._find(request, self._erp.books.journals, "inventory_journals")

    def _memos(self, request: Request, _: str) -> Answer:
        return self._find(request, self._erp.books.memos, "credit_memos")

    def _find(self, request: Request, shelf: Shelf[D], name: str) -> Answer:
        """The documents that bear the references of the query, as far as look-ups see them."""
        wanted = {key: value for key, value in request.query.items() if key in shelf.references()}
        if not wanted:
            raise Refusal("BAD_REQUEST", f"ask by {' or '.join(shelf.references())}", shelf.references()[0])
        found = self._erp.books.visible(shelf.find(**wanted), self._erp.now())
        return json_answer(200, {name: [document.as_json() for document in found]})

    def _take_batch(self, request: Request, _: str) -> Answer:
        return json_answer(202, {"batch_num": self._erp.take_batch(body_of(request)).number})

    def _batch(self, _: Request, number: str) -> Answer:
        if (batch := self._erp.batches.get(number)) is None:
            raise Refusal("NOT_FOUND", f"there is no batch {number}", "batch_num")
        return json_answer(200, self._as_told(batch))

    def _batches(self, request: Request, _: str) -> Answer:
        now = self._erp.now()
        found = [each for each in self._erp.batches.find(_asked(request, "batch_ref")) if each.visible_at <= now]
        return json_answer(200, {"batches": [self._as_told(batch) for batch in found]})

    def _as_told(self, batch: Batch) -> JsonObject:
        rows = self._erp.garbled.rows("GET /batches", "aux_ref_num", batch.told_results())
        return {**batch.header(), "results": rows}

    def _stock(self, request: Request, _: str) -> Answer:
        division, sku = _asked(request, "division"), _asked(request, "sku")
        return json_answer(200, count(self._erp.books.stock.of(division, sku, request.query.get("location"))))

    def _documents(self, request: Request, _: str) -> Answer:
        kind = request.query.get("type")
        if kind is not None and kind not in RULES:
            raise Refusal("BAD_REQUEST", f"type must be one of {', '.join(RULES)}", "type")
        limit = _whole(request, "limit")
        if limit is not None and not 0 < limit <= _MOST_ROWS_A_PAGE:
            raise Refusal("BAD_REQUEST", f"limit must be 1 to {_MOST_ROWS_A_PAGE}", "limit")
        page, then = self._erp.books.feed.page(
            kind, _time(request, "since"), _cursor(request), limit or _ROWS_A_PAGE, self._erp.now()
        )
        rows = self._erp.garbled.rows("GET /documents", "number", (document.feed_row() for document in page))
        return json_answer(200, {"documents": rows, "next": _next(then)})

    def _periods(self, _: Request, __: str) -> Answer:
        periods: list[JsonObject] = [
            {"period": each.period, "from": each.first.isoformat(), "to": each.last.isoformat(), "open": each.open}
            for each in self._erp.books.periods.values()
        ]
        return json_answer(200, {"periods": self._erp.garbled.rows("GET /periods", "period", periods)})


def _asked(request: Request, name: str) -> str:
    if not (value := request.query.get(name)):
        raise Refusal("BAD_REQUEST", f"{name} is required", name)
    return value


def _time(request: Request, name: str) -> datetime | None:
    if not (value := request.query.get(name)):
        return None
    try:
        return parse_rfc3339(value)
    except ValueError:
        raise Refusal("BAD_REQUEST", f"{name} must be a time, RFC 3339", name) from None


def _whole(request: Request, name: str) -> int | None:
    if not (value := request.query.get(name)):
        return None
    if not value.isascii() or not value.isdigit():
        raise Refusal("BAD_REQUEST", f"{name} must be a whole number", name)
    return int(value)


def _cursor(request: Request) -> int | None:
    """Cursors are places in a list that only grows; callers take them as they are."""
    if not (value := request.query.get("cursor")):
        return None
    digits = value.removeprefix("p")
    if digits == value or not (digits.isascii() and digits.isdigit()):
        raise Refusal("BAD_REQUEST", "cursor must be one that was given as next", "cursor")
    return int(digits)


def _next(place: int | None) -> str | None:
    return None if place is None else f"p{place}"
