"""Returns over HTTP, and where the bridge stands as a whole."""

from __future__ import annotations

from http import HTTPStatus

from app.permissions import Permission
from app.services.outside import utc_now
from app.services.page import Page
from app.services.views import overview, return_view
from app.services.views.overview import Settled, Stats
from app.services.views.return_view import NoSuchReturn, ReturnLine, ReturnView
from app.web.api.return_schemas import ReturnAnswer, ReturnPage
from app.web.api.routes import Call, Taken
from app.web.api.schemas import ReturnQuery, SettledAnswer, StatsAnswer, StatsQuery
from app.web.errors import Refusal


def list_returns(query: Taken) -> Page[ReturnLine]:
    """Returns, the newest first."""
    return return_view.list_returns(
        store=query["store"],
        state=query["state"],
        document=query["document"],
        before=query["cursor"],
        limit=query["limit"],
    )


def get_return(store: str, return_id: str) -> ReturnView:
    """One return: lines, receipts, documents, exceptions, timeline."""
    try:
        return return_view.get_return(store, return_id)
    except NoSuchReturn as error:
        raise Refusal(HTTPStatus.NOT_FOUND, str(error)) from None


def settled() -> Settled:
    """Whether nothing is left that the bridge itself could do now."""
    return overview.settled()


def stats(query: Taken) -> Stats:
    """Documents, exceptions and returns counted; seconds from receipt to journal."""
    return overview.stats(utc_now(), query["days"])


CALLS = [
    Call("GET", "/returns", Permission.READ_RETURNS, list_returns, ReturnPage, query=ReturnQuery),
    Call("GET", "/returns/<store>/<return_id>", Permission.READ_RETURNS, get_return, ReturnAnswer),
    Call("GET", "/settled", Permission.READ_FIGURES, settled, SettledAnswer),
    Call("GET", "/stats", Permission.READ_FIGURES, stats, StatsAnswer, query=StatsQuery),
]
