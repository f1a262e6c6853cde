"""Signing in by an OpenID Connect provider: code flow with PKCE, state and nonce, by Authlib."""

from __future__ import annotations

import requests
import structlog
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, Flask, abort, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from joserfc.errors import JoseError

from app.config import Config
from app.services.access.people import person_by_provider
from app.web.console.language import gettext
from app.web.console.preferences import local_address
from app.web.console.sign_in import begin_session, sign_in_page
from app.web.settings import Provider

_AFTER = "after"
_SECONDS = 10

log = structlog.get_logger(__name__)


def add_provider(app: Flask, console: Blueprint, config: Config, provider: Provider | None) -> None:
    """Add the way to the provider and back; without a provider both addresses lead nowhere."""
    client = _client(app, provider) if provider is not None else None

    @console.get("/sign-in/provider")
    def sign_in_by_provider() -> ResponseReturnValue:
        if client is None:
            abort(404)
        session[_AFTER] = request.args.get("next")
        try:
            answer: ResponseReturnValue = client.authorize_redirect(_back(config))
        except (requests.RequestException, ValueError) as error:
            log.warning("provider.away", why=type(error).__name__)
            return _refused(gettext("The provider does not answer. Try again, or sign in with a password."))
        return answer

    @console.get("/sign-in/back")
    def back_from_provider() -> ResponseReturnValue:
        if client is None or provider is None:
            abort(404)
        try:
            claims = client.authorize_access_token()["userinfo"]
        except (OAuthError, JoseError, requests.RequestException, KeyError, ValueError) as error:
            log.warning("provider.refused", why=type(error).__name__)
            return _refused(gettext("The provider's answer does not hold. Try again."))
        email = claims.get("email") if claims.get("email_verified") is True else None
        person = person_by_provider(provider.issuer, str(claims["sub"]), email)
        if person is None:
            return _refused(gettext("The provider knows you, but you have no account here. Ask an admin for one."))
        after = session.get(_AFTER)
        begin_session(person)
        return redirect(local_address(after))


def _client(app: Flask, provider: Provider):  # type: ignore[no-untyped-def]  # Authlib has no types
    return OAuth(app).register(
        "provider",
        client_id=provider.client_id,
        client_secret=provider.client_secret.reveal(),
        server_metadata_url=f"{provider.issuer}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid email profile",
            "code_challenge_method": "S256",
            "default_timeout": _SECONDS,
        },
    )


def _back(config: Config) -> str:
    base = config.alerts.console_url
    place = url_for("console.back_from_provider")
    return f"{base}{place}" if base else url_for("console.back_from_provider", _external=True)


def _refused(problem: str) -> ResponseReturnValue:
    return sign_in_page(None, problem), 401
