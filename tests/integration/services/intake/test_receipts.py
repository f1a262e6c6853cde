from __future__ import annotations

from typing import Any

import pytest

from app.db.tables.returns import ReceiptRow
from app.services.exceptions.remedies import map_sku, resolve, retry
from tests.support.scene import Scene, item
from tests.unit.sandbox.world import ra, ra_line


def _receipts(scene: Scene) -> list[tuple[str, int | None]]:
    return sorted((row.external_id, row.n) for row in scene.rows(ReceiptRow))


def _shipping(number: str) -> dict[str, Any]:
    return {"shipping": {"carrier": "seur", "tracking_number": number, "destination": None}}


def test_a_repeat_is_harmless(scene: Scene) -> None:
    scene.ask("r1", item("0001", 2))
    for _ in range(2):
        scene.arrive("w1", {"0001": 1}, return_id="r1")
        scene.work()

    assert scene.stock() == {"MAD01": 1}


def test_receipts_are_numbered_in_the_order_in_which_they_were_taken_in(scene: Scene) -> None:
    scene.ask("r1", item("0001", 3))
    scene.work()
    for name in ("w3", "w1", "w2"):
        scene.arrive(name, {"0001": 1}, return_id="r1")
    scene.work()

    assert _receipts(scene) == [("w1", 2), ("w2", 3), ("w3", 1)]
    assert set(scene.journals()) == {"IJ-r1-1", "IJ-r1-2", "IJ-r1-3"}


def test_goods_that_come_before_their_return_is_known_bring_it(scene: Scene) -> None:
    scene.ask("r1", tell=False)
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.work()

    assert scene.states() == {"RA-r1": "posted", "IJ-r1-1": "posted"}


def test_goods_that_come_before_their_return_exists_wait_for_it(scene: Scene) -> None:
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.work()
    (exception,) = scene.exceptions()
    assert (exception.code, exception.receipt_id, exception.units) == ("receipt_without_return", "w1", 1)

    scene.ask("r1")
    scene.work()
    assert scene.stock() == {"MAD01": 1}
    assert scene.codes() == []


def test_the_sweep_finds_the_return_whose_webhook_was_lost(scene: Scene) -> None:
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.work()
    scene.ask("r1", tell=False)
    scene.later(4)

    assert scene.stock() == {"MAD01": 1}
    assert scene.codes() == []


def test_by_tracking_number(scene: Scene) -> None:
    scene.ask("r1", **_shipping("TRACK"))
    scene.work()
    scene.arrive("w1", {"0001": 1}, tracking_number="TRACK")
    scene.work()

    assert set(scene.journals()) == {"IJ-r1-1"}


def test_a_tracking_number_of_two_open_returns_is_settled_by_sku(scene: Scene) -> None:
    scene.ask("r1", item("0001"), **_shipping("TRACK"))
    scene.ask("r2", item("0002"), **_shipping("TRACK"))
    scene.work()
    scene.arrive("w1", {"0002": 1}, tracking_number="TRACK")
    scene.work()

    assert set(scene.journals()) == {"IJ-r2-1"}


def test_it_is_settled_by_what_a_sku_of_the_shop_means_too(scene: Scene) -> None:
    map_sku("es", "SHOP-1", "0002", "ana")
    scene.ask("r1", item("SHOP-1"), **_shipping("TRACK"))
    scene.ask("r2", item("0001"), **_shipping("TRACK"))
    scene.work()
    scene.arrive("w1", {"0002": 1}, tracking_number="TRACK")
    scene.work()

    assert scene.states() == {"RA-r1": "posted", "RA-r2": "posted", "IJ-r1-1": "posted"}


def test_a_tracking_number_that_fits_two_returns_is_for_a_person(scene: Scene) -> None:
    scene.ask("r1", **_shipping("TRACK"))
    scene.ask("r2", **_shipping("TRACK"))
    scene.work()
    scene.arrive("w1", {"0001": 1}, tracking_number="TRACK")
    scene.work()

    assert scene.codes() == ["receipt_without_return"]
    assert scene.journals() == {}


def test_a_cancelled_return_gives_its_tracking_number_up(scene: Scene) -> None:
    scene.ask("r1", **_shipping("TRACK"))
    scene.work()
    scene.change("r1", status="cancelled")
    scene.ask("r2", **_shipping("TRACK"))
    scene.work()
    scene.arrive("w1", {"0001": 1}, tracking_number="TRACK")
    scene.work()

    assert set(scene.journals()) == {"IJ-r2-1"}


def test_goods_with_a_tracking_number_come_before_their_return(scene: Scene) -> None:
    scene.arrive("w1", {"0001": 1}, tracking_number="T-r1")
    scene.work()
    assert scene.codes() == ["receipt_without_return"]
    scene.ask("r1")
    scene.work()

    assert scene.stock() == {"MAD01": 1}
    assert scene.codes() == []


