"""The handbook: a runbook for each exception code, and the operating model, as they stand in the documentation."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, abort, render_template, url_for
from flask.typing import ResponseReturnValue

from app.config import Config
from app.domain.blockers import REMEDIES, Code, Team
from app.services import handbook
from app.web.console.needs import ANYBODY, needs


def add_pages(console: Blueprint, config: Config) -> None:
    """Add the list of pages, and the pages."""

    @console.get("/handbook")
    @needs(ANYBODY)
    def handbook_index() -> ResponseReturnValue:
        codes = {team.value: [code.value for code in Code if REMEDIES[code].team is team] for team in Team}
        return render_template("console/handbook_index.html", codes=codes)

    @console.get("/runbooks/<code>")
    @needs(ANYBODY)
    def runbook(code: str) -> ResponseReturnValue:
        if code not in list(Code):
            abort(HTTPStatus.NOT_FOUND)
        return render_template("console/runbook.html", page=_page(code))

    @console.get("/operating-model")
    @needs(ANYBODY)
    def operating_model() -> ResponseReturnValue:
        return render_template("console/operating_model.html", page=_page(handbook.OPERATING_MODEL))


def _page(name: str) -> handbook.HandbookPage:
    return handbook.page(name, _address)


def _address(name: str) -> str:
    if name == handbook.OPERATING_MODEL:
        return url_for("console.operating_model")
    return url_for("console.runbook", code=name)
