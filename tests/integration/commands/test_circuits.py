from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import Result

from app.calls import TryLater
from app.services.circuits import all_circuits
from tests.support.scene import Scene

Bridge = Callable[..., Result]


@pytest.fixture
def away(scene: Scene) -> Scene:
    """BlueCherry asked for ten minutes."""
    scene.trouble(None, outage_seconds=600)
    with pytest.raises(TryLater):
        scene.outside.bluecherry["main"].periods()
    scene.trouble(None)
    return scene


@pytest.mark.usefixtures("away")
def test_what_is_away_is_listed_with_the_reason(bridge: Bridge) -> None:
    shown = bridge("circuits", "list").output

    assert "main" in shown
    assert "away" in shown
    assert "processing" in shown
    (told,) = json.loads(bridge("circuits", "list", "--json").output)
    assert (told["name"], told["closed"], told["openings"]) == ("main", False, 1)


def test_one_is_called_again_at_once(bridge: Bridge, away: Scene) -> None:
    assert not away.outside.ready("main")
    assert bridge("circuits", "close", "main").exit_code == 0

    assert all_circuits()["main"].closed
    assert away.outside.ready("main")


def test_one_that_is_not_away_is_told(bridge: Bridge) -> None:
    result = bridge("circuits", "close", "main")

    assert result.exit_code == 1
    assert "main is not away. Away now: none." in result.output
