"""How a call of the API is declared: its address, what it takes, what it answers, all of which its OpenAPI shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from inspect import getdoc
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Blueprint, Response, jsonify, request
from marshmallow import Schema, ValidationError

from app import exact_json
from app.permissions import Permission
from app.web.api.schemas import ErrorAnswer
from app.web.auth import Gate
from app.web.errors import Refusal

Taken = Mapping[str, Any]
"""Arguments that a schema has checked."""
_PLACEHOLDER = re.compile(r"<(?:(\w+):)?(\w+)>")


@dataclass(frozen=True, slots=True)
class Call:
    """One call, for who has its permission. `handler` takes the parts of the path by name, and `query` and `body` where
    there are such schemas.

    What the handler returns is dumped through `answer`. The first line of its docstring is the call's summary.
    """

    method: str
    path: str
    permission: Permission
    handler: Callable[..., object]
    answer: type[Schema]
    query: type[Schema] | None = None
    body: type[Schema] | None = None


def blueprint_of(calls: list[Call], gate: Gate) -> Blueprint:
    """The calls as a blueprint below ``/api``, each behind the gate with its permission."""
    blueprint = Blueprint("api", __name__, url_prefix="/api")
    for call in calls:
        blueprint.add_url_rule(call.path, call.handler.__name__, _view(call, gate), methods=[call.method])
    return blueprint


def openapi_of(calls: list[Call], version: str) -> dict[str, Any]:
    """The description of the calls, OpenAPI 3."""
    spec = APISpec(
        title="Reveni ⇄ BlueCherry bridge",
        version=version,
        openapi_version="3.0.3",
        plugins=[MarshmallowPlugin()],
        security=[{"token": []}],
    )
    spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    for call in calls:
        path = "/api" + _PLACEHOLDER.sub(r"{\2}", call.path)
        spec.path(path, operations={call.method.lower(): _operation(call)})
    return spec.to_dict()


def _view(call: Call, gate: Gate) -> Callable[..., Response]:
    answer = call.answer()
    query = call.query() if call.query else None
    body = call.body() if call.body else None

    def view(**parts: Any) -> Response:
        gate.admit(call.permission)
        if query is not None:
            parts["query"] = _checked(query, {name: value for name, value in request.args.items() if value})
        if body is not None:
            parts["body"] = _checked(body, _json())
        return jsonify(answer.dump(call.handler(**parts)))

    return view


def _json() -> object:
    try:
        return exact_json.loads(request.get_data(cache=False))
    except ValueError:
        raise Refusal(HTTPStatus.BAD_REQUEST, "the body is not JSON") from None


def _checked(schema: Schema, given: object) -> Taken:
    try:
        return dict(schema.load(given))  # type: ignore[arg-type]
    except ValidationError as error:
        field, message = _first(error.messages)
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, message, field=field) from None


def _first(messages: object) -> tuple[str | None, str]:
    """Of marshmallow's nested messages, the first: the field's dotted path, and what is wrong with it."""
    path: list[str] = []
    node = messages
    while isinstance(node, Mapping):
        name, node = next(iter(node.items()))
        path.append(str(name))
    message = node[0] if isinstance(node, list) else node
    return ".".join(part for part in path if part != "_schema") or None, str(message)


def _operation(call: Call) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {"in": "path", "name": name, "required": True, "schema": {"type": "integer" if kind == "int" else "string"}}
        for kind, name in _PLACEHOLDER.findall(call.path)
    ]
    if call.query is not None:
        parameters.append({"in": "query", "schema": call.query})
    error = {"description": "What is wrong", "content": {"application/json": {"schema": ErrorAnswer}}}
    operation: dict[str, Any] = {
        "operationId": call.handler.__name__,
        "summary": (getdoc(call.handler) or "").partition("\n")[0],
        "parameters": parameters,
        "x-permission": call.permission.value,
        "responses": {
            "200": {"description": "Done", "content": {"application/json": {"schema": call.answer}}},
            "401": {**error, "description": "No valid token"},
            "403": {**error, "description": f"The token's role lacks {call.permission}"},
            "default": error,
        },
    }
    if call.body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": call.body}}}
    return operation
