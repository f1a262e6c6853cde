from __future__ import annotations

from datetime import timedelta

import pytest

from app.calls import CallError, Doubtful, Refused, TryLater, Unauthorised
from app.services.retrying import LeaseRanOut, backoff, counts
from tests.support.scene import Scene

AGAIN = 200


@pytest.mark.parametrize(("tries", "grown"), [(0, 1), (1, 1), (2, 2), (5, 16), (11, 600), (1000, 600)])
def test_the_wait_doubles_and_is_bounded_and_varied(scene: Scene, tries: int, grown: float) -> None:
    waits = [backoff(tries, Doubtful("a call", "500"), scene.outside) for _ in range(AGAIN)]

    assert grown * 0.5 <= min(waits) < grown * 0.75
    assert grown * 1.25 < max(waits) <= grown * 1.5


def test_nobody_comes_before_it_was_asked_to(scene: Scene) -> None:
    error = TryLater("a call", "throttled", timedelta(seconds=60))
    waits = [backoff(1, error, scene.outside) for _ in range(AGAIN)]

    assert min(waits) >= 60
    assert max(waits) > min(waits), "not all at the same moment"


@pytest.mark.parametrize(
    ("error", "is_a_try"),
    [
        (Doubtful("a call", "500"), True),
        (Refused("a call", 422, "PERIOD_CLOSED"), True),
        (Unauthorised("a call", 401), True),
        (TryLater("a call", "locked"), True),
        (TryLater("a call", "throttled"), False),
        (TryLater("a call", "processing"), False),
        (TryLater("a call", "unreachable"), False),
        (LeaseRanOut("a call"), False),
    ],
)
def test_only_what_says_something_of_the_document_is_a_try(error: CallError, is_a_try: bool) -> None:
    assert counts(error) is is_a_try


def test_no_access_is_for_a_person_once_the_tries_are_used_up(scene: Scene) -> None:
    scene.configure({"retry": {"tries": 2}})
    scene.ask("r1")
    scene.work()
    scene.ask("r2")
    scene.with_key("an old key")
    scene.work()
    scene.later(600)
    scene.later(600)

    assert scene.codes() == ["tries_used_up"]
    assert "key" in scene.exceptions()[0].message
    assert "an old key" not in scene.exceptions()[0].message
