"""Reveni as a whole: every change to its stores, taped so that the next run knows it too, and announced."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from app.sandbox.json import Json, JsonObject, rfc3339
from app.sandbox.reveni.store import EVENTS, BadRequest, NotFound, Return, Store, Subscription
from app.sandbox.tape import Tape


class Announcer(Protocol):
    """Who tells subscribers that a return changed."""

    def announce(self, store: Store, event: str, about: Return) -> None:
        """Sends the event to those who want it."""


class Desk:
    """The stores, and the verdicts that came in. Changes raise BadRequest or NotFound when they may not be."""

    def __init__(self, tape: Tape, webhooks: Announcer, now: Callable[[], datetime]) -> None:
        self._tape = tape
        self._webhooks = webhooks
        self.now = now
        changes: dict[str, Callable[[JsonObject, datetime], object]] = {
            "store": self._open_store,
            "return": self._put,
            "verdict": self._judge,
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
        }
        self._begin()
        tape.replay(changes, (BadRequest, NotFound))

    def _begin(self) -> None:
        self._stores: dict[str, Store] = {}
        self.verdicts: list[Json] = []

    def reset(self) -> None:
        """Forgets everything, on the tape too."""
        self._tape.wipe()
        self._begin()

    def store(self, store_id: str) -> Store:
        """The store of an id. Raises NotFound."""
        if (store := self._stores.get(store_id)) is None:
            raise NotFound(f"store {store_id}")
        return store

    def open_store(self, body: JsonObject) -> Store:
        """Adds a store, or gives it new keys and another subscriber; its returns stay."""
        at = self.now()
        store = self._open_store(body, at)
        self._record("store", at, body)
        return store

    def put(self, store_id: str, return_id: str, body: JsonObject, event: str | None) -> Return:
        """Keeps a return, and announces it with an event (None: silently)."""
        at = self.now()
        change: dict[str, Json] = {"store_id": store_id, "return_id": return_id, "body": body}
        found = self._put(change, at)
        self._record("return", at, change)
        if event is not None:
            self._webhooks.announce(self.store(store_id), event, found)
        return found

    def judge(self, store_id: str, return_id: str, body: JsonObject) -> Return:
        """Takes a verdict; refused ones are kept in `verdicts` too."""
        at = self.now()
        change: dict[str, Json] = {"store_id": store_id, "return_id": return_id, "body": body}
        try:
            found = self._judge(change, at)
        except BadRequest as error:
            self.verdicts.append({"at": rfc3339(at), **change, "status": 400, "detail": str(error)})
            raise
        self._record("verdict", at, change)
        self._webhooks.announce(self.store(store_id), "return.updated", found)
        return found

    def subscribe(self, store_id: str, body: JsonObject) -> Subscription:
        """Adds a subscription to a store."""
        at = self.now()
        subscription = self._subscribe({"store_id": store_id, "body": body}, at)
        self._record("subscribe", at, {"store_id": store_id, "body": subscription.as_json()})
        return subscription

    def unsubscribe(self, store_id: str, subscription_id: str) -> None:
        """Ends a subscription."""
        at = self.now()
        change: dict[str, Json] = {"store_id": store_id, "subscription_id": subscription_id}
        self._unsubscribe(change, at)
        self._record("unsubscribe", at, change)

    def _record(self, do: str, at: datetime, change: JsonObject) -> None:
        self._tape.append({**change, "do": do, "at": rfc3339(at)})

    def _open_store(self, change: JsonObject, _: datetime) -> Store:
        store_id, keys = _text(change, "store_id"), [_text(change, "api_key")]
        if change.get("old_api_key") is not None:
            keys.append(_text(change, "old_api_key"))
        store = self._stores.setdefault(store_id, Store(store_id, keys))
        store.keys = keys
        if change.get("webhook_url") is not None:
            store.subscribe(_text(change, "webhook_url"), list(EVENTS), "store")
        return store

    def _put(self, change: JsonObject, at: datetime) -> Return:
        return self.store(_text(change, "store_id")).put(_text(change, "return_id"), _body(change), at)

    def _judge(self, change: JsonObject, at: datetime) -> Return:
        found = self.store(_text(change, "store_id")).judge(_text(change, "return_id"), _body(change), at)
        verdict = {name: change[name] for name in ("store_id", "return_id", "body")}
        self.verdicts.append({"at": rfc3339(at), **verdict, "status": 200, "detail": None})
        return found

    def _subscribe(self, change: JsonObject, _: datetime) -> Subscription:
        body = _body(change)
        events = body.get("event_types")
        if not isinstance(events, list) or not events or not all(each in EVENTS for each in events):
            raise BadRequest(f"event_types must be a list out of {', '.join(EVENTS)}")
        number = _text(body, "id") if "id" in body else None
        return self.store(_text(change, "store_id")).subscribe(_text(body, "url"), [str(e) for e in events], number)

    def _unsubscribe(self, change: JsonObject, _: datetime) -> None:
        number = _text(change, "subscription_id")
        if self.store(_text(change, "store_id")).subscriptions.pop(number, None) is None:
            raise NotFound(f"webhook {number}")


def _text(change: JsonObject, name: str) -> str:
    if not isinstance(value := change.get(name), str) or not value:
        raise BadRequest(f"{name} must be a string that is not empty")
    return value


def _body(change: JsonObject) -> JsonObject:
    if not isinstance(value := change.get("body"), dict):
        raise BadRequest("the body must be a JSON object")
    return value
