from __future__ import annotations

from app.db.engine import transaction
from app.db.tables.exceptions import ExceptionRow
from app.db.tables.returns import ReceiptRow
from app.domain.policy import Kind
from app.services.intake.taking_in import take_in
from app.services.ledger.planning import GRACE, kinds_to_make, plan
from app.services.ledger.validation import validate
from tests.support.scene import Scene, item

NO_FEED = {"warehouse_feed": False, "grades": {"accepted": {}}}


def test_what_is_due_is_written_down_before_anything_is_sent(scene: Scene) -> None:
    scene.ask("r1", item("0001", 2))
    pks = take_in(scene.outside).returns
    outcome = validate(pks, scene.outside)

    (row,) = scene.ledger().values()
    assert (row.key, row.state, row.units, row.sent_at, row.amounts) == ("RA-r1", "due", 2, None, None)
    assert row.mapping_version == scene.outside.store("es").rules.version
    assert outcome.due == {pks[0]: {Kind.RETURN_AUTHORISATION}}
    assert scene.row().pending is False


def test_a_chain_is_planned_as_far_as_its_documents_lead(scene: Scene) -> None:
    scene.ask("r1")
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.accept("r1")
    pks = take_in(scene.outside).returns
    with transaction() as session:
        assert kinds_to_make(plan(session, pks, scene.outside), scene.outside) == {}
    outcome = validate(pks, scene.outside)

    assert outcome.due == {pks[0]: {Kind.RETURN_AUTHORISATION, Kind.INVENTORY_JOURNAL, Kind.CREDIT_MEMO}}


def test_what_is_no_longer_due_is_withdrawn_and_may_become_due_again(scene: Scene) -> None:
    scene.ask("r1")
    validate(take_in(scene.outside).returns, scene.outside)
    scene.change("r1", status="cancelled")
    validate(take_in(scene.outside).returns, scene.outside)
    assert scene.states() == {"RA-r1": "withdrawn"}

    scene.change("r1", status="in_progress")
    validate(take_in(scene.outside).returns, scene.outside)
    assert scene.states() == {"RA-r1": "due"}


def test_what_was_not_sent_is_written_anew_when_the_return_changes(scene: Scene) -> None:
    scene.ask("r1", item("0001", 2))
    validate(take_in(scene.outside).returns, scene.outside)
    scene.change("r1", return_items=[item("0001", 1)])
    validate(take_in(scene.outside).returns, scene.outside)

    assert scene.ledger()["RA-r1"].units == 1
    scene.work()
    scene.carry([scene.row().pk])
    assert scene.ras()["RA-r1"]["lines"][0]["qty"] == 1


def test_an_exception_closes_by_itself_and_a_new_one_is_opened_later(scene: Scene) -> None:
    scene.ask("r1", item(return_reason="boredom"))
    scene.work()
    scene.change("r1", return_items=[item()])
    scene.work()
    scene.change("r1", return_items=[item("0002", return_reason="boredom")])
    scene.work()

    found: list[ExceptionRow] = scene.rows(ExceptionRow)
    assert [(each.code, each.closed_by) for each in found] == [
        ("unmapped_reason", "the cause is gone"),
        ("unmapped_reason", None),
    ]


def test_the_same_cause_on_one_return_adds_up(scene: Scene) -> None:
    scene.ask("r1")
    scene.arrive("w1", {"0001": 3}, return_id="r1")
    scene.work()
    scene.report("w2", {"return_id": "r1", "items": [{"sku": "0001", "quantity": n, "grade": "A"} for n in (1, 2)]})
    scene.work()

    assert {(each.receipt_id, each.units) for each in scene.exceptions()} == {("w1", 2), ("w2", 3)}


def test_a_shorter_wait_is_the_chains_and_a_longer_one_the_sweeps(scene: Scene) -> None:
    scene.ask("r1")
    scene.trouble("423", "POST /return_authorizations")
    scene.work()
    row, wake_at = scene.ledger()["RA-r1"], scene.row().wake_at
    assert row.retry_at is not None
    assert wake_at == row.retry_at + GRACE, "after the message that was sent for it"


def test_a_return_that_waits_for_goods_wakes_nobody(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()

    assert (scene.row().wake_at, scene.row().pending) == (None, False)


class TestWithoutAFeed:
    """The item's status is the receipt."""

    def test_each_item_is_received_once(self, scene: Scene) -> None:
        scene.configure({"stores": {"es": NO_FEED}})
        scene.ask("r1", item("0001"), item("0002"))
        scene.accept("r1")
        scene.work()
        scene.tell("r1")
        scene.work()

        found: list[ReceiptRow] = scene.rows(ReceiptRow)
        assert [(each.external_id, each.n, each.site) for each in found] == [
            ("es:r1:i-0001", 1, "madrid"),
            ("es:r1:i-0002", 2, "madrid"),
        ]
        assert set(scene.journals()) == {"IJ-r1-1", "IJ-r1-2"}
        assert set(scene.memos()) == {"CM-r1-1"}

    def test_goods_that_are_accepted_and_then_rejected_are_moved(self, scene: Scene) -> None:
        scene.configure({"stores": {"es": NO_FEED | {"posting": {"credit_memo": "every 15m"}}}})
        scene.ask("r1")
        scene.accept("r1")
        scene.work()
        scene.accept("r1", "rejected")
        scene.work()

        assert scene.stock() == {"MADR": 1}
        assert scene.states()["CM-r1-1"] == "withdrawn"

    def test_without_a_place_for_it_nothing_is_received(self, scene: Scene) -> None:
        scene.configure({"stores": {"es": NO_FEED}})
        shipping = {"carrier": "x", "tracking_number": "T", "destination": {"location_id": "mars"}}
        scene.ask("r1", shipping=shipping)
        scene.accept("r1")
        scene.work()

        assert scene.rows(ReceiptRow) == []
        assert scene.codes() == ["unmapped_site"]
