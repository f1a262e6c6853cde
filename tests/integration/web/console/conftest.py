from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.config import Config
from app.secret import Secret
from app.web.settings import WebSettings
from tests.support.console import a_person, sign_in
from tests.support.scene import Scene
from tests.support.surroundings import ENVIRONMENT

SECRET = Secret("0123456789" * 4)


@pytest.fixture
def visitor(config: Config, database: str, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A browser, as good as one without a screen is, in front of an empty console; nobody is signed in."""
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.delenv("BROKER_URL", raising=False)
    return create_app(config, WebSettings(console_secret=SECRET)).test_client()


@pytest.fixture
def ana(visitor: FlaskClient) -> FlaskClient:
    """A browser in which Ana is signed in."""
    a_person()
    assert sign_in(visitor).status_code == 302
    return visitor


@pytest.fixture
def configured(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The console's process finds the configuration, as for what it asks services that reach outside."""
    scene.config()
    for name, value in {**ENVIRONMENT, "BRIDGE_CONFIG": str(scene.config_path)}.items():
        monkeypatch.setenv(name, value)
