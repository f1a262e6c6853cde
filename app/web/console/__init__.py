"""The console: what finance, CX, logistics and merchandising work in. Pages are made here; htmx only refreshes them.

A page is a module with `add_pages(console, config)`, its templates below ``templates/console`` and, where people go to
it by themselves, an entry in `navigation.py`.
"""

from __future__ import annotations

from flask import Blueprint, Flask, redirect, url_for
from flask.typing import ResponseReturnValue

from app.config import Config
from app.web.console import (
    books,
    checklists,
    exceptions,
    handbook,
    mappings,
    people,
    preferences,
    remedies,
    returns,
    sign_in,
    station,
    today,
    windows,
)
from app.web.console.frame import PROVIDER_KEY, put_into_frame
from app.web.console.needs import ANYBODY, needs
from app.web.console.provider import add_provider
from app.web.settings import WebSettings

PAGES = (
    *(sign_in, preferences, today, exceptions, remedies, returns, windows),
    *(checklists, books, station, mappings, people, handbook),
)


def install_console(app: Flask, config: Config, settings: WebSettings) -> None:
    """Put the console below ``/console`` of an application, and lead whoever asks for ``/`` there."""
    console = Blueprint(
        "console",
        __name__,
        url_prefix="/console",
        template_folder="templates",
        static_folder="static",
        static_url_path="/static",
    )
    put_into_frame(app, console, config, settings)
    app.config[PROVIDER_KEY] = settings.provider
    add_provider(app, console, config, settings.provider)
    for page in PAGES:
        page.add_pages(console, config)

    @console.get("/")
    @needs(ANYBODY)
    def home() -> ResponseReturnValue:
        return redirect(url_for("console.today"))

    app.register_blueprint(console)

    @app.get("/")
    def root() -> ResponseReturnValue:
        return redirect(url_for("console.home"))
