"""A clerk enters by hand what the bridge, in shadow, would have posted; the comparison finds the clerk's mistakes."""

from __future__ import annotations

import pytest

from app.domain.comparison import Compared, Outcome
from app.domain.policy import Kind
from app.services.trial.shadow_comparison import Comparison, NothingInShadow, compare_store
from tests.support.by_hand import PAPER, Clerk, refund, sell
from tests.support.scene import Scene, item

EVEN = {"sku": "0004", "quantity": 1, "price": "10.89"}


@pytest.fixture(autouse=True)
def _in_shadow(scene: Scene) -> None:
    scene.configure({"stores": {"es": {"shadow": True}}})


def _compare(scene: Scene) -> Comparison:
    scene.work()
    assert set(scene.states().values()) == {"posted"}
    return compare_store("es", None, scene.outside)


def _differences(found: Comparison) -> set[tuple[Outcome, Kind, str]]:
    def named(each: Compared) -> str:
        return " ".join(sorted(each.returns or each.orders))

    return {(each.outcome, each.kind, named(each)) for each in found.compared if each.outcome is not Outcome.SAME}


@pytest.mark.parametrize("reference", [True, False], ids=["with the return's id", "by order alone"])
def test_a_clerk_who_enters_all_of_it_right(scene: Scene, reference: bool) -> None:
    clerk = Clerk(scene, reference=reference)
    refund(scene, "r1", 2)
    refund(scene, "r2")
    sell(scene, "r3")
    scene.ask("r3", item("0001"), order={"external_id": "6-r3"})
    scene.work()
    scene.change("r3", status="cancelled")
    scene.work()
    clerk.refund("r1", 2)
    clerk.refund("r2")
    clerk.call(f"/return_authorizations/{clerk.authorise('r3')}/cancel")
    found = _compare(scene)

    assert _differences(found) == set()
    assert found.summary.all_same
    assert found.summary.counts[Outcome.SAME] == 6
    assert found.waiting == 0
    assert {str(found.summary.credited_by_bridge["EUR"]), str(found.summary.credited_by_hand["EUR"])} == {"32.67"}


def test_a_clerk_who_makes_three_mistakes(scene: Scene) -> None:
    clerk = Clerk(scene)
    for return_id in ("r1", "r2", "r3", "r4"):
        refund(scene, return_id)
    sell(scene, "r5")
    scene.ask("r5", item("0001", exchange=EVEN), type="exchange", instant=True, order={"external_id": "6-r5"})
    sell(scene, "other")
    scene.work()

    clerk.refund("r1")
    clerk.refund("r2", cents_off=100)
    clerk.refund("r3", memo_too=False)
    clerk.refund("r4")
    clerk.authorise("r5")
    clerk.exchange("r5")
    clerk.credit("other", ref_num2=PAPER)
    found = _compare(scene)

    assert _differences(found) == {
        (Outcome.DIFFERS, Kind.CREDIT_MEMO, "r2"),
        (Outcome.ONLY_BRIDGE, Kind.CREDIT_MEMO, "r3"),
        (Outcome.ONLY_BY_HAND, Kind.CREDIT_MEMO, "O-other"),
    }
    wrong = next(each for each in found.compared if each.outcome is Outcome.DIFFERS)
    assert [str(side.sums["EUR"]) for side in (wrong.bridge, wrong.by_hand)] == ["10.89", "9.89"]
    assert (wrong.bridge.units, wrong.by_hand.units) == (1, 1)
    assert found.summary.counts[Outcome.SAME] == 12
    assert scene.exceptions() == []


def test_what_was_entered_before_the_bridge_was_there_does_not_stand_in_its_way(scene: Scene) -> None:
    """The clerk was quicker, and BlueCherry has no unit free any more."""
    sell(scene, "r1")
    Clerk(scene).refund("r1", 3)
    scene.ask("r1", item("0001", 3), order={"external_id": "6-r1"})
    scene.arrive("w1", {"0001": 3}, return_id="r1")
    scene.accept("r1")
    found = _compare(scene)

    assert scene.codes() == []
    assert found.summary.all_same


def test_a_memo_on_the_authorisation_of_the_return_needs_no_reference(scene: Scene) -> None:
    sell(scene, "r1")
    clerk = Clerk(scene)
    clerk.credit("r1", 3, ra_num=clerk.authorise("r1", 3), ref_num2=PAPER)
    scene.ask("r1", item("0001", 3), order={"external_id": "6-r1"})
    scene.arrive("w1", {"0001": 3}, return_id="r1")
    scene.accept("r1")
    scene.work()
    scene.later(700)

    assert scene.codes() == []
    assert scene.states()["CM-r1-1"] == "posted"


