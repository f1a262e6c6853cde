"""Who asks, and whether they may: the one place through which every protected route of the API goes."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from http import HTTPStatus

from flask import g, request

from app.db.engine import DatabaseNotSet
from app.domain.blockers import Team
from app.permissions import Actor, Permission, Role
from app.secret import Secret
from app.services.access.tokens import actor_of, hash_of
from app.web.errors import Refusal

_SCHEME = "bearer "
ENVIRONMENT = Actor("token environment", Role.ADMIN)
"""Who shows a token of BRIDGE_API_TOKENS: whoever set up the machine."""


class Gate:
    """Lets in who shows a token of BRIDGE_API_TOKENS, or one that ``bridge tokens add`` made, and may do what it does.

    Of both, hashes are compared, so that no answer's time tells how much of a token was right.
    """

    def __init__(self, environment: Sequence[Secret]) -> None:
        self._environment = [hash_of(token.reveal()) for token in environment]

    def admit(self, permission: Permission) -> None:
        """Go on only for an actor with this permission, whom ``actor()`` then gives.

        Raises Refusal: 401 without a valid token, 403 when it may not do this.
        """
        known = self._known()
        if known is None:
            raise Refusal(
                HTTPStatus.UNAUTHORIZED,
                "send Authorization: Bearer TOKEN with a token of bridge tokens add, or one of BRIDGE_API_TOKENS",
            )
        g.actor = known
        require(permission)

    def _known(self) -> Actor | None:
        header = request.headers.get("Authorization", "")
        given = header[len(_SCHEME) :].strip() if header.lower().startswith(_SCHEME) else ""
        if not given:
            return None
        digest = hash_of(given)
        matches = [hmac.compare_digest(digest, token) for token in self._environment]
        if any(matches):
            return ENVIRONMENT
        try:
            return actor_of(given)
        except DatabaseNotSet:
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "DATABASE_URL is not set") from None


def actor() -> Actor:
    """Who asks, behind a gate. Raises RuntimeError on a route that has none."""
    found = g.get("actor")
    if not isinstance(found, Actor):
        raise RuntimeError("this route has no gate")
    return found


def require(permission: Permission) -> None:
    """Raises Refusal (403) when who asks may not do this."""
    if not actor().may(permission):
        raise Refusal(HTTPStatus.FORBIDDEN, f"{actor().name} has the role {actor().role}, without {permission}")


def require_teams(teams: Iterable[str]) -> None:
    """Raises Refusal (403) when an exception of these teams is not for who asks to handle."""
    others = sorted(team for team in set(teams) if not actor().acts_for(Team(team)))
    if others:
        raise Refusal(HTTPStatus.FORBIDDEN, f"{actor().name} does not act for {', '.join(others)}")
