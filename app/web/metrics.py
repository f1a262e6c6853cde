"""Figures for Prometheus, behind the same gate as the JSON API."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, Response

from app.ops.metrics import CONTENT_TYPE, exposition
from app.permissions import Permission
from app.services.outside import utc_now
from app.services.views import overview
from app.services.views.health import health
from app.web.auth import Gate


def metrics(gate: Gate) -> Blueprint:
    """The blueprint of ``GET /metrics``."""
    blueprint = Blueprint("metrics", __name__)

    @blueprint.get("/metrics")
    def scrape() -> Response:
        gate.admit(Permission.READ_FIGURES)
        counts = {name: int(count) for name, count in asdict(overview.settled()).items()}
        return Response(exposition(health(utc_now()), counts), content_type=CONTENT_TYPE)

    return blueprint
