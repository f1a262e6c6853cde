"""The JSON API: what others can ask the bridge, and what the command line does."""

from __future__ import annotations

from importlib.metadata import version

from flask import Blueprint, Response, jsonify, request

from app.config import Config
from app.web.api.documents import CALLS as DOCUMENT_CALLS
from app.web.api.exceptions import CALLS as EXCEPTION_CALLS
from app.web.api.health import health_calls
from app.web.api.mappings import mapping_calls
from app.web.api.returns import CALLS as RETURN_CALLS
from app.web.api.routes import blueprint_of, openapi_of
from app.web.api.windows import window_calls
from app.web.auth import bearer_check
from app.web.settings import WebSettings

DISTRIBUTION = "reveni-bluecherry-bridge"


def api(config: Config, settings: WebSettings) -> Blueprint:
    """The blueprint of the whole API behind bearer tokens; only its own description is open."""
    calls = [
        *EXCEPTION_CALLS,
        *RETURN_CALLS,
        *DOCUMENT_CALLS,
        *window_calls(config),
        *health_calls(config),
        *mapping_calls(config),
    ]
    blueprint = blueprint_of(calls)
    description = openapi_of(calls, version(DISTRIBUTION))
    check = bearer_check(settings.api_tokens)

    @blueprint.before_request
    def authorise() -> None:
        if request.endpoint != "api.openapi":
            check()

    @blueprint.get("/openapi.json")
    def openapi() -> Response:
        return jsonify(description)

    return blueprint
