from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.sandbox.running import bluecherry, reveni
from tests.support.scene import Scene
from tests.support.surroundings import Sandboxes


@pytest.fixture(scope="session")
def sandboxes() -> Iterator[Sandboxes]:
    """BlueCherry and Reveni as processes; each scene empties them."""
    with bluecherry() as erp, reveni() as shop:
        yield Sandboxes(erp, shop)


@pytest.fixture
def scene(sandboxes: Sandboxes, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """An order that was sold, an empty bridge, and nothing else."""
    monkeypatch.setenv("DATABASE_URL", database)
    made = Scene(sandboxes, tmp_path)
    yield made
    made.close()
