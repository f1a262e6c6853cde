from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

from app.services.alerts.delivery import tell
from app.services.outside import outside
from tests.support.configuration import ENVIRON, smallest, write_toml
from tests.support.http_server import HttpServer, http_server
from tests.support.rows import exception_row, saved

Bridge = Callable[..., Result]


@pytest.fixture
def hook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str) -> Iterator[HttpServer]:
    """Where the alerts of the configuration go."""
    with http_server() as server:
        table = smallest() | {"alerts": {"webhook_url_env": "HOOK", "private_hosts": ["127.0.0.1"]}}
        for name, value in {**ENVIRON, "HOOK": server.url, "DATABASE_URL": database}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("BRIDGE_CONFIG", str(write_toml(table, tmp_path / "bridge.toml")))
        yield server


def test_a_test_message_goes_through_every_channel(bridge: Bridge, hook: HttpServer) -> None:
    result = bridge("alerts", "test", "--team", "finance")

    assert (result.exit_code, result.output) == (0, "webhook: taken\n")
    assert hook.last.body["text"] == "A test message for finance: the channel works."


def test_a_channel_that_does_not_take_it_is_named(bridge: Bridge, hook: HttpServer) -> None:
    hook.always(status=503)
    result = bridge("alerts", "test")

    assert result.exit_code == 1
    assert "webhook: not delivered (HTTP 503)" in result.output


def test_what_waits_is_listed_with_the_reason(bridge: Bridge, hook: HttpServer) -> None:
    saved(exception_row())
    hook.always(status=503)
    tell(outside().config.alerts)

    (told,) = json.loads(bridge("alerts", "list", "--json").output)
    assert (told["channel"], told["messages"], told["error"]) == ("webhook", 1, "HTTP 503")
    assert "HTTP 503" in bridge("alerts", "list").output
