"""The description of all that programs can call, OpenAPI 3.1: the JSON API, and what `receiver_description` adds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from inspect import getdoc
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin, resolver
from marshmallow import Schema

from app.web.api.routes import PLACEHOLDER, Call
from app.web.api.schemas import ErrorAnswer

Operation = dict[str, Any]
"""An operation as OpenAPI has it, where a schema may be a class of marshmallow."""

MEANINGS = {
    HTTPStatus.BAD_REQUEST: "The body is not what it should be",
    HTTPStatus.UNAUTHORIZED: "No valid token",
    HTTPStatus.FORBIDDEN: "The token may not do this",
    HTTPStatus.NOT_FOUND: "There is no such thing",
    HTTPStatus.CONFLICT: "It is not possible as things are; the message says why",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is longer than 256 KiB",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A value does not fit; `field` names it",
    HTTPStatus.SERVICE_UNAVAILABLE: "The database does not answer; send it again",
}
_HEADERS = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}},
    HTTPStatus.TOO_MANY_REQUESTS: {
        "Retry-After": {"required": True, "description": "Seconds", "schema": {"type": "integer", "minimum": 1}}
    },
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": {"description": "Seconds", "schema": {"type": "integer"}}},
}
_ABOUT = (
    "Amounts are decimal strings, times RFC 3339. Beside the answers that a call names, any call may be answered 400 "
    "when its `Host` is not one of the bridge's, 405, and 500."
)


def openapi_of(
    calls: Iterable[Call], others: Mapping[str, Mapping[str, Operation]], schemes: Mapping[str, Any], version: str
) -> dict[str, Any]:
    """The whole document: the calls of the API behind their token, and operations by path and method beside them.

    `schemes`: further security schemes, by name, that the others use.
    """
    spec = APISpec(
        title="Reveni ⇄ BlueCherry bridge",
        version=version,
        openapi_version="3.1.0",
        info={"description": _ABOUT},
        plugins=[MarshmallowPlugin()],
        security=[{"token": []}],
    )
    for name, scheme in {"token": {"type": "http", "scheme": "bearer"}, **schemes}.items():
        spec.components.security_scheme(name, scheme)
    taken: dict[str, type[Schema]] = {}
    for call in calls:
        spec.path("/api" + PLACEHOLDER.sub(r"{\2}", call.path), operations={call.method.lower(): _operation(call)})
        if call.body is not None:
            taken[resolver(call.body)] = call.body
    for path, operations in others.items():
        spec.path(path, operations={method: dict(operation) for method, operation in operations.items()})
    document = spec.to_dict()
    for name, schema in document["components"]["schemas"].items():
        # Nothing unknown is taken, and nothing is left out of an answer: what there is not is null.
        schema["additionalProperties"] = False
        if name in taken:
            schema.update(getattr(taken[name], "DESCRIBED", {}))
        else:
            schema["required"] = sorted(schema["properties"])
    _drop_empty_defaults(document)
    _allow_empty_values(document["paths"])
    return document


def refusals(statuses: Iterable[HTTPStatus], meanings: Mapping[HTTPStatus, str] = MEANINGS) -> dict[str, Any]:
    """Responses that are errors, by status."""
    return {
        str(status.value): {
            "description": meanings[status],
            "content": {"application/json": {"schema": ErrorAnswer}},
            **({"headers": _HEADERS[status]} if status in _HEADERS else {}),
        }
        for status in sorted(statuses)
    }


def answer(schema: type[Schema] | dict[str, Any], description: str = "Done") -> dict[str, Any]:
    """A response in JSON."""
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _operation(call: Call) -> Operation:
    parts = PLACEHOLDER.findall(call.path)
    parameters: list[dict[str, Any]] = [
        {"in": "path", "name": name, "required": True, "schema": {"type": "integer" if kind == "int" else "string"}}
        for kind, name in parts
    ]
    if call.query is not None:
        parameters.append({"in": "query", "schema": call.query})
    statuses = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE, *call.refusals}
    if parts:
        statuses.add(HTTPStatus.NOT_FOUND)
    if call.query is not None or call.body is not None:
        statuses.add(HTTPStatus.UNPROCESSABLE_ENTITY)
    if call.body is not None:
        statuses |= {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}
    operation: Operation = {
        "operationId": call.handler.__name__,
        "summary": (getdoc(call.handler) or "").partition("\n")[0],
        "parameters": parameters,
        "x-permission": call.permission.value,
        "responses": {"200": answer(call.answer), **refusals(statuses)},
    }
    if call.body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": call.body}}}
    return operation


def _drop_empty_defaults(node: object) -> None:
    """A parameter that is None when it is left out has no default that one could send."""
    if isinstance(node, dict):
        if "default" in node and node["default"] is None:
            del node["default"]
        for inner in node.values():
            _drop_empty_defaults(inner)
    elif isinstance(node, list):
        for inner in node:
            _drop_empty_defaults(inner)


def _allow_empty_values(paths: Mapping[str, Mapping[str, Operation]]) -> None:
    """An empty value of a query is as if it was left out, as a form sends it."""
    for operations in paths.values():
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "query":
                    parameter["allowEmptyValue"] = True
                    schema = parameter["schema"]
                    if "format" in schema:
                        parameter["schema"] = {"anyOf": [schema, {"type": "string", "maxLength": 0}]}
