from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from app.db.tables.ledger import BatchRow, WindowRow
from app.domain.policy import Kind
from app.services.ledger.windows import open_windows, post_now
from tests.support.scene import Scene, item
from tests.unit.sandbox.world import order_line, sale

POST = "POST /batches"
QUARTER = 15 * 60


@pytest.fixture(autouse=True)
def _memos_in_windows(scene: Scene) -> None:
    scene.configure({"stores": {"es": {"posting": {"credit_memo": "every 15m"}}}})


def _credited(scene: Scene, *return_ids: str) -> None:
    for return_id in return_ids:
        scene.ask(return_id, order={"external_id": f"6-{return_id}"})
        line = order_line(1, "0001", 1)
        scene.seed(orders=[sale(f"O-{return_id}", ref_num1=f"6-{return_id}", lines=[line])])
        scene.arrive(f"w-{return_id}", {"0001": 1}, return_id=return_id)
        scene.accept(return_id)
    scene.work()


def test_what_waits_for_a_window_goes_through_one_batch(scene: Scene) -> None:
    _credited(scene, "r1", "r2", "r3")
    assert scene.memos() == {}
    assert open_windows(scene.outside) == 0
    scene.later(60)
    assert scene.memos() == {}

    scene.clock.move(QUARTER)
    scene.run_windows()

    assert set(scene.memos()) == {"CM-r1-1", "CM-r2-1", "CM-r3-1"}
    assert (scene.calls(POST), scene.calls("POST /credit_memos")) == (1, 0)
    assert set(scene.states().values()) == {"posted"}
    assert scene.row().state == "settled"
    (batch,) = scene.rows(BatchRow)
    assert (batch.state, batch.documents) == ("done", 3)


def test_a_double_tick_posts_nothing_twice(scene: Scene) -> None:
    _credited(scene, "r1", "r2")
    scene.clock.move(QUARTER)
    barrier = Barrier(2)

    def tick() -> int:
        barrier.wait()
        return open_windows(scene.outside)

    with ThreadPoolExecutor(2) as pool:
        handed_in = [future.result() for future in [pool.submit(tick) for _ in range(2)]]
    assert open_windows(scene.outside) == 0
    assert sum(handed_in) == len(scene.rows(BatchRow)) == scene.calls(POST)
    while any(batch.state != "done" for batch in scene.rows(BatchRow)):
        scene.follow()

    assert set(scene.memos()) == {"CM-r1-1", "CM-r2-1"}
    assert len(scene.rows(WindowRow)) == 1


def test_a_window_that_was_missed_is_made_up(scene: Scene) -> None:
    _credited(scene, "r1")
    scene.clock.move(QUARTER)
    _credited(scene, "r2")
    scene.clock.move(3 * QUARTER)
    scene.run_windows()

    assert set(scene.memos()) == {"CM-r1-1", "CM-r2-1"}


def test_a_window_is_remembered_once_however_many_batches_it_takes(scene: Scene) -> None:
    scene.table["bluecherry"]["main"]["profile"] = "small.toml"
    scene.write("small.toml", "[settings]\nbatch_size = 2\n")
    scene.configure({})
    _credited(scene, "r1", "r2", "r3")
    scene.clock.move(QUARTER)
    assert open_windows(scene.outside) == 2
    while any(batch.state != "done" for batch in scene.rows(BatchRow)):
        scene.follow()

    assert len(scene.memos()) == 3
    assert len(scene.rows(WindowRow)) == 1


def test_two_memos_of_one_order_are_never_in_one_batch(scene: Scene) -> None:
    for n in (1, 2):
        scene.ask(f"r{n}")
        scene.arrive(f"w{n}", {"0001": 1}, return_id=f"r{n}")
        scene.accept(f"r{n}")
    scene.work()
    scene.clock.move(QUARTER)
    assert open_windows(scene.outside) == 1
    assert [batch.documents for batch in scene.rows(BatchRow)] == [1]
    assert open_windows(scene.outside) == 0, "the other one waits until the first is through"

    scene.follow()
    scene.run_windows()
    assert len(scene.memos()) == 2


def test_a_person_may_open_a_window_now(scene: Scene) -> None:
    _credited(scene, "r1")
    assert post_now("es", Kind.CREDIT_MEMO, scene.outside, "ann") == 1
    scene.run_windows()

    assert set(scene.memos()) == {"CM-r1-1"}


def test_a_memo_is_priced_when_its_window_opens(scene: Scene) -> None:
    scene.ask("r1", item("0001", 3))
    scene.arrive("w1", {"0001": 3}, return_id="r1")
    scene.accept("r1")
    scene.work()
    assert scene.ledger()["CM-r1-1"].total is None
    line = {**order_line(1, "0001", 1), "ord_line_seq": 1, "qty": 1}
    by_hand = {
        "ord_num": "000100",
        "memo_date": "2024-05-02",
        "currency": "EUR",
        "lines": [line],
        "freight_amt": "0.00",
        "freight_tax_amt": "0.00",
        "fee_amt": "0.00",
        "total_amt": "10.89",
    }
    scene.seed(credit_memos=[by_hand])
    scene.clock.move(QUARTER)
    scene.run_windows()

    assert scene.memos()["CM-r1-1"]["total_amt"] == "21.78"
    assert scene.codes() == ["already_credited"]


def test_every_kind_of_document_may_wait_for_its_window(scene: Scene) -> None:
    posting = dict.fromkeys(("return_authorisation", "inventory_journal", "exchange_order"), "every 15m")
    scene.configure({"stores": {"es": {"posting": posting}}})
    even = {"sku": "0004", "quantity": 1, "price": "10.89"}
    scene.ask("r1", item("0001"), item("0002", exchange=even), type="mixed")
    scene.arrive("w1", {"0001": 1, "0002": 1}, return_id="r1")
    scene.accept("r1")
    scene.work()
    assert set(scene.states().values()) == {"due"}
    for _ in range(3):
        scene.clock.move(QUARTER)
        open_windows(scene.outside)
        while any(batch.state != "done" for batch in scene.rows(BatchRow)):
            scene.follow()

    assert set(scene.states().values()) == {"posted"}
    assert scene.memos()["CM-r1-1"]["ra_num"] == scene.ras()["RA-r1"]["ra_num"]
    assert scene.exchanges()["EX-r1"]["ship_to"] == {"city": "Madrid"}
    assert scene.stock() == {"MAD01": 1}


def test_an_exchange_whose_address_cannot_be_had_holds_up_no_other(scene: Scene) -> None:
    scene.configure({"stores": {"es": {"posting": {"exchange_order": "every 15m"}}}})
    swap = {"sku": "0004", "quantity": 1, "price": "10.89"}
    ship_to = {"external_id": None, "ship_to": {"city": "Madrid"}}
    scene.ask("r1", item(exchange=swap), instant=True)
    scene.ask("r2", item("0002", exchange=swap), instant=True, exchange_order=ship_to)
    scene.work()
    scene.clock.move(QUARTER)
    scene.trouble("502", "GET /sales_orders/{ord_num}")
    scene.run_windows()
    assert (scene.states()["EX-r1"], scene.states()["EX-r2"]) == ("due", "posted")

    scene.clock.move(60)
    open_windows(scene.outside)
    assert {row.state for row in scene.rows(BatchRow)} == {"done", "refused"}, "nothing was left to hand in"

    scene.trouble(None)
    scene.clock.move(60)
    scene.run_windows()
    assert set(scene.exchanges()) == {"EX-r1", "EX-r2"}