def test_what_a_person_credited_otherwise_counts(scene: Scene) -> None:
    sell(scene, "r1")
    Clerk(scene).credit("r1", 3, ref_num2=PAPER)
    scene.ask("r1", item("0001", 3), order={"external_id": "6-r1"})
    scene.arrive("w1", {"0001": 3}, return_id="r1")
    scene.accept("r1")
    scene.work()

    assert scene.codes() == ["already_credited"]


def test_two_returns_in_shadow_share_the_units_of_their_order(scene: Scene) -> None:
    refund(scene, "r1", 2)
    scene.ask("r2", item("0001", 2), order={"external_id": "6-r1"})
    Clerk(scene).refund("r1", 2)
    scene.work()

    assert scene.codes() == ["over_return"]


def test_documents_in_shadow_are_nothing_to_a_live_return(scene: Scene) -> None:
    """Nobody handled the one in shadow: all units are free, and nothing is credited."""
    refund(scene, "r1", 3)
    scene.work()
    scene.configure({"stores": {"es": {"shadow": False}}})
    scene.ask("r2", item("0001", 3), order={"external_id": "6-r1"})
    scene.arrive("w2", {"0001": 3}, return_id="r2")
    scene.accept("r2")
    scene.work()

    assert scene.codes() == []
    assert {key: each["total_amt"] for key, each in scene.memos().items()} == {"CM-r2-1": "32.67"}


def test_what_was_entered_for_a_return_in_shadow_counts_for_a_live_one(scene: Scene) -> None:
    refund(scene, "r1", 2)
    scene.work()
    Clerk(scene).refund("r1", 2)
    scene.configure({"stores": {"es": {"shadow": False}}})
    scene.ask("r2", item("0001", 2), order={"external_id": "6-r1"})
    scene.work()

    assert scene.codes() == ["over_return"]
    assert set(scene.ras()) == {"typed-in-1"}


def test_live_documents_and_those_of_other_stores_are_left_out(scene: Scene) -> None:
    refund(scene, "r1")
    Clerk(scene).refund("r1")
    scene.work()
    scene.configure({"stores": {"es": {"shadow": False}}})
    refund(scene, "live")
    sell(scene, "other", store="UK")
    Clerk(scene).credit("other")
    scene.work()

    assert scene.states()["CM-live-1"] == "posted"
    found = compare_store("es", None, scene.outside)
    assert (_differences(found), found.summary.counts[Outcome.SAME]) == (set(), 3)


def test_a_document_that_waits_is_counted(scene: Scene) -> None:
    scene.configure({"stores": {"es": {"posting": {"credit_memo": "every 15m"}}}})
    refund(scene, "r1")
    scene.work()
    Clerk(scene).refund("r1")

    found = compare_store("es", None, scene.outside)
    assert found.waiting == 1
    assert _differences(found) == {(Outcome.ONLY_BY_HAND, Kind.CREDIT_MEMO, "r1")}


def test_rows_that_cannot_be_read_stand_on_neither_side_and_are_counted(scene: Scene) -> None:
    refund(scene, "r1")
    scene.work()
    Clerk(scene).refund("r1")
    memo = next(each for each in scene.books()["credit_memos"])["memo_num"]
    scene.trouble(None, garbled={"GET /documents": {memo: ["total_amt"]}})

    found = compare_store("es", None, scene.outside)
    assert found.unread == 1
    assert _differences(found) == {(Outcome.ONLY_BRIDGE, Kind.CREDIT_MEMO, "r1")}


def test_a_time_picks_returns(scene: Scene) -> None:
    refund(scene, "r1")
    scene.work()
    since = scene.row("r1").created_at
    refund(scene, "r2")
    Clerk(scene).refund("r2")
    scene.work()
    after_the_first = scene.row("r2").created_at

    assert compare_store("es", since, scene.outside).summary.counts[Outcome.ONLY_BRIDGE] == 3
    assert compare_store("es", after_the_first, scene.outside).compared
    assert _differences(compare_store("es", after_the_first, scene.outside)) == set()


def test_without_a_return_in_shadow_there_is_nothing_to_compare(scene: Scene) -> None:
    with pytest.raises(NothingInShadow):
        compare_store("es", None, scene.outside)