def test_by_the_number_of_the_return_authorisation(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()
    scene.arrive("w1", {"0001": 1}, ra_num=scene.ras()["RA-r1"]["ra_num"])
    scene.work()

    assert set(scene.journals()) == {"IJ-r1-1"}


def test_an_authorisation_whose_answer_never_came_leads_to_its_return_through_bluecherry(scene: Scene) -> None:
    scene.ask("r1")
    scene.trouble("cut_after", "POST /return_authorizations")
    scene.work()
    scene.trouble(None)
    scene.arrive("w1", {"0001": 1}, ra_num=scene.ras()["RA-r1"]["ra_num"])
    scene.work()
    assert _receipts(scene) == [("w1", 1)]

    scene.later(40)
    assert set(scene.journals()) == {"IJ-r1-1"}


@pytest.mark.parametrize("away", ["bluecherry", "reveni"])
def test_when_nobody_could_say_where_goods_belong_they_are_looked_for_again_soon(scene: Scene, away: str) -> None:
    by_hand = ra(ra_line(), ref_num2="r1", aux_ref_num="BY-HAND", location="MAD01")
    number = scene.bluecherry.call("POST", "/return_authorizations", by_hand).json()["ra_num"]
    scene.ask("r1", tell=False)
    side = {"bluecherry": scene.bluecherry, "reveni": scene.reveni}
    scene.trouble("500", "GET /return_authorizations/{ra_num}")
    scene.arrive("w1", {"0001": 1}, ra_num=number)
    scene.work()
    assert scene.codes() == ["receipt_without_return"]

    if away == "reveni":
        scene.trouble(None)
    side[away].call("POST", "/_sandbox/faults", {"rate": {"500": 1.0}})
    for _ in range(5):
        scene.later(12)
    assert _receipts(scene) == [("w1", None)]
    side[away].call("POST", "/_sandbox/faults", {})
    scene.later(12)

    assert _receipts(scene) == [("w1", 1)]
    assert scene.codes() == []


def test_the_return_id_counts_before_all_else(scene: Scene) -> None:
    scene.ask("r1")
    scene.ask("r2", item("0002"))
    scene.work()
    scene.arrive("w1", {"0001": 1}, return_id="r1", ra_num=scene.ras()["RA-r2"]["ra_num"], tracking_number="T-r2")
    scene.work()

    assert set(scene.journals()) == {"IJ-r1-1"}


def test_by_upc(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()
    goods = [{"upc": "0840001", "quantity": 1, "grade": "A"}]
    scene.report("w1", {"return_id": "r1", "items": goods})
    scene.work()

    assert scene.stock() == {"MAD01": 1}


def test_a_surplus_and_foreign_goods_are_on_no_document(scene: Scene) -> None:
    scene.ask("r1")
    scene.arrive("w1", {"0001": 2, "0004": 1}, return_id="r1")
    scene.work()

    assert scene.stock("0001") == {"MAD01": 1}
    assert scene.stock("0004") == {}
    held = {each.code: (each.units, each.receipt_id) for each in scene.exceptions()}
    assert held == {"over_receipt": (1, "w1"), "foreign_goods": (1, "w1")}


def test_goods_that_are_none_of_ours_are_looked_for_no_more(scene: Scene) -> None:
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.work()
    resolve([scene.exceptions()[0].id], "ana", "sold by somebody else")
    assert scene.codes() == []
    scene.ask("r1", tell=False)
    scene.later(600)

    assert scene.rows(ReceiptRow)[0].return_pk is None


def test_two_sites_may_give_their_receipts_the_same_id(scene: Scene) -> None:
    scene.configure(
        {
            "stores": {"es": {"sites": ["madrid", "bilbao"]}},
            "sites": {"bilbao": {"location": "MADB", "quarantine": "MADQ", "secret_env": "WMS_MADRID"}},
        }
    )
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.arrive("w1", {"0002": 1}, return_id="r2", site="bilbao")
    scene.work()
    assert scene.codes() == ["receipt_without_return"] * 2
    scene.ask("r1", tell=False)
    scene.ask("r2", item("0002"), tell=False)
    scene.later(4)

    assert scene.stock("0001") == {"MAD01": 1}
    assert scene.stock("0002") == {"MADB": 1}
    assert {row.site: row.return_pk for row in scene.rows(ReceiptRow)} == {
        "madrid": scene.row("r1").pk,
        "bilbao": scene.row("r2").pk,
    }


def test_goods_of_a_known_return_at_a_site_that_its_store_does_not_list_wait_for_the_mapping(scene: Scene) -> None:
    scene.configure({"sites": {"bilbao": {"location": "MADB", "quarantine": "MADQ", "secret_env": "WMS_MADRID"}}})
    scene.ask("r1")
    scene.work()
    scene.arrive("w1", {"0001": 1}, return_id="r1", site="bilbao")
    scene.work()
    assert (scene.codes(), scene.journals()) == (["unmapped_site"], {})

    scene.configure({"stores": {"es": {"sites": ["madrid", "bilbao"]}}})
    retry([scene.exceptions()[0].id], by="logistics")
    scene.later(1)

    assert (scene.codes(), scene.stock()) == ([], {"MADB": 1})
