"""Credit memos: priced by what stands on the order, and never two of one order in flight."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from threading import Barrier

from sqlalchemy import update

from app.db.engine import transaction
from app.db.tables.returns import InboxEvent
from app.domain.policy import Kind
from app.services.exceptions.remedies import resolve, retry
from app.services.intake.taking_in import take_in
from app.services.ledger.posting import post
from app.services.ledger.validation import validate
from app.services.sweep import sweep
from tests.support.scene import Scene, item
from tests.unit.sandbox.world import memo, memo_line, order_line, sale

POST = "POST /credit_memos"


def _by_hand(**changes: str) -> dict[str, object]:
    """A memo over one of the three units, as somebody types it into BlueCherry."""
    body = memo(memo_line(), **changes)
    return {name: value for name, value in body.items() if name not in ("ref_num2", "aux_ref_num")}


def _two_returns_of_one_order(scene: Scene) -> None:
    for n in (1, 2):
        scene.ask(f"r{n}")
        scene.arrive(f"w{n}", {"0001": 1}, return_id=f"r{n}")
        scene.accept(f"r{n}")


def test_two_memos_of_one_order_are_never_in_flight_together(scene: Scene) -> None:
    _two_returns_of_one_order(scene)
    scene.trouble("cut_after", POST)
    scene.work()
    assert sorted((scene.states()["CM-r1-1"], scene.states()["CM-r2-1"])) == ["doubtful", "due"]
    assert scene.calls(POST) == 1

    scene.trouble(None)
    scene.later(2)
    assert scene.calls(POST) == 1, "the second waits until the first is certain"
    scene.later(40)
    scene.later(40)
    assert {memo["total_amt"] for memo in scene.memos().values()} == {"10.89"}
    assert (len(scene.memos()), scene.calls(POST)) == (2, 2)


def test_the_return_that_waits_for_anothers_memo_is_told_to_come_again(scene: Scene) -> None:
    _two_returns_of_one_order(scene)
    pks = take_in(scene.outside).returns
    validate(pks, scene.outside)
    for kinds in ({Kind.RETURN_AUTHORISATION}, {Kind.INVENTORY_JOURNAL}):
        post(kinds, pks, scene.outside)
    scene.trouble("cut_after", POST)
    outcome = post({Kind.CREDIT_MEMO}, pks, scene.outside)

    assert outcome.passed == []
    busy, doubtful = sorted(outcome.again.values())
    assert 0 < busy < 1
    assert 4 < doubtful < 5.5


def test_who_waits_for_a_memo_that_was_given_up_is_not_told_to_come_again(scene: Scene) -> None:
    scene.configure({"retry": {"tries": 1}})
    for n in (1, 2):
        scene.ask(f"r{n}")
        scene.arrive(f"w{n}", {"0001": 1}, return_id=f"r{n}")
    scene.work()
    scene.trouble("500", POST)
    scene.accept("r1")
    scene.work()
    scene.trouble("500", "GET /credit_memos")
    scene.later(60)
    assert scene.codes() == ["tries_used_up"]
    scene.trouble(None)
    scene.accept("r2")
    (pk,) = take_in(scene.outside).returns
    validate([pk], scene.outside)
    assert post({Kind.CREDIT_MEMO}, [pk], scene.outside).again == {}

    (exception,) = scene.exceptions()
    retry([exception.id], "ana")
    for _ in range(3):
        scene.later(31)
    assert set(scene.memos()) == {"CM-r1-1", "CM-r2-1"}
    assert scene.codes() == []


def test_parts_that_do_not_divide_add_up_to_what_was_paid(scene: Scene) -> None:
    line = order_line(1, "0001", 3, gross_amt="10.00", disc_amt="0.00", net_amt="10.00", tax_amt="0.00")
    scene.seed(orders=[sale("000600", ref_num1="6000", lines=[line])])
    for n in (1, 2, 3):
        scene.ask(f"r{n}", order={"external_id": "6000"})
        scene.arrive(f"w{n}", {"0001": 1}, return_id=f"r{n}")
        scene.accept(f"r{n}")
    scene.work()

    totals = sorted(Decimal(memo["total_amt"]) for memo in scene.memos().values())
    assert totals == [Decimal("3.33"), Decimal("3.33"), Decimal("3.34")]


def test_two_workers_credit_two_returns_of_one_order_within_what_was_paid(scene: Scene) -> None:
    _two_returns_of_one_order(scene)
    pks = take_in(scene.outside).returns
    barrier = Barrier(2)

    def worker(pk: int) -> None:
        barrier.wait()
        scene.carry([pk])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(worker, pks))
    scene.carry(pks)

    assert {key: memo["total_amt"] for key, memo in scene.memos().items()} == {"CM-r1-1": "10.89", "CM-r2-1": "10.89"}


def test_a_memo_made_by_hand_counts(scene: Scene) -> None:
    scene.ask("r1", item("0001", 3))
    scene.arrive("w1", {"0001": 3}, return_id="r1")
    scene.work()
    scene.seed(credit_memos=[_by_hand()])
    scene.accept("r1")
    scene.work()

    assert scene.memos()["CM-r1-1"]["total_amt"] == "21.78"
    (exception,) = scene.exceptions()
    assert (exception.code, exception.units) == ("already_credited", 1)
    resolve([exception.id], "ana", "seen")
    scene.later(1)
    assert scene.row().state == "settled"


def test_all_that_comes_back_was_credited_by_hand(scene: Scene) -> None:
    scene.ask("r1", item("0002"))
    by_hand = _by_hand() | {"lines": [memo_line(ord_line_seq=2, sku="0002")]}
    scene.seed(credit_memos=[by_hand])
    scene.arrive("w1", {"0002": 1}, return_id="r1")
    scene.accept("r1")
    scene.work()

    assert scene.memos() == {}
    assert scene.stock("0002") == {"MAD01": 1}
    assert scene.codes() == ["already_credited"]


def test_a_memo_whose_order_cannot_be_fetched_is_put_off(scene: Scene) -> None:
    scene.ask("r1")
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.accept("r1")
    pks = take_in(scene.outside).returns
    scene.trouble("500", "GET /sales_orders/{ord_num}")
    scene.carry(pks)
    assert scene.ledger()["CM-r1-1"].tries == 1
    assert scene.calls(POST) == 0

    scene.trouble(None)
    scene.later(60)
    assert set(scene.memos()) == {"CM-r1-1"}


CLOSING = {Kind.INVENTORY_JOURNAL, Kind.RA_CLOSE}


def _rejected_before_its_goods(scene: Scene) -> list[int]:
    scene.ask("r1")
    scene.work()
    scene.accept("r1", "rejected")
    scene.work()
    assert scene.states()["RA-r1/close"] == "due"
    return [scene.row().pk]


def test_a_closing_waits_for_a_receipt_that_is_still_in_the_inbox(scene: Scene) -> None:
    pks = _rejected_before_its_goods(scene)
    scene.arrive("w1", {"0001": 1}, "rejected", return_id="r1")
    scene.clock.move(6)
    scene.carry(pks)
    assert scene.ras()["RA-r1"]["ra_status"] == "A"

    scene.work()
    assert scene.ras()["RA-r1"]["ra_status"] == "R"
    assert scene.states()["RA-r1/close"] == "withdrawn"


def test_a_closing_that_waits_for_the_inbox_does_not_keep_the_sweep_busy(scene: Scene) -> None:
    pks = _rejected_before_its_goods(scene)
    scene.arrive("w1", {"0001": 1}, "rejected", return_id="r1")
    _taken_by_another_worker(None)
    scene.clock.move(6)
    scene.carry(pks)

    wake_at = scene.row().wake_at
    assert wake_at is not None
    assert wake_at > scene.clock.now() + timedelta(seconds=20)
    assert sweep(scene.outside).slices == []


def test_a_closing_waits_for_a_receipt_that_was_taken_in_and_is_not_planned_yet(scene: Scene) -> None:
    pks = _rejected_before_its_goods(scene)
    scene.arrive("w1", {"0001": 1}, "rejected", return_id="r1")
    scene.clock.move(6)
    assert take_in(scene.outside).returns == pks
    post(CLOSING, pks, scene.outside)
    assert scene.ras()["RA-r1"]["ra_status"] == "A"

    scene.carry(pks)
    assert scene.ras()["RA-r1"]["ra_status"] == "R"


def test_a_closing_is_made_when_its_time_has_come_and_no_receipt_waits(scene: Scene) -> None:
    pks = _rejected_before_its_goods(scene)
    scene.clock.move(6)
    scene.carry(pks)

    assert scene.ras()["RA-r1"]["ra_status"] == "C"


def _taken_by_another_worker(until: datetime | None) -> None:
    with transaction() as session:
        session.execute(
            update(InboxEvent).where(InboxEvent.channel == "warehouse").values(state="taken", taken_until=until)
        )


def test_a_cancellation_waits_for_a_receipt_that_came_before_it_and_is_being_taken_in(scene: Scene) -> None:
    scene.ask("r1", item("0001", 2))
    scene.work()
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    _taken_by_another_worker(scene.clock.now() + timedelta(minutes=1))
    scene.change("r1", status="cancelled")
    scene.work()
    assert scene.ras()["RA-r1"]["ra_status"] == "A"

    _taken_by_another_worker(None)
    scene.work()
    scene.later(6)
    assert scene.states() == {
        "RA-r1": "posted",
        "RA-r1/cancel": "withdrawn",
        "IJ-r1-1": "posted",
        "RA-r1/close": "posted",
    }
