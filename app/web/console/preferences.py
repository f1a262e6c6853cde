"""Language and theme: what a browser remembers of who sits in front of it."""

from __future__ import annotations

from flask import Blueprint, g, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.config import Config
from app.services.access.people import choose_language
from app.web.console.language import COOKIE, LANGUAGES

THEMES = ("light", "dark")
_YEAR = 365 * 24 * 3600


def add_pages(console: Blueprint, config: Config) -> None:
    """Add the address that takes another language or theme."""

    @console.post("/preferences")
    def preferences() -> ResponseReturnValue:
        response = make_response(back())
        for name, allowed in ((COOKIE, LANGUAGES), ("theme", THEMES)):
            value = request.form.get(name)
            if value is not None and value in allowed:
                if name == COOKIE and g.person is not None:
                    choose_language(g.person.id, value)
                response.set_cookie(
                    name, value, max_age=_YEAR, path="/console", samesite="Lax", secure=request.is_secure
                )
        return response


def chosen_theme() -> str | None:
    """The theme that this browser chose; None for the system's own."""
    chosen = request.cookies.get("theme")
    return chosen if chosen in THEMES else None


def back() -> ResponseReturnValue:
    """To the page that a form was sent from, which it names."""
    return redirect(local_address(request.form.get("back")))


def local_address(address: str | None) -> str:
    """An address of the console that a form or a link named; the console's home for any other."""
    if address and address.startswith("/console/") and not address.startswith("/console//") and "\\" not in address:
        return address
    return url_for("console.home")
