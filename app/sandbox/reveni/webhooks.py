"""Webhooks, sent in the background: signed, tried again, and lost, doubled or late as the plan asks."""

from __future__ import annotations

import asyncio
import contextlib
import random
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest

from app.sandbox.faults import FaultPlanError, number
from app.sandbox.json import Json, JsonObject, dump
from app.sandbox.reveni.signature import HEADER, sign
from app.sandbox.reveni.store import Return, Store

_AT_A_TIME = 16
_PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)  # seconds before each further try
_TIMEOUT = 10.0
_LAST_MOMENT = 1.0  # seconds that a delivery gets when the server ends


@dataclass(frozen=True, slots=True)
class WebhookPlan:
    """Shares (0 to 1) of the webhooks that are lost, sent twice, or late by so many seconds (least, most)."""

    lose: float = 0
    twice: float = 0
    late: float = 0
    late_seconds: tuple[float, float] = (1, 5)
    seed: int = 0

    @classmethod
    def from_json(cls, body: JsonObject) -> WebhookPlan:
        """A plan out of its JSON. Raises FaultPlanError."""
        bounds = body.get("late_seconds")
        if bounds is None:
            bounds = [1, 5]
        if not isinstance(bounds, list) or len(bounds) != 2:
            raise FaultPlanError("late_seconds must be [least, most]")
        least, most = (number({"late_seconds": each}, "late_seconds", 0) for each in bounds)
        return cls(
            lose=number(body, "lose", 0),
            twice=number(body, "twice", 0),
            late=number(body, "late", 0),
            late_seconds=(least, most),
            seed=int(number(body, "seed", 0)),
        )

    def as_json(self) -> dict[str, Json]:
        """The plan as it was posted."""
        return {
            "lose": self.lose,
            "twice": self.twice,
            "late": self.late,
            "late_seconds": list(self.late_seconds),
        }


@dataclass(frozen=True, slots=True)
class _Delivery:
    store: Store
    url: str
    body: bytes


class Webhooks:
    """Sends events to the subscribers of a store, and counts what became of them."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._places = asyncio.Semaphore(_AT_A_TIME)
        self._forgotten = asyncio.Event()
        self._client = AsyncHTTPClient(
            force_instance=True, max_clients=_AT_A_TIME, defaults={"request_timeout": _TIMEOUT}
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._late: dict[asyncio.TimerHandle, _Delivery] = {}
        self.follow(WebhookPlan())

    def follow(self, plan: WebhookPlan) -> None:
        """Replaces the plan, and begins to count anew."""
        self.plan = plan
        self._random = random.Random(plan.seed)
        self._counts: Counter[str] = Counter()
        self._answered: Counter[str] = Counter()

    def counts(self) -> dict[str, Json]:
        """Webhooks sent (each copy once, however often tried), lost, twice, late, pending, and how they ended."""
        return {
            **{name: self._counts[name] for name in ("sent", "lost", "twice", "late", "unreachable", "given_up")},
            "pending": len(self._tasks) + len(self._late),
            "answered": dict(self._answered),
        }

    def announce(self, store: Store, event: str, about: Return) -> None:
        """Tells the subscribers that a return changed, in the way that the plan asks for."""
        body = dump(_envelope(event, about, self._now()))
        for subscription in store.subscriptions.values():
            if event not in subscription.event_types:
                continue
            delivery = _Delivery(store, subscription.url, body)
            if self._random.random() < self.plan.lose:
                self._counts["lost"] += 1
                continue
            self._release(delivery)
            if self._random.random() < self.plan.twice:
                self._counts["twice"] += 1
                self._release(delivery)

    def flush(self) -> int:
        """Sends now what is late, and says how many that were."""
        late = list(self._late.items())
        for timer, delivery in late:
            timer.cancel()
            del self._late[timer]
            self._send(delivery)
        return len(late)

    def forget(self) -> None:
        """Drops what is late, and tries nothing again that is under way now."""
        for timer in self._late:
            timer.cancel()
        self._late.clear()
        self._forgotten.set()
        self._forgotten = asyncio.Event()

    async def close(self) -> None:
        """Stops sending: what is under way gets a moment to end, nothing is tried again."""
        self.forget()
        under_way = list(self._tasks)
        if under_way:
            _, slow = await asyncio.wait(under_way, timeout=_LAST_MOMENT)
            for task in slow:
                task.cancel()
            await asyncio.gather(*slow, return_exceptions=True)
        self._client.close()

    def _release(self, delivery: _Delivery) -> None:
        if self._random.random() >= self.plan.late:
            self._send(delivery)
            return
        self._counts["late"] += 1

        def send() -> None:
            del self._late[timer]
            self._send(delivery)

        timer = asyncio.get_running_loop().call_later(self._random.uniform(*self.plan.late_seconds), send)
        self._late[timer] = delivery

    def _send(self, delivery: _Delivery) -> None:
        self._counts["sent"] += 1
        task = asyncio.get_running_loop().create_task(self._deliver(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, delivery: _Delivery) -> None:
        forgotten = self._forgotten
        for pause in (*_PAUSES, None):
            async with self._places:
                status = await self._try(delivery)
            if status is not None and status < 500 and status != 429:
                return
            if pause is None:
                self._counts["given_up"] += 1
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(forgotten.wait(), pause)
            if forgotten.is_set():
                return

    async def _try(self, delivery: _Delivery) -> int | None:
        """The status that the subscriber answered, None when it could not be reached."""
        at = f"{self._now().timestamp():.6f}"
        headers = {"Content-Type": "application/json", HEADER: sign(delivery.store.keys, at, delivery.body)}
        request = HTTPRequest(delivery.url, "POST", headers, delivery.body, connect_timeout=_TIMEOUT)
        try:
            response = await self._client.fetch(request, raise_error=False)
        except (HTTPClientError, OSError):
            self._counts["unreachable"] += 1
            return None
        self._answered[str(response.code)] += 1
        return response.code


def _envelope(event: str, about: Return, at: datetime) -> dict[str, Json]:
    try:
        amount = format(Decimal(str(about.body.get("amount"))), ".4f")
    except InvalidOperation:
        amount = "0.0000"
    return {
        "id": uuid.uuid4().hex,
        "event": event,
        "created": int(at.timestamp()),
        "data": {
            "amount": amount,
            "status": about.body.get("status"),
            "currency": about.body.get("currency"),
            "resource": "return",
            "resource_id": about.id,
        },
    }
