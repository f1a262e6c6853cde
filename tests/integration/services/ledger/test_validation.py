from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from app.db.engine import transaction
from app.db.tables.mirrors import ItemRow
from app.db.tables.returns import ReturnRow
from app.services.exceptions.remedies import map_sku, retry
from app.services.facts.order_search import Found, find_orders
from app.services.intake.taking_in import take_in
from app.services.ledger import validation
from app.services.ledger.planning import plan
from app.services.ledger.validation import validate
from app.services.outside import Outside
from app.services.sweep import sweep
from tests.support.scene import Scene, item
from tests.unit.sandbox.world import Body, order_line, ra, ra_line, sale

LOOK_UP = "POST /items/lookup"
TEN_MINUTES = 601


def test_a_whole_slice_asks_the_item_master_once(scene: Scene) -> None:
    for n in range(3):
        scene.ask(f"r{n}", item("0001"), item("0002") if n == 0 else item("0001", item_id="second"))
    pks = take_in(scene.outside).returns
    outcome = validate(pks, scene.outside)

    assert outcome.passed == pks
    assert scene.calls(LOOK_UP) == 1
    assert {row.sku: (row.known, row.active) for row in scene.rows(ItemRow)} == {
        "0001": (True, True),
        "0002": (True, True),
    }


def test_what_the_mirror_knows_is_not_asked_again(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()
    scene.ask("r2")
    scene.work()

    assert scene.calls(LOOK_UP) == 1


def test_goods_that_cost_nothing_hold_up_a_sum_that_is_known(scene: Scene) -> None:
    scene.ask("r1", item("SHOP-1", price="0.00"))
    scene.work()

    (exception,) = scene.exceptions()
    assert (exception.code, str(exception.amount), exception.currency) == ("unknown_sku", "0.00", "EUR")


def test_an_unknown_sku_holds_its_return_alone(scene: Scene) -> None:
    scene.ask("r1", item("9999"), item("0001"))
    scene.ask("r2")
    scene.work()

    assert scene.states() == {"RA-r2": "posted"}
    (exception,) = scene.exceptions()
    assert (exception.code, exception.cause, exception.units, str(exception.amount)) == (
        "unknown_sku",
        "es:9999",
        2,
        "21.78",
    )


def test_naming_a_sku_mends_a_whole_group_and_holds_from_then_on(scene: Scene) -> None:
    scene.ask("r1", item("SHOP-1"))
    scene.ask("r2", item("SHOP-1"))
    scene.work()
    assert {(each.code, each.cause) for each in scene.exceptions()} == {("unknown_sku", "es:SHOP-1")}

    assert map_sku("es", "SHOP-1", "0001", "ana") == 2
    scene.later(1)
    assert scene.codes() == []
    assert [line["sku"] for line in scene.ras()["RA-r2"]["lines"]] == ["0001"]

    scene.ask("r3", item("SHOP-1"))
    scene.arrive("w3", {"SHOP-1": 1}, return_id="r3")
    scene.work()
    assert scene.codes() == []
    assert scene.stock("0001") == {"MAD01": 1}


def test_an_inactive_sku_is_asked_again_until_it_is_mended(scene: Scene) -> None:
    scene.ask("r1", item("0003"))
    scene.work()
    assert scene.codes() == ["inactive_sku"]
    scene.seed(items=[{"division": "010", "sku": "0003", "active_ok": "Y"}])
    scene.later(TEN_MINUTES)

    assert scene.states() == {"RA-r1": "posted"}
    assert scene.codes() == []


def test_an_order_that_is_not_there_yet_is_found_when_it_is(scene: Scene) -> None:
    scene.ask("r1", order={"external_id": "6000"})
    scene.work()
    assert scene.codes() == ["unknown_order"]
    scene.seed(orders=[sale("000600", ref_num1="6000", lines=[order_line(1, "0001", 1)])])
    scene.later(TEN_MINUTES)

    assert scene.states() == {"RA-r1": "posted"}


def test_an_order_that_nobody_asked_for_is_not_unknown(scene: Scene) -> None:
    scene.ask("r1")
    pks = take_in(scene.outside).returns
    with transaction() as session:
        plan(session, pks, scene.outside)

    assert scene.codes() == []
    assert scene.row().pending
    scene.later(60)
    assert scene.states() == {"RA-r1": "posted"}


def test_an_answer_about_an_order_that_the_return_names_no_more_is_none(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.ask("r1", order={"external_id": "6000"})
    pks = take_in(scene.outside).returns

    def found_meanwhile(rows: Sequence[ReturnRow], outside: Outside) -> Found:
        found = find_orders(rows, outside)
        scene.change("r1", order={"external_id": "5001", "number": "#5001"})
        take_in(outside)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(validation, "find_orders", found_meanwhile)
        outcome = validate(pks, scene.outside)

    assert (outcome.passed, outcome.again) == ([], dict.fromkeys(pks, 0.0))
    assert scene.codes() == []
    scene.carry(pks)
    assert scene.states() == {"RA-r1": "posted"}


def test_what_may_be_mended_outside_is_looked_at_soon_at_first_and_then_ever_more_seldom(scene: Scene) -> None:
    scene.ask("r1", order={"external_id": "6000"})
    scene.work()
    waits = []
    for _ in range(6):
        wake_at = scene.row().wake_at
        assert wake_at is not None
        waits.append((wake_at - scene.clock.now()).total_seconds())
        scene.later(waits[-1])

    assert waits == pytest.approx([60, 60, 120, 240, 480, 600], abs=5)
    assert scene.codes() == ["unknown_order"]


def test_an_order_that_is_invoiced_late(scene: Scene) -> None:
    scene.ask("r1", order={"external_id": "5002"})
    scene.work()
    assert scene.codes() == ["order_not_invoiced"]
    assert scene.bluecherry.call("POST", "/_sandbox/orders/000200/invoice").status_code == 200
    retry([scene.exceptions()[0].id], "ana")
    scene.later(1)

    assert scene.states() == {"RA-r1": "posted"}
    assert scene.codes() == []


def test_of_several_orders_for_one_shop_id_the_one_with_the_sku(scene: Scene) -> None:
    scene.seed(orders=[sale("000101", lines=[order_line(1, "0004", 1)])])
    scene.ask("r1", item("0004"))
    scene.work()

    assert scene.row().ord_num == "000101"


def test_the_order_is_chosen_again_while_a_return_does_not_fit_it(scene: Scene) -> None:
    open_still = order_line(1, "0004", 1, qty_inv=0)
    scene.seed(orders=[sale("000101", ord_type="E", ord_status="O", orig_ord_num="000100", lines=[open_still])])
    scene.ask("r1", item("0004"))
    scene.work()
    assert (scene.codes(), scene.row().ord_num) == (["sku_not_on_order"], "000100")

    assert scene.bluecherry.call("POST", "/_sandbox/orders/000101/invoice").status_code == 200
    scene.later(TEN_MINUTES)

    assert scene.row().ord_num == "000101"
    assert scene.states() == {"RA-r1": "posted"}
    assert scene.codes() == []


def test_a_return_that_changed_before_its_authorisation_may_be_of_another_order(scene: Scene) -> None:
    scene.seed(orders=[sale("000101", lines=[order_line(1, "0004", 1)])])
    scene.ask("r1", item("0001", return_reason="boredom"))
    scene.work()
    assert scene.row().ord_num == "000100"
    scene.change("r1", return_items=[item("0004")])
    scene.work()

    assert scene.row().ord_num == "000101"
    assert scene.states() == {"RA-r1": "posted"}


def test_the_order_is_chosen_by_what_comes_back_under_the_names_that_people_gave(scene: Scene) -> None:
    map_sku("es", "SHOP-4", "0004", "ana")
    scene.seed(orders=[sale("000101", lines=[order_line(1, "0002", 1)])])
    scene.ask("r1", item("0001", exchange={"sku": "SHOP-4", "quantity": 1, "price": "10.89"}))
    scene.work()

    assert scene.row().ord_num == "000100"
    assert scene.codes() == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"return_reason": "boredom"}, "unmapped_reason"),
        ({"sku": "0004"}, "sku_not_on_order"),
        ({"quantity": 4}, "over_return"),
    ],
)
def test_what_cannot_be_authorised(scene: Scene, changes: Body, code: str) -> None:
    scene.ask("r1", item() | changes)
    scene.work()

    assert scene.codes() == [code]
    assert scene.ras() == {}


