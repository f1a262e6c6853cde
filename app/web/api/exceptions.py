"""The exception queue over HTTP: read it, and do what mends."""

from __future__ import annotations

from http import HTTPStatus

from app.permissions import Permission
from app.services.exceptions import exception_queue, remedies
from app.services.exceptions.approvals import do_or_ask
from app.services.exceptions.desk_actions import Action
from app.services.exceptions.exception_queue import ExceptionView, Filter, NoSuchException
from app.services.page import Page
from app.web.api.routes import Call, Taken
from app.web.api.schemas import (
    ExceptionAnswer,
    ExceptionPage,
    ExceptionQuery,
    GroupsAnswer,
    MapSkuBody,
    ResolveAnswer,
    ResolveBody,
    SetGoing,
    WhichExceptions,
)
from app.web.auth import actor, require, require_teams
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
    return {"count": remedies.retry(_ids(body), actor().signing(body["by"]))}


def resolve_exceptions(body: Taken) -> dict[str, object]:
    """End exceptions by a person's word. What changes money needs a `note`, and waits as `approval`."""
    if body["release"]:
        require(Permission.RELEASE_CREDIT)
    try:
        by = actor().signing(body["by"])
        action = Action.RELEASE if body["release"] else Action.RESOLVE
        done = do_or_ask(action, _ids(body), {"reason": body["note"] or ""}, by)
        return {"count": done.count, "approval": done.approval}
    except remedies.NotPossible as error:
        raise Refusal(HTTPStatus.CONFLICT, str(error)) from None


def map_sku(body: Taken) -> dict[str, object]:
    """Let a SKU of the shop mean one of BlueCherry's; answers how many returns were set going."""
    try:
        by = actor().signing(body["by"])
        return {"count": remedies.map_sku(body["store"], body["sku"], body["target"], by)}
    except remedies.NotPossible as error:
        raise Refusal(HTTPStatus.CONFLICT, str(error)) from None


def _filter(query: Taken) -> Filter:
    return Filter(query["open"], query["code"], query["cause"], query["team"], query["store"])


def _ids(body: Taken) -> list[int]:
    """The exceptions that are meant; all of them are of teams for which who asks acts."""
    ids = body["ids"]
    wanted = list(ids) if ids is not None else exception_queue.ids_of_cause(body["code"], body["cause"])
    require_teams(exception_queue.teams_of(wanted))
    return wanted


CALLS = [
    Call("GET", "/exceptions", Permission.READ_EXCEPTIONS, list_exceptions, ExceptionPage, query=ExceptionQuery),
    Call("GET", "/exceptions/causes", Permission.READ_EXCEPTIONS, list_causes, GroupsAnswer, query=ExceptionQuery),
    Call("GET", "/exceptions/<int:number>", Permission.READ_EXCEPTIONS, get_exception, ExceptionAnswer),
    Call("POST", "/exceptions/retry", Permission.HANDLE_EXCEPTIONS, retry_exceptions, SetGoing, body=WhichExceptions),
    Call(
        "POST",
        "/exceptions/resolve",
        Permission.HANDLE_EXCEPTIONS,
        resolve_exceptions,
        ResolveAnswer,
        body=ResolveBody,
        refusals=(HTTPStatus.CONFLICT,),
    ),
    Call(
        "POST",
        "/exceptions/map-sku",
        Permission.MAP_SKU,
        map_sku,
        SetGoing,
        body=MapSkuBody,
        refusals=(HTTPStatus.CONFLICT,),
    ),
]
