"""Addresses of the console's pages, for what is read outside of it."""

from __future__ import annotations

from urllib.parse import urlencode


def exceptions_of_cause(base: str | None, code: str, cause: str) -> str | None:
    """The page of one thing to mend. `base`: the console's address without a slash at its end; None gives None."""
    return f"{base}/console/exceptions?{urlencode({'code': code, 'cause': cause})}" if base else None


def exceptions_of_team(base: str | None, team: str) -> str | None:
    """The page of all that a team has to mend."""
    return f"{base}/console/exceptions?{urlencode({'team': team})}" if base else None


def runbook(base: str | None, code: str) -> str | None:
    """The page that says what to do about a code."""
    return f"{base}/console/runbooks/{code}" if base else None
