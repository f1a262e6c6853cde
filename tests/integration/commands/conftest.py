from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from app import cli


@pytest.fixture
def bridge(database: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs ``bridge`` with these words on an empty database."""
    monkeypatch.setenv("DATABASE_URL", database)

    def run(*words: object) -> Result:
        return CliRunner().invoke(cli.main, [str(word) for word in words])

    return run
