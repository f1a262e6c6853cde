"""The bridge's health over HTTP: figures, and what they mean."""

from __future__ import annotations

from dataclasses import asdict

from app.config import Config
from app.ops.diagnosis import findings
from app.permissions import Permission
from app.services.outside import utc_now
from app.services.views.health import health
from app.system.parts import QUEUES
from app.web.api.routes import Call
from app.web.api.schemas import HealthAnswer


def health_calls(config: Config) -> list[Call]:
    """The call that tells how far behind the bridge is, and what is wrong."""

    def get_health() -> dict[str, object]:
        """How far behind the bridge is, and what is wrong."""
        figures = health(utc_now())
        found = findings(figures, QUEUES, config.sweep.reconcile_every.total_seconds())
        return {"healthy": not found, "findings": found, **asdict(figures)}

    return [Call("GET", "/health", Permission.READ_FIGURES, get_health, HealthAnswer)]
