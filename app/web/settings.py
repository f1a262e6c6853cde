"""Settings of the web processes, from the environment."""

from __future__ import annotations

from dataclasses import dataclass

from environs import Env
from marshmallow.validate import Range

from app.secret import Secret

EVENTS_PER_SECOND = 5000


@dataclass(frozen=True, slots=True)
class WebSettings:
    """What the web processes need beside the configuration file.

    `api_tokens`: bearer tokens that open the JSON API; without one it stays shut. `events_per_second`: what one store
    or site may send to one receiver process in the long run; 0 for no limit.
    """

    api_tokens: tuple[Secret, ...] = ()
    events_per_second: int = EVENTS_PER_SECOND


def load_settings() -> WebSettings:
    """The settings out of BRIDGE_API_TOKENS and BRIDGE_EVENTS_PER_SECOND.

    Raises environs.EnvError, which names the variable.
    """
    env = Env()
    tokens: list[str] = env.list("BRIDGE_API_TOKENS", [])
    return WebSettings(
        api_tokens=tuple(Secret(token.strip()) for token in tokens if token.strip()),
        events_per_second=env.int("BRIDGE_EVENTS_PER_SECOND", EVENTS_PER_SECOND, validate=Range(min=0)),
    )
