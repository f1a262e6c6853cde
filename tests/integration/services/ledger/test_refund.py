"""Reveni's refund against the memos that stand in BlueCherry."""

from __future__ import annotations

from app.services.exceptions.remedies import resolve
from tests.support.scene import Scene, item

_REFUND = {"method": "original_payment", "status": "paid", "refunded_at": "2026-01-02T10:00:00Z"}


def test_a_refund_that_differs_is_told_to_finance_and_the_memo_is_made_all_the_same(scene: Scene) -> None:
    scene.ask("r1", item("0001", 2), refund={**_REFUND, "amount": "18.0000"})
    scene.arrive("w1", {"0001": 2}, return_id="r1")
    scene.accept("r1")
    scene.work()

    (exception,) = scene.exceptions()
    assert (exception.code, exception.team, str(exception.amount)) == ("refund_mismatch", "finance", "3.78")
    assert exception.side == "under"
    assert "Reveni refunded 18.00 EUR. Credited are 21.78 EUR on CM-r1-1" in exception.message
    assert "0001 refunded without the tax of 3.78" in exception.message
    assert scene.memos()["CM-r1-1"]["total_amt"] == "21.78"

    scene.change("r1", refund={**_REFUND, "amount": "21.7800"})
    scene.work()

    assert scene.exceptions() == []
    assert scene.row().state == "settled"


def test_a_word_on_a_small_difference_is_none_on_a_large_one(scene: Scene) -> None:
    scene.ask("r1", item("0001", 2), refund={**_REFUND, "amount": "21.7900"})
    scene.arrive("w1", {"0001": 2}, return_id="r1")
    scene.accept("r1")
    scene.work()
    (cent,) = scene.exceptions()
    assert str(cent.amount) == "0.01"
    resolve([cent.id], "ana", "rounding")

    told = []
    for paid in ("21.7900", "521.7800", "21.7700"):
        scene.later(1)
        scene.change("r1", refund={**_REFUND, "amount": paid})
        scene.work()
        told.append([(each.side, str(each.amount)) for each in scene.exceptions()])

    assert told == [[], [("over", "500.00")], [("under", "0.01")]]


def test_a_memo_that_waits_for_its_window_is_compared_when_it_is_posted(scene: Scene) -> None:
    scene.configure({"stores": {"es": {"posting": {"credit_memo": "every 1h"}}}})
    scene.ask("r1", refund={**_REFUND, "amount": "10.00"}, fees=[{"type": "logistics", "amount": "0.50"}])
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.accept("r1")
    scene.work()
    assert scene.codes() == []

    scene.clock.move(3600)
    scene.run_windows()

    assert scene.codes() == ["refund_mismatch"]
