from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.config import Config
from app.secret import Secret
from app.web.settings import WebSettings
from tests.support.configuration import ENVIRON, load, smallest

TOKEN = "token-4711"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Stores `es` and `uk`, both with the sites `madrid` (with a feed) and `silent` (without)."""
    table = smallest()
    table["stores"]["es"]["sites"] = ["madrid", "silent"]
    table["stores"]["uk"] = table["stores"]["es"] | {"reveni_store_id": "1002"}
    table["sites"]["silent"] = {"location": "SIL01", "quarantine": "SILQ"}
    return load(table, tmp_path)


@pytest.fixture
def client(config: Config, database: str, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A client of the application on an empty database, without a broker."""
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.delenv("BROKER_URL", raising=False)
    return create_app(config, WebSettings(api_tokens=(Secret("another"), Secret(TOKEN)))).test_client()


@pytest.fixture
def configured(config: Config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The services find the configuration, as they do in a process of the bridge."""
    monkeypatch.setenv("BRIDGE_CONFIG", str(tmp_path / "bridge.toml"))
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
