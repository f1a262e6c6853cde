"""A merchant's store in Reveni: its keys, subscriptions and returns."""

from __future__ import annotations

import uuid
from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import datetime

from app.sandbox.json import Json, JsonObject, parse_rfc3339, rfc3339

EVENTS = ("return.created", "return.updated")
_PAGE = 100
_JUDGED = frozenset({"accepted", "rejected"})


class BadRequest(ValueError):
    """What was sent cannot be taken; the message says why."""


class NotFound(LookupError):
    """There is no such thing; the message names it."""


@dataclass(slots=True)
class Subscription:
    """Who is told of which events."""

    id: str
    url: str
    event_types: list[str]

    def as_json(self) -> dict[str, Json]:
        """As Reveni answers it."""
        return {"id": self.id, "url": self.url, "event_types": list(self.event_types)}


@dataclass(slots=True)
class Return:
    """A return as it was put here, and the items of which a part was accepted and a part rejected."""

    id: str
    body: dict[str, Json]
    mixed: set[str | int] = field(default_factory=set)

    @property
    def updated(self) -> str:
        """When it changed last, written so that texts sort as times do. Raises ValueError when it is no time."""
        return rfc3339(parse_rfc3339(str(self.body["updated"])))

    def items(self) -> list[dict[str, Json]]:
        """Its items; each is the part of the body itself."""
        items = self.body.get("return_items")
        return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


@dataclass(slots=True)
class Store:
    """Keys, subscriptions and returns of one store."""

    store_id: str
    keys: list[str]
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    returns: dict[str, Return] = field(default_factory=dict)
    # (updated, id) of all returns, sorted; None once one of them changed.
    _ordered: list[tuple[str, str]] | None = None

    def subscribe(self, url: str, event_types: list[str], number: str | None = None) -> Subscription:
        """Adds a subscription."""
        subscription = Subscription(number or uuid.uuid4().hex, url, event_types)
        self.subscriptions[subscription.id] = subscription
        return subscription

    def get(self, return_id: str) -> Return:
        """The return of an id. Raises NotFound."""
        if (found := self.returns.get(return_id)) is None:
            raise NotFound(f"return {return_id}")
        return found

    def put(self, return_id: str, body: JsonObject, at: datetime) -> Return:
        """Keeps a return as it is, but adds `id`, `created` and `updated` where they are missing. Raises BadRequest."""
        kept: dict[str, Json] = {"id": return_id, "created": rfc3339(at), "updated": rfc3339(at), **body}
        if kept["id"] != return_id:
            raise BadRequest(f"the body is of return {kept['id']}")
        result = Return(return_id, kept)
        try:
            _ = result.updated
        except ValueError:
            raise BadRequest("updated must be a time, RFC 3339") from None
        self.returns[return_id] = result
        self._ordered = None
        return result

    def judge(self, return_id: str, verdicts: JsonObject, at: datetime) -> Return:
        """Applies a verdict to a return. Raises BadRequest or NotFound, and then changes nothing."""
        found = self.get(return_id)
        _judge(found, verdicts, at)
        self._ordered = None
        return found

    def page(self, updated_since: datetime | None, cursor: str | None) -> tuple[list[Return], str | None]:
        """Returns by the time of their last change (`updated_since` inclusive), and the cursor to go on with.

        A cursor names the last return of the page before, so that what changes meanwhile shifts nothing.
        """
        if self._ordered is None:
            self._ordered = sorted((each.updated, each.id) for each in self.returns.values())
        ordered = self._ordered
        start = bisect_left(ordered, (rfc3339(updated_since), "")) if updated_since else 0
        if cursor:
            updated, _, return_id = cursor.partition("|")
            start = max(start, bisect_left(ordered, (updated, return_id + "\0")))
        page = ordered[start : start + _PAGE]
        there_is_more = start + _PAGE < len(ordered)
        return [self.returns[each] for _, each in page], "|".join(page[-1]) if there_is_more else None


def _judge(found: Return, verdicts: JsonObject, at: datetime) -> None:
    """Applies the warehouse's verdict to items, and to the return once all of its items are judged.

    Several entries for one item split its quantity; an item of which a part is accepted is accepted.
    Raises BadRequest, and then changes nothing.
    """
    items = {item.get("item_id"): item for item in found.items()}
    entries = _entries(verdicts)
    for item_id, parts in entries.items():
        if (item := items.get(item_id)) is None:
            raise BadRequest(f"the return has no item {item_id}")
        if item.get("status") in _JUDGED:
            raise BadRequest(f"item {item_id} is {item.get('status')} already")
        if sum(part.quantity for part in parts) != item.get("quantity"):
            raise BadRequest(f"item {item_id}: the quantities must add up to {item.get('quantity')}")
    for item_id, parts in entries.items():
        statuses = {part.status for part in parts}
        items[item_id]["status"] = "accepted" if "accepted" in statuses else "rejected"
        if len(statuses) > 1:
            found.mixed.add(item_id)
        for part in parts:
            if part.reject_reason is not None:
                items[item_id]["reject_reason"] = part.reject_reason
    final = {item.get("status") for item in items.values()}
    if final <= _JUDGED:
        both = len(final) > 1 or found.mixed
        found.body["status"] = "partially_accepted" if both else str(final.pop())
    found.body["updated"] = rfc3339(at)


@dataclass(frozen=True, slots=True)
class _Part:
    quantity: int
    status: str
    reject_reason: str | None


def _entries(verdicts: JsonObject) -> dict[str | int, list[_Part]]:
    entries = verdicts.get("items")
    if not isinstance(entries, list) or not entries:
        raise BadRequest("items must be a list that is not empty")
    result: dict[str | int, list[_Part]] = {}
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(item_id := entry.get("item_id"), str | int):
            raise BadRequest("every entry of items needs an item_id")
        result.setdefault(item_id, []).append(_part(item_id, entry))
    return result


def _part(item_id: str | int, entry: JsonObject) -> _Part:
    quantity, status, reason = entry.get("quantity"), entry.get("status"), entry.get("reject_reason")
    if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 1:
        raise BadRequest(f"item {item_id}: quantity must be a whole number above 0")
    if not isinstance(status, str) or status not in _JUDGED:
        raise BadRequest(f"item {item_id}: status must be accepted or rejected")
    if reason is not None and not isinstance(reason, str):
        raise BadRequest(f"item {item_id}: reject_reason must be a string")
    return _Part(quantity, status, reason)
