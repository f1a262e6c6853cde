"""The Exceptions desk: what stands in the way, by team and cause, what it holds up, and what mends it."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.config import Config
from app.domain.blockers import Team
from app.permissions import Permission
from app.services import desk
from app.services.desk import Cursor, Wanted
from app.web.console.needs import needs


def add_pages(console: Blueprint, config: Config) -> None:
    """Add the lists of the desk."""

    @console.get("/exceptions")
    @needs(Permission.READ_EXCEPTIONS)
    def exceptions() -> ResponseReturnValue:
        wanted = Wanted(
            team=request.args.get("team") or None,
            code=request.args.get("code") or None,
            store=request.args.get("store") or None,
        )
        return render_template(
            "console/exceptions.html",
            page=desk.causes(wanted, Cursor.read(request.args.get("after"))),
            loads=desk.loads(wanted),
            wanted=wanted,
            teams=[team.value for team in Team],
            stores=sorted(config.stores),
        )
