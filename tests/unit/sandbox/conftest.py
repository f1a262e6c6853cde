from __future__ import annotations

import pytest

from tests.unit.sandbox.world import Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()