def test_a_destination_that_nobody_mapped(scene: Scene) -> None:
    destination = {"carrier": "seur", "tracking_number": "T", "destination": {"location_id": "mars"}}
    scene.ask("r1", shipping=destination)
    scene.work()

    assert [(each.code, each.cause) for each in scene.exceptions()] == [("unmapped_site", "es:mars")]


def test_bluecherry_not_answering_about_one_holds_up_no_other(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()
    scene.ask("r2")
    scene.ask("r3", order={"external_id": "6000"})
    scene.seed(orders=[sale("000600", ref_num1="6000", lines=[order_line(1, "0002", 1)])])
    scene.trouble("500", LOOK_UP)
    scene.change("r3", return_items=[item("0002")])
    pks = take_in(scene.outside).returns
    outcome = validate(pks, scene.outside)

    waiting = scene.row("r3").pk
    assert outcome.passed == [scene.row("r2").pk]
    assert set(outcome.again) == {waiting}
    scene.trouble(None)
    scene.later(60)
    assert scene.states()["RA-r3"] == "posted"


def test_bluecherry_never_answering_is_for_a_person(scene: Scene) -> None:
    scene.configure({"retry": {"tries": 3}})
    scene.ask("r1")
    scene.trouble("500", "GET /sales_orders")
    scene.work()
    for _ in range(4):
        scene.later(60)
    (exception,) = scene.exceptions()
    assert (exception.code, exception.cause) == ("tries_used_up", "validate")

    scene.trouble(None)
    retry([exception.id], "ana")
    scene.later(1)
    assert scene.states() == {"RA-r1": "posted"}
    assert scene.codes() == []


def test_two_returns_of_the_last_unit_at_once(scene: Scene) -> None:
    for n in (1, 2):
        scene.ask(f"r{n}", item("0002"))
    pks = take_in(scene.outside).returns
    barrier = Barrier(2)

    def worker(pk: int) -> None:
        barrier.wait()
        scene.carry([pk])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(worker, pks))
    scene.carry(pks)

    assert len(scene.ras()) == 1
    assert scene.codes() == ["over_return"]


