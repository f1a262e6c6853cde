from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import Result

from app.calls import TryLater
from app.db.tables.exceptions import AlertMessage
from app.db.tables.mapping import MappingEditRow
from app.db.tables.upkeep import RestoreRow
from app.services.outside import utc_now
from app.services.views.health import canary, health
from app.system.parts import QUEUES
from tests.integration.tasks.test_worker import running
from tests.support.rows import saved
from tests.support.scene import Scene
from tests.support.surroundings import ENVIRONMENT
from tests.support.waiting import wait_until

Bridge = Callable[..., Result]


@pytest.fixture
def configured(scene: Scene, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Scene:
    scene.config()
    monkeypatch.setenv("BRIDGE_CONFIG", str(scene.config_path))
    monkeypatch.setenv("BROKER_URL", redis_url)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return scene


def test_a_system_that_runs_is_well(bridge: Bridge, configured: Scene, redis_url: str, database: str) -> None:
    with running(configured, redis_url, database) as worker:
        for queue in QUEUES:
            worker.send("tasks.upkeep.canary", queue, queue=queue)
        wait_until(lambda: set(health(utc_now()).canaries) == set(QUEUES), 20, "the canaries came through")
        result = bridge("doctor")

    assert result.exit_code == 0, result.output
    for part in ("broker and workers", "beat", "BlueCherry main", "Reveni of store es"):
        assert f"✓ {part}" in result.output


def test_without_beat_it_says_so(bridge: Bridge, configured: Scene, redis_url: str, database: str) -> None:
    with running(configured, redis_url, database):
        never = bridge("doctor")
        for queue in QUEUES:
            canary(queue, utc_now() - timedelta(minutes=5))
        no_more = bridge("doctor")

    assert (never.exit_code, no_more.exit_code) == (1, 1)
    assert "Nothing of beat's ever came, and workers answer." in never.output
    assert "Nothing of beat's came through for 5 min, and workers answer." in no_more.output
    assert "✓ broker and workers" in no_more.output


@pytest.mark.usefixtures("configured")
def test_without_a_worker_it_says_so(bridge: Bridge) -> None:
    result = bridge("doctor")

    assert result.exit_code == 1
    assert "No worker answers" in result.output
    assert "No task came through any queue lately" in result.output


def test_a_wrong_key_and_a_silent_reveni_are_named(
    bridge: Bridge, configured: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for queue in QUEUES:
        canary(queue, utc_now())
    monkeypatch.setenv("BC_KEY", "wrong")
    configured.reveni_trouble("500", "GET /returns/{id}")
    result = bridge("doctor")

    assert result.exit_code == 1
    assert "✗ BlueCherry main" in result.output
    assert "no access (401" in result.output


def test_a_configuration_that_cannot_be_used_is_told_and_the_rest_examined(bridge: Bridge, configured: Scene) -> None:
    configured.config_path.write_text("[stores]\n")
    result = bridge("doctor")

    assert result.exit_code == 1
    assert "✗ configuration" in result.output
    assert "✗ broker and workers" in result.output
    assert "BlueCherry" not in result.output.partition("broker and workers")[2]


def test_a_system_that_is_left_alone_is_told_with_the_reason(bridge: Bridge, configured: Scene) -> None:
    configured.trouble(None, outage_seconds=600)
    with pytest.raises(TryLater):
        configured.outside.bluecherry["main"].periods()

    result = bridge("doctor")

    assert "processing" in result.output
    assert "sooner: bridge circuits close main" in result.output


@pytest.mark.usefixtures("configured")
def test_a_channel_that_takes_no_messages_is_named(bridge: Bridge) -> None:
    early = utc_now() - timedelta(minutes=6)
    message = {"key": "k", "channel": "pager", "team": "cx", "urgent": False, "alert_ids": [], "content": {}}
    saved(AlertMessage(**message, created_at=early, error="HTTP 503"))

    result = bridge("doctor")

    assert "1 messages wait for the channel pager" in result.output
    assert "HTTP 503" in result.output


@pytest.mark.usefixtures("configured")
def test_edits_of_the_mapping_that_do_not_fit_are_named(bridge: Bridge) -> None:
    saved(MappingEditRow(overlay={"stores": {"es": {"default_site": "mars"}}}, by="Ana López"))
    assert "do not fit the file any more" in bridge("doctor").output


@pytest.mark.usefixtures("configured")
def test_a_restore_whose_list_is_not_read_is_told(bridge: Bridge) -> None:
    saved(RestoreRow(taken_at=utc_now()))
    result = bridge("doctor")

    assert result.exit_code == 1
    assert "BlueCherry's list of documents since then is not read yet" in result.output
    assert "no document is planned or sent" in result.output
