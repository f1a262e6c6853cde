from __future__ import annotations

import pytest

from app.domain.policy import Kind
from app.services.access.acts import list_acts
from app.services.exceptions.remedies import NotPossible
from app.services.ledger.window_holds import hold, list_holds, release
from app.services.ledger.windows import open_windows, post_now
from app.services.views.window_view import NoSuchWindow, posted, waiting, window_file
from tests.support.scene import Scene


def _due(scene: Scene) -> None:
    """A memo waits for a window that opens in an hour, and then the hour is over."""
    scene.configure({"stores": {"es": {"posting": {"credit_memo": "every 1h"}}}})
    scene.ask("r1")
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.accept("r1")
    scene.work()
    scene.clock.move(3600)


def test_nothing_is_posted_in_a_window_that_is_held_until_it_is_released(scene: Scene) -> None:
    _due(scene)
    hold("es", Kind.CREDIT_MEMO, "the auditors are here", "ana")
    assert open_windows(scene.outside) == 0
    assert [(each.kind, each.documents, each.units) for each in waiting()] == [("credit_memo", 1, 1)]

    release("es", Kind.CREDIT_MEMO, "ana")
    scene.run_windows()

    assert scene.states()["CM-r1-1"] == "posted"
    assert waiting() == []
    assert [act.what for act in list_acts().rows] == ["windows released", "windows held"]


def test_a_window_that_is_held_is_not_said_to_be_posted_now(scene: Scene) -> None:
    _due(scene)
    hold("es", Kind.CREDIT_MEMO, "the auditors are here", "ana")

    with pytest.raises(NotPossible, match="ana holds these windows: release them first"):
        post_now("es", Kind.CREDIT_MEMO, scene.outside, "eva")
    assert [each.held for each in waiting()] == [True]


def test_a_hold_is_for_its_kind_and_store(scene: Scene) -> None:
    _due(scene)
    hold("es", Kind.EXCHANGE_ORDER, "later", "ana")
    hold("uk", Kind.CREDIT_MEMO, "later", "ana")

    assert open_windows(scene.outside) == 1


def test_a_hold_has_a_reason_and_is_one(scene: Scene) -> None:
    with pytest.raises(NotPossible, match="Say why"):
        hold("es", Kind.CREDIT_MEMO, " ", "ana")
    with pytest.raises(NotPossible, match="not held"):
        release("es", Kind.CREDIT_MEMO, "ana")
    hold("es", Kind.CREDIT_MEMO, "later", "ana")
    with pytest.raises(NotPossible, match="held already"):
        hold("es", Kind.CREDIT_MEMO, "again", "eva")

    assert [(each.store, each.kind, each.reason, each.by) for each in list_holds()] == [
        ("es", "credit_memo", "later", "ana")
    ]


def test_a_window_tells_what_was_handed_in_and_acknowledged(scene: Scene) -> None:
    _due(scene)
    scene.run_windows()
    (window,) = posted().rows

    file = window_file(window.id)

    assert (window.kind, window.batches, window.documents, window.undone, window.refused) == ("credit_memo", 1, 1, 0, 0)
    (batch,) = file.batches
    assert (batch.state, batch.number is not None, batch.done_at is not None) == ("done", True, True)
    assert [line.document.entry.key for line in file.documents.rows] == ["CM-r1-1"]
    assert str(file.total["EUR"]) == "10.89"
    with pytest.raises(NoSuchWindow):
        window_file(4711)
