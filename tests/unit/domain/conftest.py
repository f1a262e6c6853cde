"""How far the searching tests search: the same examples each time on CI, others at home."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("tests.unit.domain.play", "tests.unit.domain.bluecherry", "tests.unit.domain.sandbox")

settings.register_profile(
    "home", deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
# For a search by hand, of minutes: HYPOTHESIS_PROFILE=long.
settings.register_profile("long", settings.get_profile("home"), print_blob=True)
settings.register_profile("ci", settings.get_profile("home"), derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "home"))
