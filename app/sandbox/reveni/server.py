"""The Reveni sandbox as a server: its API, and the sandbox's own calls under ``/_sandbox``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from hmac import compare_digest
from pathlib import Path
from urllib.parse import quote

from app.sandbox.faults import FaultPlan, FaultPlanError, Faults
from app.sandbox.http import Answer, Reply, Request, json_answer, serve
from app.sandbox.json import Json, JsonObject, load_object, parse_rfc3339
from app.sandbox.reveni.desk import Desk
from app.sandbox.reveni.store import EVENTS, BadRequest, NotFound, Store
from app.sandbox.reveni.webhooks import WebhookPlan, Webhooks
from app.sandbox.tape import Tape

_API = "/merchants/v0/stores/"
_DETAILS = {"423": "Locked.", "429": "Request was throttled.", "503": "Service unavailable."}


class Unauthorized(PermissionError):
    """The key is missing, or not the store's."""


def spoilt(kind: str) -> Answer:
    """The answer that a fault of this kind gives."""
    status = int(kind[:3])
    if kind in _DETAILS:
        return _detail(status, _DETAILS[kind])
    return Answer(status, f"<html><body><h1>{status}</h1></body></html>".encode(), "text/html")


class Reveni:
    """Answers every request."""

    def __init__(self, desk: Desk, webhooks: Webhooks, faults: Faults) -> None:
        self._desk = desk
        self._webhooks = webhooks
        self._faults = faults

    def __call__(self, request: Request) -> Reply:
        if request.path.startswith("/_sandbox/"):
            return Reply(_guarded(lambda: self._admin(request)))
        if not request.path.startswith(_API):
            return Reply(_detail(404, "Not found."))
        store_id, *rest = request.path.removeprefix(_API).split("/")
        call = f"{request.method} {' '.join(['{id}' if place == 1 else part for place, part in enumerate(rest)])}"
        return self._faults.reply(call, lambda: _guarded(lambda: self._api(request, store_id, rest)))

    def _api(self, request: Request, store_id: str, rest: list[str]) -> Answer:
        store = self._desk.store(store_id)
        if not any(compare_digest(_bearer(request).encode(), key.encode()) for key in store.keys):
            raise Unauthorized
        match [request.method, *rest]:
            case ["GET", "returns"]:
                return self._list(request, store)
            case ["GET", "returns", return_id]:
                return json_answer(200, store.get(return_id).body)
            case ["POST", "returns", return_id, "partial_validate"]:
                return json_answer(200, self._desk.judge(store_id, return_id, _body(request)).body)
            case ["POST", "webhooks"]:
                return json_answer(201, self._desk.subscribe(store_id, _body(request)).as_json())
            case ["DELETE", "webhooks", subscription_id]:
                self._desk.unsubscribe(store_id, subscription_id)
                return Answer(204, b"")
            case _:
                raise NotFound(f"{request.method} {request.path}")

    @staticmethod
    def _list(request: Request, store: Store) -> Answer:
        since, cursor = request.query.get("updated_since"), request.query.get("cursor")
        if cursor and "|" not in cursor:
            # As Django REST answers a cursor that it did not give.
            raise NotFound("cursor")
        try:
            page, then = store.page(parse_rfc3339(since) if since else None, cursor)
        except ValueError:
            raise BadRequest("updated_since must be a time, RFC 3339") from None
        following: str | None = None
        if then is not None:
            # As Django REST writes it: the whole address of the next page.
            host = request.headers.get("Host", "localhost")
            following = f"http://{host}{request.path}?cursor={quote(then)}"
            following += f"&updated_since={quote(since)}" if since else ""
        return json_answer(200, {"results": [each.body for each in page], "next": following})

    def _admin(self, request: Request) -> Answer:
        if not request.local:
            raise Unauthorized
        match [request.method, *request.parts[1:]]:
            case ["POST", "stores"]:
                return json_answer(200, {"store_id": self._desk.open_store(_body(request)).store_id})
            case ["PUT", "returns", store_id, return_id]:
                return json_answer(200, self._desk.put(store_id, return_id, _body(request), _event(request)).body)
            case ["GET", "returns", store_id]:
                return json_answer(
                    200, {"returns": [each.body for each in self._desk.store(store_id).returns.values()]}
                )
            case ["GET", "verdicts"]:
                return json_answer(200, {"verdicts": self._desk.verdicts})
            case ["GET", "deliveries"]:
                return json_answer(200, self._webhooks.counts())
            case ["POST", "flush"]:
                return json_answer(200, {"flushed": self._webhooks.flush()})
            case _:
                return self._admin_faults(request)

    def _admin_faults(self, request: Request) -> Answer:
        match [request.method, *request.parts[1:]]:
            case ["POST", "faults"]:
                body = _body(request)
                self._follow(FaultPlan.from_json(body), WebhookPlan.from_json(body))
            case ["GET", "faults"]:
                pass
            case ["POST", "reset"]:
                self._desk.reset()
                self._webhooks.forget()
                self._follow(FaultPlan(), WebhookPlan())
            case _:
                raise NotFound(f"{request.method} {request.path}")
        plan: dict[str, Json] = {**self._faults.plan.as_json(), **self._webhooks.plan.as_json()}
        return json_answer(200, {"plan": plan, "made": dict(self._faults.made)})

    def _follow(self, plan: FaultPlan, webhooks: WebhookPlan) -> None:
        self._faults.follow(plan)
        self._webhooks.follow(webhooks)


def _bearer(request: Request) -> str:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return key if scheme.lower() == "bearer" else ""


def _body(request: Request) -> JsonObject:
    try:
        return load_object(request.body)
    except ValueError:
        raise BadRequest("the body must be a JSON object") from None


def _event(request: Request) -> str | None:
    event = request.query.get("event", "return.updated")
    if event == "none":
        return None
    if event not in EVENTS:
        raise BadRequest(f"event must be none, {' or '.join(EVENTS)}")
    return event


def _detail(status: int, detail: str) -> Answer:
    return json_answer(status, {"detail": detail})


def _guarded(carry_out: Callable[[], Answer]) -> Answer:
    try:
        return carry_out()
    except Unauthorized:
        return _detail(401, "Invalid API key.")
    except NotFound as error:
        return _detail(404, f"Not found: {error}.")
    except (BadRequest, FaultPlanError) as error:
        return _detail(400, str(error))


async def run(host: str, port: int, data: Path | None, ready: Callable[[str], None]) -> None:
    """Serves Reveni until SIGTERM. Raises TapeError when the data file cannot be read back."""

    def now() -> datetime:
        return datetime.now(UTC)

    tape = Tape(data)
    webhooks = Webhooks(now)
    desk = Desk(tape, webhooks, now)
    try:
        await serve(Reveni(desk, webhooks, Faults(spoilt, now)), host, port, ready)
    finally:
        await webhooks.close()
        tape.close()
