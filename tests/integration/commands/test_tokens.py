from __future__ import annotations

import json
from collections.abc import Callable

from click.testing import Result

from app.services.access.tokens import actor_of

Bridge = Callable[..., Result]


def test_a_token_is_made_printed_once_listed_and_ended(bridge: Bridge) -> None:
    made = bridge("tokens", "add", "desk", "--role", "operator", "--team", "cx", "--by", "ann")
    assert made.exit_code == 0, made.output
    text = made.stdout.strip()
    known = actor_of(text)
    assert known is not None
    assert known.name == "token desk"

    (listed,) = json.loads(bridge("tokens", "list", "--json").output)["tokens"]
    expected = {"name": "desk", "role": "operator", "teams": ["cx"], "created_by": "ann"}
    assert expected.items() <= listed.items()
    assert text not in bridge("tokens", "list").output

    assert bridge("tokens", "revoke", "desk").output == "Token desk is void.\n"
    assert actor_of(text) is None
    assert "there is no token desk, or it is revoked already" in bridge("tokens", "revoke", "desk").output


def test_a_token_holds_a_year_if_nothing_else_is_said(bridge: Bridge) -> None:
    bridge("tokens", "add", "a", "--role", "viewer")
    bridge("tokens", "add", "b", "--role", "viewer", "--days", 0)

    first, second = json.loads(bridge("tokens", "list", "--json").output)["tokens"]

    assert first["expires_at"] > first["created_at"]
    assert second["expires_at"] is None


def test_what_cannot_be_made_is_said_why(bridge: Bridge) -> None:
    assert "name at least one" in bridge("tokens", "add", "desk", "--role", "operator").output
    assert "printable" in bridge("tokens", "add", "a\nb", "--role", "viewer").output
    assert json.loads(bridge("tokens", "list", "--json").output) == {"tokens": []}
