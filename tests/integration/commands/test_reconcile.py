from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import Result

from tests.support.scene import Scene
from tests.support.surroundings import ENVIRONMENT
from tests.unit.sandbox.world import ra, ra_line

Bridge = Callable[..., Result]


@pytest.fixture
def running(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
    scene.config()
    monkeypatch.setenv("BRIDGE_CONFIG", str(scene.config_path))
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    scene.ask("r1")
    scene.work()
    return scene


@pytest.mark.usefixtures("running")
def test_books_that_agree_are_told_and_counted(bridge: Bridge) -> None:
    result = bridge("reconcile", "--days", 2)

    assert result.exit_code == 0, result.output
    assert "1 documents of the bridge" in result.output
    assert "none differs" in result.output


def test_what_differs_is_shown_and_ends_with_1(bridge: Bridge, running: Scene) -> None:
    body = ra(ra_line(), ref_num2="r1", aux_ref_num="RA-r1", location="MAD01")
    assert running.bluecherry.call("POST", "/return_authorizations", body).status_code == 201
    result = bridge("reconcile")

    assert result.exit_code == 1
    assert "1 differ" in result.output
    assert "doubled" in result.output
    assert "RA-r1" in result.output
    assert "books_differ" in bridge("exceptions", "list").output


def test_programs_get_the_same_as_json(bridge: Bridge, running: Scene) -> None:
    body = ra(ra_line(), ref_num2="r1", aux_ref_num="RA-r1", location="MAD01")
    assert running.bluecherry.call("POST", "/return_authorizations", body).status_code == 201
    result = bridge("reconcile", "--json")

    assert result.exit_code == 1
    (reading,) = json.loads(result.output)
    assert (reading["connection"], reading["compared"]) == ("main", 2)
    assert [(each["how"], each["key"]) for each in reading["differences"]] == [("doubled", "RA-r1")]


def test_a_bluecherry_that_cannot_be_read_ends_with_2(bridge: Bridge, running: Scene) -> None:
    running.trouble("500", "GET /documents")
    result = bridge("reconcile")

    assert result.exit_code == 2
    assert "could not be read" in result.output


@pytest.mark.usefixtures("running")
def test_an_unknown_connection_is_named_beside_the_known(bridge: Bridge) -> None:
    result = bridge("reconcile", "--connection", "other")

    assert result.exit_code == 1
    assert "known are main" in result.output
