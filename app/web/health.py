"""Health: is the process alive, and could it store an event now."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, jsonify

from app.services.intake.inbox import database_answers


def health() -> Blueprint:
    """The blueprint of both checks. Neither asks the broker: the receiver does its work without one."""
    blueprint = Blueprint("health", __name__, url_prefix="/health")

    @blueprint.get("/live")
    def live() -> Response:
        return jsonify(status="alive")

    @blueprint.get("/ready")
    def ready() -> Response:
        reachable = database_answers()
        response = jsonify(status="ready" if reachable else "not ready", database=reachable)
        response.status_code = HTTPStatus.OK if reachable else HTTPStatus.SERVICE_UNAVAILABLE
        return response

    return blueprint
