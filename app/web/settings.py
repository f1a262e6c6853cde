"""Settings of the web processes, from the environment."""

from __future__ import annotations

from dataclasses import dataclass

from environs import Env
from marshmallow import ValidationError
from marshmallow.validate import Range

from app.secret import Secret

EVENTS_PER_SECOND = 5000
_SHORTEST_SECRET = 32


@dataclass(frozen=True, slots=True)
class Provider:
    """An OpenID Connect provider. `name` stands on the button."""

    issuer: str
    client_id: str
    client_secret: Secret
    name: str


@dataclass(frozen=True, slots=True)
class WebSettings:
    """What the web processes need beside the configuration file.

    `api_tokens`: bearer tokens that open the JSON API; without one it stays shut. `events_per_second`: what one store
    or site may send to one receiver process in the long run; 0 for no limit. `console_secret`: signs the console's
    cookies; without one the console stays shut. `provider`: who else than the bridge may say who somebody is. `hosts`:
    names by which it may be asked for, empty for any. `proxies`: how many of one's own stand before it.
    """

    api_tokens: tuple[Secret, ...] = ()
    events_per_second: int = EVENTS_PER_SECOND
    console_secret: Secret | None = None
    provider: Provider | None = None
    hosts: tuple[str, ...] = ()
    proxies: int = 0


def load_settings() -> WebSettings:
    """The settings out of the variables BRIDGE_… that docs/configuration.md names for the web.

    Raises environs.EnvError, which names the variable.
    """
    env = Env()
    tokens: list[str] = env.list("BRIDGE_API_TOKENS", [])
    hosts: list[str] = env.list("BRIDGE_HOSTS", [])
    console_secret = env.str("BRIDGE_CONSOLE_SECRET", "", validate=_long_enough)
    return WebSettings(
        api_tokens=tuple(Secret(token.strip()) for token in tokens if token.strip()),
        events_per_second=env.int("BRIDGE_EVENTS_PER_SECOND", EVENTS_PER_SECOND, validate=Range(min=0)),
        console_secret=Secret(console_secret) if console_secret else None,
        provider=_provider(env),
        hosts=tuple(host.strip() for host in hosts if host.strip()),
        proxies=env.int("BRIDGE_PROXIES", 0, validate=Range(min=0)),
    )


def _provider(env: Env) -> Provider | None:
    issuer = env.str("BRIDGE_OIDC_ISSUER", "").rstrip("/")
    if not issuer:
        return None
    return Provider(
        issuer,
        env.str("BRIDGE_OIDC_CLIENT_ID"),
        Secret(env.str("BRIDGE_OIDC_CLIENT_SECRET")),
        env.str("BRIDGE_OIDC_NAME", "") or "OpenID Connect",
    )


def _long_enough(secret: str) -> None:
    if secret and len(secret) < _SHORTEST_SECRET:
        raise ValidationError(f"has fewer than {_SHORTEST_SECRET} characters")
