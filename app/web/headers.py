"""What every answer tells a browser, and which names and proxies the application believes."""

from __future__ import annotations

from flask import Flask, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix

from app.web.settings import WebSettings

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""For whatever says nothing else: nothing is cached, framed, guessed at or loaded."""
_HSTS = "max-age=31536000"
_OWN_HOSTS = ("localhost", "127.0.0.1", "[::1]")
"""By these a health check asks."""


def harden(app: Flask, settings: WebSettings) -> None:
    """Give every answer its headers, and believe `Host` and `X-Forwarded-*` only as far as the settings say."""
    if settings.hosts:
        app.config["TRUSTED_HOSTS"] = [*settings.hosts, *_OWN_HOSTS]
    if settings.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=settings.proxies
        )

    @app.after_request
    def protect(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if request.is_secure:
            response.headers.setdefault("Strict-Transport-Security", _HSTS)
        return response
