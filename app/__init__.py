"""The bridge between Reveni and BlueCherry: returns there, the documents that they call for here."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.config import Config
    from app.web.settings import WebSettings


def create_app(config: Config | None = None, settings: WebSettings | None = None) -> Flask:
    """The Flask application: receiver, JSON API, console, health checks.

    Without a configuration it is read from BRIDGE_CONFIG (default ``bridge.toml``), the settings from the environment.
    Raises ConfigError or environs.EnvError when they cannot be used; connects to nothing yet.
    """
    from flask import Flask

    from app.config import load_config
    from app.web.api import api
    from app.web.auth import Gate
    from app.web.console import install_console
    from app.web.errors import answer_errors_as_json
    from app.web.headers import harden
    from app.web.health import health
    from app.web.metrics import metrics
    from app.web.settings import load_settings
    from app.web.throttle import Throttle
    from app.web.webhooks import MAX_CONTENT_LENGTH, webhooks

    config = config or load_config(os.environ.get("BRIDGE_CONFIG", "bridge.toml"), os.environ)
    settings = settings or load_settings()

    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_CONTENT_LENGTH
    answer_errors_as_json(app)
    app.register_blueprint(webhooks(config, Throttle(settings.events_per_second)))
    gate = Gate(settings.api_tokens)
    app.register_blueprint(api(config, gate))
    app.register_blueprint(health())
    app.register_blueprint(metrics(gate))
    install_console(app, config, settings)
    harden(app, settings)
    return app
