"""The receiver: verify, store once, answer, nudge. Nothing else happens in the request.

The order of the checks is the contract's: 404, 413, 401, 400, 429, 503, 200.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from app import exact_json
from app.config import Config
from app.db.engine import DatabaseNotSet
from app.reveni.signature import WAREHOUSE_HEADER, BadSignature, verify
from app.secret import Secret
from app.services.intake.inbox import Channel, NotStored, store_event
from app.services.intake.nudge import nudge
from app.web.errors import Refusal
from app.web.throttle import Throttle

LARGEST_BODY = 256 * 1024
MAX_CONTENT_LENGTH = LARGEST_BODY + 1
"""For Flask, which reads no further; so the first byte too many still shows."""
# A warehouse's repeats are known for as long as Reveni's are.
_WAREHOUSE_TOLERANCE = timedelta(days=8)
_LONGEST_ID = 200
_STORED = b'{"status":"stored"}\n'
_SECONDS_UNTIL_STORED_AGAIN = 2


@dataclass(frozen=True, slots=True)
class Source:
    """Who may send to a URL, and how it proves itself. `id_field`: where its events carry their id."""

    channel: Channel
    name: str
    keys: Sequence[Secret]
    tolerance: timedelta
    header: str = WAREHOUSE_HEADER
    id_field: str = "id"


def webhooks(config: Config, throttle: Throttle) -> Blueprint:
    """The blueprint of both receivers, for the stores and sites of a configuration."""
    blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks")
    stores = {
        name: Source(
            "reveni",
            name,
            store.keys,
            store.tolerance,
            header=store.reveni.profile.signature_header,
            id_field=store.reveni.profile.fields["event"].name("id"),
        )
        for name, store in config.stores.items()
    }
    sites = {
        name: Source("warehouse", name, site.keys, _WAREHOUSE_TOLERANCE)
        for name, site in config.sites.items()
        if site.has_feed
    }

    @blueprint.post("/reveni/<store>")
    def reveni(store: str) -> Response:
        return _receive(stores.get(store), throttle)

    @blueprint.post("/warehouse/<site>")
    def warehouse(site: str) -> Response:
        return _receive(sites.get(site), throttle)

    return blueprint


def _receive(source: Source | None, throttle: Throttle) -> Response:
    if source is None:
        raise Refusal(HTTPStatus.NOT_FOUND, "no store or site of this name receives events here")
    body = request.get_data(cache=False)
    # A declared length is refused before a byte is read; a chunked body is cut off one byte behind the limit.
    if len(body) > LARGEST_BODY:
        raise RequestEntityTooLarge
    try:
        verify(request.headers.get(source.header), body, source.keys, source.tolerance, time.time())
    except BadSignature as error:
        raise Refusal(HTTPStatus.UNAUTHORIZED, str(error), field=source.header) from None
    text, event_id = read_event(body, source.id_field)
    seconds = throttle.seconds_to_wait((source.channel, source.name))
    if seconds:
        raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, f"more events than {source.name} may send", retry_after=seconds)
    try:
        store_event(source.channel, source.name, event_id, text)
    except (NotStored, DatabaseNotSet):
        raise Refusal(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "the event could not be stored; send it again",
            retry_after=_SECONDS_UNTIL_STORED_AGAIN,
        ) from None
    nudge()
    return Response(_STORED, content_type="application/json")


def read_event(body: bytes, id_field: str = "id") -> tuple[str, str]:
    """The event's text, and the id by which a repeat of it is known.

    Raises Refusal (400) when it is not JSON in UTF-8, not an object, or has no id. What else may be wrong with an
    authentic event is for the intake to say.
    """
    try:
        text = body.decode()
        event = exact_json.loads(text)
    except ValueError:
        raise Refusal(HTTPStatus.BAD_REQUEST, "the body is not JSON in UTF-8") from None
    if not isinstance(event, dict):
        raise Refusal(HTTPStatus.BAD_REQUEST, "the body is not a JSON object")
    given = event.get(id_field)
    if given is None or given == "":
        raise Refusal(HTTPStatus.BAD_REQUEST, "the event has no id", field=id_field)
    try:
        return text, _as_key(given if isinstance(given, str) else json.dumps(given, sort_keys=True, default=str))
    except RecursionError:
        raise Refusal(HTTPStatus.BAD_REQUEST, "the event's id is nested too deeply", field=id_field) from None


def _as_key(event_id: str) -> str:
    """The id itself; a digest of one that no index or text column of PostgreSQL would hold."""
    if len(event_id) <= _LONGEST_ID and event_id.isprintable():
        return event_id
    return "sha256:" + hashlib.sha256(event_id.encode(errors="surrogatepass")).hexdigest()
