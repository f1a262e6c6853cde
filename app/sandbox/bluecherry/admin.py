"""The sandbox's own calls under ``/_sandbox``: filling it, breaking it, and reading its books. Local callers only."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable
from datetime import timedelta

from app.sandbox.bluecherry.calls import body_of
from app.sandbox.bluecherry.document import Document
from app.sandbox.bluecherry.erp import Erp
from app.sandbox.bluecherry.fields import Fields
from app.sandbox.bluecherry.garbled import Garbled
from app.sandbox.bluecherry.refusal import Refusal
from app.sandbox.faults import FaultPlan, FaultPlanError, Faults, number
from app.sandbox.http import Answer, Request, json_answer
from app.sandbox.json import Json, rfc3339


class Admin:
    """Answers what stands under ``/_sandbox``."""

    def __init__(self, erp: Erp, faults: Faults) -> None:
        self._erp = erp
        self._faults = faults
        self._calls: dict[str, Callable[[Request], Answer]] = {
            "POST /_sandbox/seed": self._seed,
            "POST /_sandbox/faults": self._set_faults,
            "GET /_sandbox/faults": self._get_faults,
            "GET /_sandbox/books": self._books,
            "POST /_sandbox/reset": self._reset,
        }

    def answer(self, request: Request) -> Answer:
        """Carries one of the calls out. Raises Refusal."""
        if not request.local:
            raise Refusal("FORBIDDEN", "only callers on this machine may ask for this")
        if call := self._calls.get(f"{request.method} {request.path}"):
            return call(request)
        match [request.method, *request.parts]:
            case ["POST", _, "orders", ord_num, "invoice"]:
                return json_answer(200, self._erp.change_order(ord_num, "invoice").as_json())
            case _:
                raise Refusal("NOT_FOUND", f"there is no {request.method} {request.path}")

    def _seed(self, request: Request) -> Answer:
        body = body_of(request)
        fields = Fields(body)
        memos = fields.objects("credit_memos", empty=True) if fields.has("credit_memos") else []
        self._erp.seed({name: part for name, part in body.items() if name != "credit_memos"})
        for memo in memos:
            self._erp.memo_by_hand(memo.body)
        # What is seeded stays: the collector need not look at it again and again while calls wait.
        gc.freeze()
        books = self._erp.books
        return json_answer(
            200, {"items": len(books.items), "orders": len(books.orders), "credit_memos": len(books.memos)}
        )

    def _set_faults(self, request: Request) -> Answer:
        body = body_of(request)
        try:
            plan = FaultPlan.from_json(body)
            lag, seconds = number(body, "lookup_lag_seconds", 0), number(body, "batch_seconds", 0.5)
            garbled = Garbled(body.get("garbled"))
        except FaultPlanError as error:
            raise Refusal("BAD_REQUEST", str(error)) from error
        self._faults.follow(plan)
        self._erp.garbled = garbled
        self._erp.books.lag = timedelta(seconds=lag)
        self._erp.batches.seconds = seconds
        return self._get_faults(request)

    def _get_faults(self, _: Request) -> Answer:
        plan: dict[str, Json] = {
            **self._faults.plan.as_json(),
            "lookup_lag_seconds": self._erp.books.lag.total_seconds(),
            "batch_seconds": self._erp.batches.seconds,
            "garbled": self._erp.garbled.as_json(),
        }
        return json_answer(200, {"plan": plan, "made": dict(self._faults.made)})

    def _reset(self, _: Request) -> Answer:
        self._erp.reset()
        self._faults.follow(FaultPlan())
        self._erp.garbled = Garbled()
        self._erp.books.lag, self._erp.batches.seconds = timedelta(), 0.5
        return json_answer(200, {})

    def _books(self, _: Request) -> Answer:
        books = self._erp.books
        shelves: dict[str, Iterable[Document]] = {
            "return_authorisations": books.ras,
            "inventory_journals": books.journals,
            "credit_memos": books.memos,
            "sales_orders": books.orders,
        }
        documents: dict[str, Json] = {
            name: [{**each.as_json(), "posted_at": rfc3339(each.posted_at)} for each in shelf]
            for name, shelf in shelves.items()
        }
        return json_answer(
            200,
            {
                **documents,
                "stock": list(books.stock.rows()),
                "calls": dict(self._erp.calls),
                "refusals": list(self._erp.refusals),
            },
        )
