"""The handbook: a runbook for each exception code, and the operating model, in the reader's language."""

from __future__ import annotations

from http import HTTPStatus

from flask import abort, render_template, url_for
from flask.typing import ResponseReturnValue

from app.domain.blockers import REMEDIES, Code, Team
from app.services.views import handbook
from app.web.console.language import language
from app.web.console.needs import ANYBODY
from app.web.console.pages import Pages

pages = Pages()
add_pages = pages.add_to


@pages.get("/handbook", ANYBODY)
def handbook_index() -> ResponseReturnValue:
    """The list of pages."""
    codes = {team.value: [code.value for code in Code if REMEDIES[code].team is team] for team in Team}
    return render_template("console/handbook_index.html", codes=codes)


@pages.get("/runbooks/<code>", ANYBODY)
def runbook(code: str) -> ResponseReturnValue:
    """The runbook of a code."""
    if code not in list(Code):
        abort(HTTPStatus.NOT_FOUND)
    return render_template("console/runbook.html", page=page_of(code))


@pages.get("/operating-model", ANYBODY)
def operating_model() -> ResponseReturnValue:
    """Who owns which data, and what is checked when."""
    return render_template("console/operating_model.html", page=page_of(handbook.OPERATING_MODEL))


def page_of(name: str) -> handbook.HandbookPage:
    """A page of the handbook in the reader's language, its links led through the console. Raises NoSuchPage."""
    return handbook.page(name, language(), _address)


def month_end() -> str:
    """The address of what the operating model says of a month's end."""
    return url_for(
        "console.operating_model", _anchor=handbook.anchor(handbook.OPERATING_MODEL, "month-end", language())
    )


def _address(name: str) -> str:
    if name == handbook.OPERATING_MODEL:
        return url_for("console.operating_model")
    return url_for("console.runbook", code=name)
