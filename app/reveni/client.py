"""The calls to Reveni, for one store."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Protocol
from urllib.parse import parse_qsl, quote, urlsplit

from app.calls import Doubtful, Unauthorised
from app.domain.model import Return
from app.http import Fault, Gate, HttpClient, open_gate
from app.reveni.access import ReveniAccess
from app.reveni.schemas import read_return
from app.wire import Code, Unreadable, WireSchema, Words, is_code, is_cursor, read

EVENTS = ("return.created", "return.updated")
"""The only event types that are known (facts)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the warehouse says of an item, once all its units are judged. `reject_reason` is one of Reveni's codes."""

    item_id: str | int
    quantity: int
    status: Literal["accepted", "rejected"]
    reject_reason: str | None = None
    reject_reason_text: str | None = None


class TakesVerdicts(Protocol):
    """Whoever is told the warehouse's verdicts."""

    def partial_validate(self, return_id: str, verdicts: Sequence[Verdict]) -> None:
        """Tell the warehouse's verdict on items. After `Doubtful`, fetch the return before sending again."""


@dataclass(frozen=True, slots=True)
class UnreadableReturn:
    """A row of the list call that did not fit, and why. `id`: the return's, where that can be read at least.

    `state`: a digest, by which one state of the return is told from the next.
    """

    id: str | None
    state: str
    why: Unreadable


@dataclass(frozen=True, slots=True)
class ReturnPage:
    """A page of the list call. `unreadable` holds what did not fit; it does not hold up the rest."""

    returns: tuple[Return, ...]
    unreadable: tuple[UnreadableReturn, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Subscription:
    """A webhook that Reveni sends."""

    id: str
    url: str
    event_types: tuple[str, ...]


class _Subscription(WireSchema):
    id = Code(required=True)
    url = Words(load_default="")


class ReveniClient:
    """Reveni's API for one store. Safe to call from several threads; made once per process, after a fork.

    Every method raises one of `app.calls`; those that read also `Unreadable`, when the answer does not fit its schema.
    While a key rotates, the newest is tried first and the other after a 401.
    """

    def __init__(self, access: ReveniAccess, gate: Gate = open_gate) -> None:
        self._store = access.store
        self._store_id = access.store_id
        self._profile = access.profile
        self._keys = tuple(key.reveal() for key in access.keys)
        self._current = 0
        self._http = HttpClient(
            "Reveni",
            access.base_url,
            timeout=access.timeout,
            calls_at_a_time=access.calls_at_a_time,
            read_fault=_fault,
            secrets=self._keys,
            gate=gate,
        )

    def get_return(self, return_id: str) -> Return:
        """A return as it is now. Raises Refused with 404 when Reveni has none of that id."""
        found = self._call("GET", "return", return_id)
        ret = read_return(found, self._store, self._profile.fields["return"])
        if _plain(ret.id) != _plain(return_id):
            raise Unreadable("the return", ["id is not the one that was asked for"])
        return ret

    def list_returns(self, updated_since: datetime, cursor: str | None = None) -> ReturnPage:
        """A page of the returns that were updated since a time, included; `cursor` is the last page's `next`."""
        query = {self._profile.list_query: updated_since.astimezone(UTC).isoformat().replace("+00:00", "Z")}
        if cursor is not None:
            # Reveni's `next` may be a cursor or a URL. Of a URL only the query counts: the host stays the store's own.
            follows = _query_of(cursor) if "://" in cursor or cursor.startswith("/") else None
            query = follows or {**query, self._profile.cursor_query: cursor}
        page = self._profile.fields["list"].inward(self._call("GET", "returns", query=query))
        rows = page.get("results") if isinstance(page, Mapping) else None
        if not isinstance(page, Mapping) or not isinstance(rows, list):
            raise Unreadable("the list of returns", ["results is missing"])
        returns: list[Return] = []
        unreadable: list[UnreadableReturn] = []
        for row in rows:
            try:
                returns.append(read_return(row, self._store, self._profile.fields["return"]))
            except Unreadable as error:
                unreadable.append(self._unreadable(row, error))
        following = page.get("next") or None
        if following is not None and not is_cursor(following):
            raise Unreadable("the list of returns", ["next is no cursor"])
        return ReturnPage(tuple(returns), tuple(unreadable), str(following) if following else None)

    def _unreadable(self, row: object, why: Unreadable) -> UnreadableReturn:
        found = self._profile.fields["return"].inward(row)
        return_id = found.get("id") if isinstance(found, Mapping) else None
        state = hashlib.sha256(json.dumps(row, sort_keys=True, default=str).encode()).hexdigest()
        return UnreadableReturn(str(return_id) if is_code(return_id) else None, state, why)

    def partial_validate(self, return_id: str, verdicts: Sequence[Verdict]) -> None:
        """Tell the warehouse's verdict on items. After `Doubtful`, fetch the return before sending again."""
        body = {"items": [_verdict(verdict) for verdict in verdicts]}
        self._call("POST", "partial_validate", return_id, body=self._profile.fields["verdict"].outward(body))

    def subscribe(self, url: str, event_types: Sequence[str] = EVENTS) -> Subscription:
        """Have webhooks sent to a URL."""
        names = self._profile.fields["webhook"]
        body = names.outward({"event_types": list(event_types), "url": url})
        answer = names.inward(self._call("POST", "webhooks", body=body))
        try:
            made = read(_SUBSCRIPTION, answer, "the subscription")
        except Unreadable as error:
            raise Doubtful("Reveni POST webhooks", str(error)) from None
        return Subscription(made["id"], made["url"] or url, tuple(event_types))

    def unsubscribe(self, subscription_id: str) -> None:
        """Have a webhook sent no more. Raises Refused with 404 when there is none of that id."""
        self._call("DELETE", "webhook", subscription_id)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def _call(
        self, method: str, path: str, id: str = "", *, query: Mapping[str, str] | None = None, body: object = None
    ) -> object:
        where = self._profile.paths[path].format(store_id=quote(self._store_id, safe=""), id=quote(id, safe=""))
        first = self._current
        for turn in range(len(self._keys)):
            index = (first + turn) % len(self._keys)
            headers = {self._profile.header: f"{self._profile.scheme} {self._keys[index]}".strip()}
            try:
                answer = self._http.call(method, where, query=query, body=body, headers=headers)
            except Unauthorised:
                if turn + 1 == len(self._keys):
                    raise
                continue
            self._current = index
            return answer
        raise AssertionError("a store has at least one key")


def _query_of(url: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(urlsplit(url).query))
    except ValueError:
        raise Unreadable("the list of returns", ["next is no URL"]) from None


def _plain(return_id: str) -> str:
    # A UUID may come with hyphens or without.
    return return_id.replace("-", "").lower()


def _verdict(verdict: Verdict) -> dict[str, object]:
    body: dict[str, object] = {
        "item_id": verdict.item_id,
        "quantity": verdict.quantity,
        "status": verdict.status,
    }
    if verdict.status == "rejected":
        body |= {"reject_reason": verdict.reject_reason, "reject_reason_text": verdict.reject_reason_text or ""}
    return body


def _fault(body: object) -> Fault:
    """Django REST's errors: a detail, or problems per field, of which only the names are told."""
    if not isinstance(body, Mapping):
        return Fault()
    detail: Any = body.get("detail")
    if isinstance(detail, str):
        return Fault(message=detail)
    return Fault(message="fields: " + ", ".join(str(name) for name in body)) if body else Fault()


_SUBSCRIPTION = _Subscription()
