"""The JSON API: what others can ask the bridge, and what the command line does."""

from __future__ import annotations

from importlib.metadata import version

from flask import Blueprint, Response, jsonify

from app.config import Config
from app.web.api.books import book_calls
from app.web.api.documents import CALLS as DOCUMENT_CALLS
from app.web.api.exceptions import CALLS as EXCEPTION_CALLS
from app.web.api.health import health_calls
from app.web.api.mappings import mapping_calls
from app.web.api.openapi import openapi_of
from app.web.api.receiver_description import described_beside, signature_schemes
from app.web.api.returns import CALLS as RETURN_CALLS
from app.web.api.routes import blueprint_of
from app.web.api.windows import window_calls
from app.web.auth import Gate

DISTRIBUTION = "reveni-bluecherry-bridge"


def api(config: Config, gate: Gate) -> Blueprint:
    """The blueprint of the whole API behind the gate; only its own description is open."""
    calls = [
        *EXCEPTION_CALLS,
        *RETURN_CALLS,
        *DOCUMENT_CALLS,
        *book_calls(config),
        *window_calls(config),
        *health_calls(config),
        *mapping_calls(config),
    ]
    blueprint = blueprint_of(calls, gate)
    description = openapi_of(calls, described_beside(config), signature_schemes(config), version(DISTRIBUTION))

    @blueprint.get("/openapi.json")
    def openapi() -> Response:
        return jsonify(description)

    return blueprint
