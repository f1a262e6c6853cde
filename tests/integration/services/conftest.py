from __future__ import annotations

import pytest


@pytest.fixture
def books(database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty database that the services find."""
    monkeypatch.setenv("DATABASE_URL", database)
    return database
