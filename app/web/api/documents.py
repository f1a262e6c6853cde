"""Documents over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from app.permissions import Permission
from app.services.page import Page
from app.services.views import document_view
from app.services.views.document_view import DocumentLine, NoSuchDocument, Trace
from app.web.api.document_schemas import DocumentPage, DocumentQuery, TracesAnswer
from app.web.api.routes import Call, Taken
from app.web.errors import Refusal


def list_documents(query: Taken) -> Page[DocumentLine]:
    """Documents, the newest first."""
    return document_view.list_documents(
        store=query["store"],
        kind=query["kind"],
        state=query["state"],
        order=query["order"],
        since=query["since"],
        before=query["cursor"],
        limit=query["limit"],
    )


def get_document(number_or_key: str) -> Mapping[str, Sequence[Trace]]:
    """A document by BlueCherry's number or the bridge's key, with all that led to it."""
    try:
        return {"documents": document_view.trace(number_or_key)}
    except NoSuchDocument as error:
        raise Refusal(HTTPStatus.NOT_FOUND, str(error)) from None


CALLS = [
    Call("GET", "/documents", Permission.READ_RETURNS, list_documents, DocumentPage, query=DocumentQuery),
    Call("GET", "/documents/<path:number_or_key>", Permission.READ_RETURNS, get_document, TracesAnswer),
]
