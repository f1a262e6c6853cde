"""The exception queue over HTTP: read it, and do what mends."""

from __future__ import annotations

from http import HTTPStatus

from app.services import exception_queue, remedies
from app.services.exception_queue import ExceptionView, Filter, NoSuchException
from app.services.page import Page
from app.web.api.routes import Call, Taken
from app.web.api.schemas import (
    ExceptionAnswer,
    ExceptionPage,
    ExceptionQuery,
    GroupsAnswer,
    MapSkuBody,
    ResolveBody,
    SetGoing,
    WhichExceptions,
)
from app.web.errors import Refusal


def list_exceptions(query: Taken) -> Page[ExceptionView]:
    """Exceptions, in the order in which they were opened."""
    return exception_queue.list_exceptions(_filter(query), query["cursor"] or 0, query["limit"])


def list_causes(query: Taken) -> dict[str, object]:
    """Open exceptions grouped by what is to be mended."""
    groups = exception_queue.grouped(
        Filter(open=True, code=query["code"], cause=query["cause"], team=query["team"], store=query["store"])
    )
    return {"groups": groups}


def get_exception(number: int) -> ExceptionView:
    """One exception."""
    try:
        return exception_queue.get_exception(number)
    except NoSuchException as error:
        raise Refusal(HTTPStatus.NOT_FOUND, str(error)) from None


def retry_exceptions(body: Taken) -> dict[str, object]:
    """Try again what exceptions hold up."""
    return {"count": remedies.retry(_ids(body), body["by"])}


def resolve_exceptions(body: Taken) -> dict[str, object]:
    """End exceptions by a person's word."""
    try:
        return {"count": remedies.resolve(_ids(body), body["by"], body["note"], body["release"])}
    except remedies.NotPossible as error:
        raise Refusal(HTTPStatus.CONFLICT, str(error)) from None


def map_sku(body: Taken) -> dict[str, object]:
    """Let a SKU of the shop mean one of BlueCherry's; answers how many returns were set going."""
    try:
        return {"count": remedies.map_sku(body["store"], body["sku"], body["target"], body["by"])}
    except remedies.NotPossible as error:
        raise Refusal(HTTPStatus.CONFLICT, str(error)) from None


def _filter(query: Taken) -> Filter:
    return Filter(query["open"], query["code"], query["cause"], query["team"], query["store"])


def _ids(body: Taken) -> list[int]:
    if body["ids"] is not None:
        return list(body["ids"])
    return exception_queue.ids_of_cause(body["code"], body["cause"])


CALLS = [
    Call("GET", "/exceptions", list_exceptions, ExceptionPage, query=ExceptionQuery),
    Call("GET", "/exceptions/causes", list_causes, GroupsAnswer, query=ExceptionQuery),
    Call("GET", "/exceptions/<int:number>", get_exception, ExceptionAnswer),
    Call("POST", "/exceptions/retry", retry_exceptions, SetGoing, body=WhichExceptions),
    Call("POST", "/exceptions/resolve", resolve_exceptions, SetGoing, body=ResolveBody),
    Call("POST", "/exceptions/map-sku", map_sku, SetGoing, body=MapSkuBody),
]
