"""How a call of the API is declared: its address, what it takes, what it answers, all of which `openapi` shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, jsonify, request
from marshmallow import Schema, ValidationError

from app import exact_json
from app.permissions import Permission
from app.web.api.taken import LARGEST_NUMBER
from app.web.auth import Gate
from app.web.errors import Refusal
from app.wire import is_storable

Taken = Mapping[str, Any]
"""Arguments that a schema has checked."""
PLACEHOLDER = re.compile(r"<(?:(\w+):)?(\w+)>")


@dataclass(frozen=True, slots=True)
class Call:
    """One call, for who has its permission. `handler` takes the parts of the path by name, and `query` and `body` where
    there are such schemas.

    What the handler returns is dumped through `answer`. The first line of its docstring is the call's summary.
    `refusals`: what it refuses with beside what every call of its form does.
    """

    method: str
    path: str
    permission: Permission
    handler: Callable[..., object]
    answer: type[Schema]
    query: type[Schema] | None = None
    body: type[Schema] | None = None
    refusals: tuple[HTTPStatus, ...] = ()


def blueprint_of(calls: list[Call], gate: Gate) -> Blueprint:
    """The calls as a blueprint below ``/api``, each behind the gate with its permission."""
    blueprint = Blueprint("api", __name__, url_prefix="/api")
    for call in calls:
        blueprint.add_url_rule(call.path, call.handler.__name__, _view(call, gate), methods=[call.method])
    return blueprint


def _view(call: Call, gate: Gate) -> Callable[..., Response]:
    answer = call.answer()
    query = call.query() if call.query else None
    body = call.body() if call.body else None

    def view(**parts: Any) -> Response:
        gate.admit(call.permission)
        if not all(map(_is_name, parts.values())):
            raise Refusal(HTTPStatus.NOT_FOUND, "there is nothing of this name")
        if query is not None:
            parts["query"] = _checked(query, {name: value for name, value in request.args.items() if value})
        if body is not None:
            parts["body"] = _checked(body, _json())
        return jsonify(answer.dump(call.handler(**parts)))

    return view


def _is_name(part: object) -> bool:
    """Whether a part of a path can name anything: no row has a larger number, no column holds such a text."""
    return part <= LARGEST_NUMBER if isinstance(part, int) else is_storable(part)


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
