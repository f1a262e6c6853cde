"""The Exceptions desk: what stands in the way, by team and cause, what it holds up, and what mends it."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from app.domain.blockers import Team
from app.permissions import Permission
from app.services import desk
from app.services.desk import Cursor, Wanted
from app.web.console.pages import Pages, config

pages = Pages()
add_pages = pages.add_to


@pages.get("/exceptions", Permission.READ_EXCEPTIONS)
def exceptions() -> ResponseReturnValue:
    """Causes of open exceptions, a page of them."""
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
        stores=sorted(config().stores),
    )
