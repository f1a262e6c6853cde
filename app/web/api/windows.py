"""Windows and their batches over HTTP."""

from __future__ import annotations

from http import HTTPStatus

from app.config import Config
from app.domain.policy import Kind
from app.permissions import Permission
from app.services.exceptions.remedies import NotPossible
from app.services.ledger.windows import post_now
from app.services.outside import outside
from app.services.page import Page
from app.services.views import overview
from app.services.views.overview import BatchView, WindowView
from app.web.api.routes import Call, Taken
from app.web.api.schemas import BatchPage, PageQuery, SetGoing, WindowBody, WindowPage
from app.web.auth import actor
from app.web.errors import Refusal


def window_calls(config: Config) -> list[Call]:
    """The calls about windows of the configured stores."""

    def post_window(body: Taken) -> dict[str, object]:
        """Post now what waits for a window; answers how many documents."""
        if body["store"] not in config.stores:
            raise Refusal(HTTPStatus.NOT_FOUND, f"there is no store {body['store']}", field="store")
        try:
            return {"count": post_now(body["store"], Kind(body["kind"]), outside(), actor().name)}
        except NotPossible as error:
            raise Refusal(HTTPStatus.CONFLICT, str(error)) from None

    return [
        Call("GET", "/windows", Permission.READ_FIGURES, list_windows, WindowPage, query=PageQuery),
        Call(
            "POST",
            "/windows",
            Permission.POST_WINDOW,
            post_window,
            SetGoing,
            body=WindowBody,
            refusals=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
        ),
        Call("GET", "/batches", Permission.READ_FIGURES, list_batches, BatchPage, query=PageQuery),
    ]


def list_windows(query: Taken) -> Page[WindowView]:
    """Windows that were posted, the newest first."""
    return overview.list_windows(query["cursor"], query["limit"])


def list_batches(query: Taken) -> Page[BatchView]:
    """Batches, the newest first."""
    return overview.list_batches(query["cursor"], query["limit"])
