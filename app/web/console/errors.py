"""Errors of the console as pages that say what went wrong and what to do."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, abort, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import HTTPException

from app.web.console.language import N_, gettext
from app.web.console.needs import ANYBODY, needs

_MESSAGES = {
    HTTPStatus.NOT_FOUND: N_("There is nothing at this address. What it showed may have been settled or renamed."),
    HTTPStatus.FORBIDDEN: N_("Your roles do not allow this. Ask whoever manages the people of this console."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: N_("That is more than a page takes at once."),
    HTTPStatus.SERVICE_UNAVAILABLE: N_("The database does not answer. Nothing is lost; try again in a moment."),
    HTTPStatus.BAD_REQUEST: N_("This request could not be read. Go back, reload the page, and try again."),
    HTTPStatus.INTERNAL_SERVER_ERROR: N_("Something broke that nobody foresaw. It is in the log; try again later."),
}


def answer_errors_as_pages(console: Blueprint) -> None:
    """Let every error on the console's addresses answer with a page."""
    console.register_error_handler(CSRFError, _forged)
    console.register_error_handler(HTTPException, _refused)
    console.register_error_handler(DataError, _no_such_value)
    console.register_error_handler(OperationalError, _database_away)

    # Forms, too: an address that takes none would be answered by the application, in JSON.
    @console.route("/<path:anything>", methods=["GET", "POST"])
    @needs(ANYBODY)
    def nowhere(anything: str) -> ResponseReturnValue:
        abort(HTTPStatus.NOT_FOUND)


def page_of_error(status: HTTPStatus, message: str) -> ResponseReturnValue:
    """A page that says what went wrong and what to do; for htmx only the sentence."""
    if request.headers.get("HX-Request"):
        return render_template("console/_problem.html", message=message), status
    return render_template("console/error.html", status=status, message=message), status


def _forged(_: CSRFError) -> ResponseReturnValue:
    return page_of_error(
        HTTPStatus.BAD_REQUEST,
        gettext("This form is out of date: your session has ended or changed. Go back, reload it, and try again."),
    )


def _refused(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None:
        return error.get_response()
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    plain = HTTPStatus.INTERNAL_SERVER_ERROR if status >= HTTPStatus.INTERNAL_SERVER_ERROR else HTTPStatus.BAD_REQUEST
    return page_of_error(status, gettext(_MESSAGES.get(status, _MESSAGES[plain])))


def _no_such_value(_: DataError) -> ResponseReturnValue:
    """A number or text that no column of the database can hold, as a cursor or an identity of thirty digits."""
    return page_of_error(HTTPStatus.BAD_REQUEST, gettext(_MESSAGES[HTTPStatus.BAD_REQUEST]))


def _database_away(_: OperationalError) -> ResponseReturnValue:
    g.person = None
    return page_of_error(HTTPStatus.SERVICE_UNAVAILABLE, gettext(_MESSAGES[HTTPStatus.SERVICE_UNAVAILABLE]))
