from __future__ import annotations

from app.db.engine import transaction
from app.services.facts.dossiers import load_slice
from tests.support.scene import Scene, item
from tests.unit.sandbox.world import ra, ra_line

EVEN = {"sku": "0004", "quantity": 1, "price": "10.89"}


def test_units_on_other_returns_are_taken_and_its_own_are_not(scene: Scene) -> None:
    scene.ask("r1", item("0001", 2))
    scene.ask("r2", item("0001", 1))
    scene.work()
    pks = [scene.row(name).pk for name in ("r1", "r2")]
    with transaction() as session:
        work = load_slice(session, pks, scene.outside)
        first, second = (work.dossier(pk) for pk in pks)

    assert (first.taken, second.taken) == ({1: 1}, {1: 2})


def test_a_cancelled_authorisation_takes_nothing(scene: Scene) -> None:
    scene.ask("r1", item("0001", 3))
    scene.work()
    scene.change("r1", status="cancelled")
    scene.ask("r2", item("0001", 3))
    scene.work()
    scene.later(700)

    assert {key: row["ra_status"] for key, row in scene.ras().items()} == {"RA-r1": "X", "RA-r2": "A"}


def test_a_closed_authorisation_made_by_hand_takes_what_it_received(scene: Scene) -> None:
    by_hand = ra(ra_line(qty=3), aux_ref_num="typed-in", ref_num2="paper")
    answer = scene.bluecherry.call("POST", "/return_authorizations", by_hand)
    number = answer.json()["ra_num"]
    scene.ask("r1", item("0001", 2))
    scene.work()
    assert scene.codes() == ["over_return"]

    assert scene.bluecherry.call("POST", f"/return_authorizations/{number}/close", {}).status_code == 200
    scene.later(700)
    assert scene.states()["RA-r1"] == "posted"


def test_a_closed_authorisation_of_ours_takes_what_came(scene: Scene) -> None:
    scene.ask("r1", item("0001", 3))
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.change("r1", status="cancelled")
    scene.work()
    scene.later(60)
    assert scene.ras()["RA-r1"]["ra_status"] == "C"

    scene.ask("r2", item("0001", 2))
    scene.work()

    assert scene.states()["RA-r2"] == "posted"


def test_goods_of_an_even_exchange_are_credited_from_what_they_were_exchanged_for(scene: Scene) -> None:
    scene.ask("r1", item(exchange=EVEN), type="exchange", exchange_order={"external_id": "5900", "ship_to": None})
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.accept("r1")
    scene.work()
    number = scene.exchanges()["EX-r1"]["ord_num"]
    assert scene.bluecherry.call("POST", f"/_sandbox/orders/{number}/invoice").status_code == 200

    scene.ask("r2", item("0004"), order={"external_id": "5900"})
    scene.arrive("w2", {"0004": 1}, return_id="r2")
    scene.accept("r2")
    scene.work()

    memo = scene.memos()["CM-r2-1"]
    assert (memo["ord_num"], [line["sku"] for line in memo["lines"]], memo["total_amt"]) == (
        "000100",
        ["0001"],
        "10.89",
    )
    assert scene.ras()["RA-r2"]["ord_num"] == number


def test_returns_of_a_store_that_is_gone_are_left_out(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()
    scene.table["stores"]["other"] = scene.table["stores"].pop("es")
    scene.configure({})
    with transaction() as session:
        assert load_slice(session, [scene.row().pk], scene.outside).returns == {}
