"""What the description says of the calls beside the JSON API: the receiver, the health checks, the metrics.

It names no store and no site, for anybody may read it.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from marshmallow import Schema, fields

from app.config import Config
from app.ops.metrics import CONTENT_TYPE
from app.permissions import Permission
from app.reveni.signature import WAREHOUSE_HEADER
from app.web.api.openapi import MEANINGS, Operation, answer, refusals

_REFUSALS = {
    HTTPStatus.BAD_REQUEST: "The body is not a JSON object with an id",
    HTTPStatus.UNAUTHORIZED: "The signature is missing, wrong or too old",
    HTTPStatus.NOT_FOUND: "Nobody of this name sends events here",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: MEANINGS[HTTPStatus.REQUEST_ENTITY_TOO_LARGE],
    HTTPStatus.TOO_MANY_REQUESTS: "More than this sender may send; nothing was stored",
    HTTPStatus.SERVICE_UNAVAILABLE: "The event could not be stored; send it again",
}
_ID = {
    "anyOf": [{"type": "string", "minLength": 1}, {"type": ["number", "boolean", "array", "object"]}],
    "description": "A repeat is known by it",
}
_EVENT = {"event": "return.updated", "data": {"resource": "return", "resource_id": "d0debe09"}}
_RECEIPT = {
    "type": "receipt",
    "received_at": "2026-11-20T12:00:00Z",
    "return_id": "d0debe09",
    "items": [{"sku": "00335000104", "quantity": 1, "grade": "A"}],
}


class StoredAnswer(Schema):
    """The event is stored, now or before."""

    status = fields.Constant("stored", metadata={"enum": ["stored"]})


class AliveAnswer(Schema):
    """The process answers."""

    status = fields.Constant("alive", metadata={"enum": ["alive"]})


class ReadyAnswer(Schema):
    """Whether an event could be stored now."""

    status = fields.String(metadata={"enum": ["ready", "not ready"]})
    database = fields.Boolean()


def described_beside(config: Config) -> dict[str, dict[str, Operation]]:
    """Every operation beside the JSON API, by path and method."""
    profiles = [store.reveni.profile for store in config.stores.values()]
    id_fields = sorted({profile.fields["event"].name("id") for profile in profiles})
    return {
        "/webhooks/reveni/{store}": {
            "post": _receives(
                "receive_event",
                "Reveni tells of a return.",
                "store",
                [{scheme: []} for scheme in _reveni_schemes(config)],
                _message(id_fields, _EVENT),
            )
        },
        "/webhooks/warehouse/{site}": {
            "post": _receives(
                "receive_receipt",
                "A warehouse reports receipt or grade.",
                "site",
                [{"warehouse_signature": []}],
                _message(["id"], _RECEIPT),
            )
        },
        "/health/live": {"get": _open("live", "Whether the process answers.", {"200": answer(AliveAnswer, "It does")})},
        "/health/ready": {
            "get": _open(
                "ready",
                "Whether an event could be stored now.",
                {"200": answer(ReadyAnswer, "It could"), "503": answer(ReadyAnswer, "The database does not answer")},
            )
        },
        "/metrics": {
            "get": {
                "operationId": "metrics",
                "summary": "Figures of health, for Prometheus.",
                "x-permission": Permission.READ_FIGURES.value,
                "responses": {
                    "200": {"description": "Done", "content": {CONTENT_TYPE: {"schema": {"type": "string"}}}},
                    **refusals([HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE]),
                },
            }
        },
        "/api/openapi.json": {
            "get": _open("openapi", "This description.", {"200": answer({"type": "object"}, "This description")})
        },
    }


def signature_schemes(config: Config) -> dict[str, Any]:
    """The security schemes of the receiver: a signature in a header."""
    names = {**_reveni_schemes(config), "warehouse_signature": WAREHOUSE_HEADER}
    how = (
        "`t=<unix seconds>,v1=<hex>`: HMAC-SHA256 over `<t>.<raw body>` with the key that both sides know; "
        "several `v1` may stand in it. Refused with 401 where it is missing, wrong or too old."
    )
    return {
        name: {"type": "apiKey", "in": "header", "name": header, "description": how} for name, header in names.items()
    }


def _reveni_schemes(config: Config) -> dict[str, str]:
    """Name of the scheme and of its header: one, unless profiles of stores spell the header differently."""
    headers = sorted({store.reveni.profile.signature_header for store in config.stores.values()})
    return {f"reveni_signature{'' if n == 0 else f'_{n + 1}'}": header for n, header in enumerate(headers)}


def _receives(
    name: str, summary: str, sender: str, security: list[dict[str, list[str]]], message: dict[str, Any]
) -> Operation:
    return {
        "operationId": name,
        "summary": summary,
        "description": (
            "Nothing but the id is looked at now: what else is wrong with an authentic message becomes an exception. "
            "JSON in UTF-8, whatever `Content-Type` says, nested at most 64 deep."
        ),
        "security": security,
        "parameters": [{"in": "path", "name": sender, "required": True, "schema": {"type": "string"}}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": message}}},
        "responses": {
            "200": answer(StoredAnswer, "Stored, now or before"),
            **refusals(_REFUSALS, _REFUSALS),
        },
    }


def _message(id_fields: list[str], rest: dict[str, Any]) -> dict[str, Any]:
    """An object with an id, which stands in the first of these fields that the profile in use names."""
    forms = [{"required": [field], "properties": {field: _ID}} for field in id_fields]
    form = forms[0] if len(forms) == 1 else {"anyOf": forms}
    return {"type": "object", **form, "examples": [{id_fields[0]: "c6927a92", **rest}]}


def _open(name: str, summary: str, responses: dict[str, Any]) -> Operation:
    return {"operationId": name, "summary": summary, "security": [], "responses": responses}