@pytest.mark.parametrize("goods_came", [False, True])
def test_a_unit_that_a_cancelled_return_lets_go_of_is_free_at_once(scene: Scene, goods_came: bool) -> None:
    scene.ask("r1", item("0002"), item("0001"))
    scene.ask("r2", item("0002"))
    scene.work()
    assert scene.codes() == ["over_return"]
    if goods_came:
        scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.change("r1", status="cancelled")
    scene.work()
    for _ in range(2):
        scene.later(6)

    assert scene.states()["RA-r2"] == "posted"
    assert scene.codes() == []


def test_what_was_not_answered_has_one_message_and_the_sweep_sends_no_second(scene: Scene) -> None:
    scene.ask("r1")
    pks = take_in(scene.outside).returns
    scene.trouble("429", "GET /sales_orders")
    assert set(validate(pks, scene.outside).again) == set(pks)
    scene.clock.move(2)
    assert sweep(scene.outside).slices == []

    scene.clock.move(30)
    assert sweep(scene.outside).slices == [pks], "the message was lost"


def test_a_unit_that_somebody_announced_by_hand_is_taken(scene: Scene) -> None:
    by_hand = ra(ra_line(ord_line_seq=2, sku="0002"), aux_ref_num="typed-in", ref_num2="paper")
    assert scene.bluecherry.call("POST", "/return_authorizations", by_hand).status_code == 201
    scene.ask("r1", item("0002"))
    scene.work()

    assert scene.codes() == ["over_return"]
    number = scene.ras()["typed-in"]["ra_num"]
    assert scene.bluecherry.call("POST", f"/return_authorizations/{number}/cancel", {}).status_code == 200
    scene.later(TEN_MINUTES)
    assert scene.ledger()["RA-r1"].state == "posted"
    assert scene.codes() == []


def test_a_return_of_a_store_that_is_gone_is_left_alone(scene: Scene) -> None:
    scene.ask("r1")
    pks = take_in(scene.outside).returns
    scene.table["stores"]["other"] = scene.table["stores"].pop("es")
    scene.configure({})

    assert validate(pks, scene.outside).passed == []
    scene.carry(pks)
    assert scene.ras() == {}
