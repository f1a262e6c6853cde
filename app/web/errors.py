"""Errors as the outside sees them: ``{"error": {"code", "message", "field"}}``, whatever raised them."""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, Response, jsonify
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

_AWAY_SECONDS = 2
_CODES = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "TOO_LARGE",
    HTTPStatus.UNPROCESSABLE_ENTITY: "INVALID",
    HTTPStatus.TOO_MANY_REQUESTS: "THROTTLED",
    HTTPStatus.INTERNAL_SERVER_ERROR: "INTERNAL",
    HTTPStatus.SERVICE_UNAVAILABLE: "UNAVAILABLE",
}
"""Our own names; every other status goes by its own, as NOT_FOUND does."""


class Refusal(HTTPException):
    """An answer that is no success, with a message that says what to do. `retry_after` is in whole seconds."""

    def __init__(
        self, status: HTTPStatus, message: str, *, field: str | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = status.value
        self.field = field
        self.retry_after = retry_after


def error_response(error: HTTPException) -> Response:
    """Any HTTP error in the one shape, with the headers that belong to it."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    field = error.field if isinstance(error, Refusal) else None
    response = jsonify(
        error={"code": _CODES.get(status, status.name), "message": error.description or status.phrase, "field": field}
    )
    response.status_code = status
    # The page that werkzeug would send is HTML; its other headers (Allow, WWW-Authenticate, Retry-After) hold.
    for name, value in error.get_headers():
        if name.lower() != "content-type":
            response.headers[name] = value
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, Refusal) and error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def answer_errors_as_json(app: Flask) -> None:
    """Let every error of the application answer in the one shape, unexpected ones without their details."""

    def database_away(_: OperationalError) -> Response:
        return error_response(
            Refusal(
                HTTPStatus.SERVICE_UNAVAILABLE, "the database does not answer; try again", retry_after=_AWAY_SECONDS
            )
        )

    app.register_error_handler(HTTPException, error_response)
    app.register_error_handler(OperationalError, database_away)
