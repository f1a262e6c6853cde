"""Pages of one module: views at the module's top, each with its address and what it needs, for the console to take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flask import Blueprint, current_app, g
from flask.typing import ResponseReturnValue

from app.config import Config
from app.permissions import Permission
from app.services.outside import Outside, build
from app.web.console.needs import needs

_WORLD = "bridge_console_world"
View = Callable[..., ResponseReturnValue]


class Pages:
    """Collects views. ``add_pages = pages.add_to`` makes a module one of the console's."""

    def __init__(self) -> None:
        self._views: list[tuple[str, str, View]] = []

    def get(self, path: str, permission: Permission | str) -> Callable[[View], View]:
        """A page at this address, for who has the permission."""
        return self._at("GET", path, permission)

    def post(self, path: str, permission: Permission | str) -> Callable[[View], View]:
        """Where a form is sent, for who has the permission."""
        return self._at("POST", path, permission)

    def add_to(self, console: Blueprint, config: Config) -> None:
        """Give the console all of them; each view's name is its endpoint."""
        for method, path, view in self._views:
            console.add_url_rule(path, view.__name__, view, methods=[method])

    def _at(self, method: str, path: str, permission: Permission | str) -> Callable[[View], View]:
        def take(view: View) -> View:
            self._views.append((method, path, needs(permission)(view)))
            return view

        return take


def world() -> Outside:
    """Both systems outside, as the file names them, one per application; with the mapping that is in force."""
    found = current_app.extensions.get(_WORLD)
    if not isinstance(found, Outside):
        found = current_app.extensions.setdefault(_WORLD, build(g.file_config))
    return found if found.config is config() else replace(found, config=config())


def config() -> Config:
    """The configuration that the console runs by."""
    found: Config = g.config
    return found
