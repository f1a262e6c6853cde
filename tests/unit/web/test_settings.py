from __future__ import annotations

import pytest
from environs import EnvError

from app.secret import Secret
from app.web.settings import WebSettings, load_settings


def test_without_variables_the_api_is_shut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BRIDGE_API_TOKENS", raising=False)
    monkeypatch.delenv("BRIDGE_EVENTS_PER_SECOND", raising=False)

    assert load_settings() == WebSettings()
    assert load_settings().api_tokens == ()


def test_tokens_are_separated_by_commas_and_show_themselves_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_API_TOKENS", "first, second,,")
    monkeypatch.setenv("BRIDGE_EVENTS_PER_SECOND", "50")

    settings = load_settings()

    assert settings == WebSettings((Secret("first"), Secret("second")), 50)
    assert "first" not in repr(settings)


def test_a_limit_that_is_no_number_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_EVENTS_PER_SECOND", "many")

    with pytest.raises(EnvError, match="BRIDGE_EVENTS_PER_SECOND"):
        load_settings()
