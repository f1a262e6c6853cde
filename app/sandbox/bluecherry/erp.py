"""BlueCherry as a whole: every change to its books, taped so that the next run knows it too."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from app.sandbox.bluecherry.batches import Batch, Batches
from app.sandbox.bluecherry.books import Books
from app.sandbox.bluecherry.document import Document
from app.sandbox.bluecherry.fields import Fields
from app.sandbox.bluecherry.garbled import Garbled
from app.sandbox.bluecherry.orders import Order
from app.sandbox.bluecherry.refusal import Refusal
from app.sandbox.bluecherry.returns import Ra
from app.sandbox.bluecherry.rules import RULES
from app.sandbox.bluecherry.rules.memo import memo_by_hand
from app.sandbox.bluecherry.seed import Seed
from app.sandbox.json import Json, JsonObject, rfc3339
from app.sandbox.tape import Tape

T = TypeVar("T")
_REFUSALS_KEPT = 20_000
_ORDER_CHANGES: dict[str, Callable[[Books, Order], None]] = {"cancel": Books.cancel_order, "invoice": Books.invoice}
_RA_CHANGES: dict[str, Callable[[Ra], None]] = {"cancel": Books.cancel_ra, "close": Books.close_ra}


class Erp:
    """Books, batches and what was asked of them. Every change raises Refusal when it may not be."""

    def __init__(
        self,
        tape: Tape,
        now: Callable[[], datetime],
        later: Callable[[float, Callable[[], None]], object],
        *,
        inactive_returnable: bool = False,
    ) -> None:
        self._tape = tape
        self.now = now
        self._later = later
        self._inactive_returnable = inactive_returnable
        self.garbled = Garbled()
        changes: dict[str, Callable[[JsonObject, datetime], object]] = {
            "create": self._create,
            "order": self._change_order,
            "ra": self._change_ra,
            "batch": self._take_batch,
            "batch_document": self._work,
            "batch_done": self._finish,
            "seed": self._seed,
            "memo_by_hand": self._memo_by_hand,
        }
        self._begin()
        tape.replay(changes, (Refusal,))
        self.batches.start_unfinished()

    def _begin(self) -> None:
        self.books = Books(inactive_returnable=self._inactive_returnable)
        self.calls: Counter[str] = Counter()
        self.refusals: deque[JsonObject] = deque(maxlen=_REFUSALS_KEPT)
        self.batches = Batches(
            self._later,
            work=lambda batch: self._do("batch_document", self._work, {"batch": batch.number}),
            finish=lambda batch: self._do("batch_done", self._finish, {"batch": batch.number}),
        )

    def reset(self) -> None:
        """Forgets everything, on the tape too."""
        self._tape.wipe()
        self.batches.stop()
        lag, seconds = self.books.lag, self.batches.seconds
        self._begin()
        self.books.lag, self.batches.seconds = lag, seconds

    def create(self, kind: str, body: JsonObject) -> Document:
        """Posts a document of a type that a batch may name."""
        return self._do("create", self._create, {"kind": kind, "body": body})

    def change_order(self, number: str, change: str) -> Order:
        """`cancel` or `invoice` an order."""
        return self._do("order", self._change_order, {"number": number, "change": change})

    def change_ra(self, number: str, change: str) -> Ra:
        """`cancel` or `close` a return authorisation."""
        return self._do("ra", self._change_ra, {"number": number, "change": change})

    def take_batch(self, body: JsonObject) -> Batch:
        """Takes a batch in; it is worked off later."""
        batch = self._do("batch", self._take_batch, {"body": body})
        self.batches.start(batch)
        return batch

    def seed(self, body: JsonObject) -> None:
        """Adds items, locations, reasons, periods, orders and stock: all of them or, when one is bad, none."""
        self._do("seed", self._seed, {"body": body})

    def memo_by_hand(self, body: JsonObject) -> Document:
        """Posts a memo that somebody typed into BlueCherry."""
        return self._do("memo_by_hand", self._memo_by_hand, {"body": body})

    def refuse(self, call: str, refusal: Refusal, reference: Json) -> None:
        """Writes down that a call was refused."""
        self.refusals.append(
            {
                "at": rfc3339(self.now()),
                "call": call,
                "code": refusal.code,
                "message": refusal.message,
                "aux_ref_num": reference if isinstance(reference, str) else None,
            }
        )

    def _do(self, name: str, change: Callable[[JsonObject, datetime], T], arguments: dict[str, Json]) -> T:
        at = self.now()
        result = change(arguments, at)
        self._tape.append({"do": name, "at": rfc3339(at), **arguments})
        return result

    def _create(self, change: JsonObject, at: datetime) -> Document:
        document = RULES[_text(change, "kind")](self.books, _body(change))
        self.books.post(document)
        self.books.publish(document, at)
        return document

    def _change_order(self, change: JsonObject, _: datetime) -> Order:
        order = self.books.order(_text(change, "number"))
        _ORDER_CHANGES[_text(change, "change")](self.books, order)
        return order

    def _change_ra(self, change: JsonObject, _: datetime) -> Ra:
        ra = self.books.ra(_text(change, "number"))
        _RA_CHANGES[_text(change, "change")](ra)
        return ra

    def _take_batch(self, change: JsonObject, at: datetime) -> Batch:
        batch = Batch.read(self.batches.next_number(), _body(change), at + self.books.lag)
        self.batches.add(batch)
        return batch

    def _work(self, change: JsonObject, _: datetime) -> None:
        batch = self._batch(change)
        kind, body = batch.documents[len(batch.results)]
        try:
            document = RULES[kind](self.books, Fields(body))
        except Refusal as refusal:
            batch.record(kind, body, None, refusal)
            self.refuse("POST /batches", refusal, body.get("aux_ref_num"))
            return
        self.books.post(document)
        batch.posted.append(document)
        batch.record(kind, body, document.number, None)

    def _finish(self, change: JsonObject, at: datetime) -> None:
        batch = self._batch(change)
        batch.status = "done"
        for document in batch.posted:
            self.books.publish(document, at)

    def _batch(self, change: JsonObject) -> Batch:
        number = _text(change, "batch")
        if (batch := self.batches.get(number)) is None:
            raise Refusal("NOT_FOUND", f"there is no batch {number}", "batch_num")
        return batch

    def _seed(self, change: JsonObject, at: datetime) -> None:
        Seed.read(_body(change)).plant(self.books, at)

    def _memo_by_hand(self, change: JsonObject, at: datetime) -> Document:
        memo = memo_by_hand(self.books, _body(change))
        self.books.post(memo)
        self.books.publish(memo, at, lagging=False)
        return memo


def _text(change: JsonObject, name: str) -> str:
    return Fields(change).text(name)


def _body(change: JsonObject) -> Fields:
    body = change.get("body")
    if not isinstance(body, dict):
        raise Refusal("BAD_REQUEST", "the body must be a JSON object")
    return Fields(body)
