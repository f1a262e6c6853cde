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
class WebSettings:
    """What the web processes need beside the configuration file.

    `api_tokens`: bearer tokens that open the JSON API; without one it stays shut. `events_per_second`: what one store
    or site may send to one receiver process in the long run; 0 for no limit. `console_secret`: signs the console's
    cookies; without one the console stays shut. `console_url`: where people reach it, without a path.
    """

    api_tokens: tuple[Secret, ...] = ()
    events_per_second: int = EVENTS_PER_SECOND
    console_secret: Secret | None = None
    console_url: str | None = None


def load_settings() -> WebSettings:
    """The settings out of BRIDGE_API_TOKENS, BRIDGE_EVENTS_PER_SECOND, BRIDGE_CONSOLE_SECRET and BRIDGE_CONSOLE_URL.

    Raises environs.EnvError, which names the variable.
    """
    env = Env()
    tokens: list[str] = env.list("BRIDGE_API_TOKENS", [])
    console_secret = env.str("BRIDGE_CONSOLE_SECRET", "", validate=_long_enough)
    return WebSettings(
        api_tokens=tuple(Secret(token.strip()) for token in tokens if token.strip()),
        events_per_second=env.int("BRIDGE_EVENTS_PER_SECOND", EVENTS_PER_SECOND, validate=Range(min=0)),
        console_secret=Secret(console_secret) if console_secret else None,
        console_url=env.str("BRIDGE_CONSOLE_URL", "").rstrip("/") or None,
    )


def _long_enough(secret: str) -> None:
    if secret and len(secret) < _SHORTEST_SECRET:
        raise ValidationError(f"has fewer than {_SHORTEST_SECRET} characters")
