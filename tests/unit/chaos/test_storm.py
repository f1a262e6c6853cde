"""The storm: what it counts, what it tries again, and that it undoes what it did."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from app.chaos.fault import Fault, NotNow, Struck
from app.chaos.plans import Plans
from app.chaos.schedule import Planned
from app.chaos.storm import Storm
from app.chaos.target import Target
from app.demo.sandboxes import Sandboxes
from app.system.bridge import System, SystemConfig


@pytest.fixture
def target(tmp_path: Path) -> Target:
    nowhere = Plans(Sandboxes("http://127.0.0.1:1", "http://127.0.0.1:1"), {}, {})
    return Target(System(SystemConfig(tmp_path)), nowhere, Random(1))


def _storm(target: Target, *faults: Fault, monkeypatch: pytest.MonkeyPatch) -> Storm:
    monkeypatch.setattr("app.chaos.storm._AGAIN_SECONDS", 0.001)
    storm = Storm([Planned(0.0, fault) for fault in faults], target)
    storm.start()
    storm.join()
    return storm


def test_what_is_over_at_once_counts_as_one(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    storm = _storm(target, Fault("killed", "", lambda _: Struck("process 1")), monkeypatch=monkeypatch)

    assert (storm.times, storm.hits) == ({"killed": 1}, {"killed": 1})
    assert [(entry.did, entry.detail) for entry in storm.log] == [("struck", "process 1")]


def test_what_lasts_counts_what_it_hit_when_it_is_undone(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    storm = _storm(target, Fault("slow", "", lambda _: Struck("", lambda: 7), 0.01), monkeypatch=monkeypatch)

    assert (storm.times, storm.hits) == ({"slow": 1}, {"slow": 7})


def test_what_hit_nothing_was_never_made(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    storm = _storm(target, Fault("slow", "", lambda _: Struck("", lambda: 0)), monkeypatch=monkeypatch)

    assert not storm.times
    assert [entry.detail for entry in storm.log] == ["", "it hit nothing"]


def test_what_cannot_be_made_now_is_tried_again(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = iter((NotNow("busy"), OSError("away"), None))

    def strike(_: Target) -> Struck:
        if (error := next(tries)) is not None:
            raise error
        return Struck()

    storm = _storm(target, Fault("shy", "", strike), monkeypatch=monkeypatch)

    assert storm.times == {"shy": 1}


def test_what_can_never_be_made_is_skipped_with_the_reason(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    def strike(_: Target) -> Struck:
        raise NotNow("nobody is there")

    storm = _storm(target, Fault("shy", "", strike), monkeypatch=monkeypatch)

    assert not storm.times
    assert [(entry.did, entry.detail) for entry in storm.log] == [("skipped", "NotNow: nobody is there")]


def test_an_error_of_the_storm_itself_is_not_kept_quiet(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    def strike(_: Target) -> Struck:
        raise ValueError("a mistake in the fault")

    with pytest.raises(ValueError, match="a mistake"):
        _storm(target, Fault("wrong", "", strike), monkeypatch=monkeypatch)
