"""Each a story from the customer's request to the books in BlueCherry."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.db.engine import transaction
from app.db.tables.history import History
from app.services.exceptions.remedies import resolve
from app.services.views.return_view import get_return, list_returns
from tests.support.scene import Scene, item
from tests.unit.sandbox.world import sale

EVEN = {"sku": "0004", "quantity": 1, "price": "10.89"}
DEARER = {"sku": "0004", "quantity": 1, "price": "24.20"}


def _money(order: dict[str, Any]) -> tuple[str, str]:
    line = order["lines"][0]
    return line["net_amt"], line["tax_amt"]


def test_a_refund_goes_the_whole_way(scene: Scene) -> None:
    scene.ask("r1", item("0001", 2))
    scene.work()
    assert scene.states() == {"RA-r1": "posted"}
    assert scene.row().state == "waiting"

    scene.arrive("w1", {"0001": 2}, return_id="r1")
    scene.work()
    assert scene.stock() == {"MAD01": 2}
    assert scene.memos() == {}

    scene.accept("r1")
    scene.work()

    memo = scene.memos()["CM-r1-1"]
    assert memo["total_amt"] == "21.78"
    assert (memo["ref_num2"], memo["ra_num"]) == ("r1", scene.ras()["RA-r1"]["ra_num"])
    assert scene.ras()["RA-r1"]["ra_status"] == "R"
    assert set(scene.journals()) == {"IJ-r1-1"}
    assert scene.row().state == "settled"
    assert scene.exceptions() == []


def test_its_history_is_written_down_without_personal_data(scene: Scene) -> None:
    scene.ask("r1")
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.work()

    with transaction() as session:
        rows = list(session.scalars(select(History).order_by(History.id)))

    told = [(row.what, row.key) for row in rows if row.return_pk == scene.row().pk]
    assert told == [
        ("return known", None),
        ("receipt", None),
        ("due", "RA-r1"),
        ("due", "IJ-r1-1"),
        ("posted", "RA-r1"),
        ("posted", "IJ-r1-1"),
    ]
    assert not any("Jane" in str(row.detail) for row in rows)


def test_an_even_exchange_moves_goods_and_no_money(scene: Scene) -> None:
    scene.ask("r1", item(exchange=EVEN), type="exchange")
    scene.work()
    assert scene.exchanges() == {}

    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.accept("r1")
    scene.work()

    order = scene.exchanges()["EX-r1"]
    assert (order["orig_ord_num"], order["ref_num1"], _money(order)) == ("000100", "5001", ("0.00", "0.00"))
    assert order["ship_to"] == {"city": "Madrid"}
    assert scene.memos() == {}
    assert scene.row().state == "settled"


def test_an_address_that_is_one_text_is_handed_on(scene: Scene) -> None:
    scene.seed(orders=[sale("000300", ref_num1="6001", ship_to="Calle Mayor 1, Madrid")])
    scene.ask("r1", item(exchange=EVEN), type="exchange", instant=True, order={"external_id": "6001"})
    scene.work()

    assert scene.exchanges()["EX-r1"]["ship_to"] == "Calle Mayor 1, Madrid"


def test_an_uneven_exchange_credits_the_old_and_charges_the_new(scene: Scene) -> None:
    ship_to = {"street": "Calle Mayor 1"}
    scene.ask("r1", item(exchange=DEARER), type="exchange", exchange_order={"external_id": "5900", "ship_to": ship_to})
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.accept("r1")
    scene.work()

    order = scene.exchanges()["EX-r1"]
    assert _money(order) == ("20.00", "4.20")
    assert (order["ref_num1"], order["ship_to"]) == ("5900", ship_to)
    assert scene.memos()["CM-r1-1"]["total_amt"] == "10.89"


def test_a_mixed_return_does_both(scene: Scene) -> None:
    scene.ask("r1", item("0001"), item("0002", exchange=EVEN), type="mixed")
    scene.arrive("w1", {"0001": 1, "0002": 1}, return_id="r1")
    scene.accept("r1")
    scene.work()

    memo = scene.memos()["CM-r1-1"]
    assert [(line["sku"], line["qty"]) for line in memo["lines"]] == [("0001", 1)]
    assert [line["sku"] for line in scene.exchanges()["EX-r1"]["lines"]] == ["0004"]


def test_an_instant_exchange_is_sent_before_the_goods_come(scene: Scene) -> None:
    scene.ask("r1", item(exchange=EVEN), type="exchange", instant=True)
    scene.work()

    assert set(scene.exchanges()) == {"EX-r1"}
    assert set(scene.ras()) == {"RA-r1"}
    assert scene.row().state == "waiting"


def test_an_instant_refund_that_is_rejected_is_for_a_person(scene: Scene) -> None:
    refund = {"method": "instant", "status": "done", "amount": "10.89", "refunded_at": "2026-01-02T10:00:00Z"}
    scene.ask("r1", instant=True, refund=refund)
    scene.arrive("w1", {"0001": 1}, "rejected", return_id="r1")
    scene.accept("r1", "rejected")
    scene.work()

    assert scene.memos() == {}
    (exception,) = [each for each in scene.exceptions() if each.code == "refunded_rejected"]
    assert (exception.units, str(exception.amount), exception.currency) == (1, "10.89", "EUR")


def test_goods_that_come_in_parts_are_journalled_and_credited_in_parts(scene: Scene) -> None:
    scene.ask("r1", item("0001", 3))
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.accept("r1")
    scene.work()
    assert scene.ras()["RA-r1"]["ra_status"] == "P"
    assert scene.row().state == "waiting"

    scene.arrive("w2", {"0001": 2}, "B", return_id="r1")
    scene.work()

    assert scene.stock() == {"MAD01": 1, "MADB": 2}
    assert {key: memo["total_amt"] for key, memo in scene.memos().items()} == {"CM-r1-1": "10.89", "CM-r1-2": "21.78"}
    assert scene.row().state == "settled"


def test_cancelled_before_anything_came(scene: Scene) -> None:
    scene.ask("r1", item(exchange=EVEN), type="exchange", instant=True)
    scene.work()
    scene.change("r1", status="cancelled")
    scene.work()

    assert scene.ras()["RA-r1"]["ra_status"] == "X"
    assert scene.exchanges()["EX-r1"]["ord_status"] == "X"
    assert scene.row().state == "settled"


def test_cancelled_when_the_exchange_has_left_already(scene: Scene) -> None:
    scene.ask("r1", item(exchange=EVEN), type="exchange", instant=True)
    scene.work()
    number = scene.exchanges()["EX-r1"]["ord_num"]
    assert scene.bluecherry.call("POST", f"/_sandbox/orders/{number}/invoice").status_code == 200
    scene.change("r1", status="cancelled")
    scene.work()

    assert scene.ras()["RA-r1"]["ra_status"] == "X"
    assert scene.codes() == ["exchange_shipped"]


def test_cancelled_after_a_part_came(scene: Scene) -> None:
    scene.ask("r1", item("0001", 2))
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.work()
    scene.change("r1", status="cancelled", items={"status": "accepted"})
    scene.work()
    scene.later(30)

    assert scene.ras()["RA-r1"]["ra_status"] == "C"
    assert scene.stock() == {"MAD01": 1}
    assert scene.memos()["CM-r1-1"]["total_amt"] == "10.89"
    assert scene.row().state == "settled"


def test_a_draft_makes_nothing(scene: Scene) -> None:
    scene.ask("r1", status="incomplete")
    scene.work()

    assert scene.row().state == "ignored"
    assert scene.books()["calls"] == {}


def test_rejected_goods_lie_apart_and_are_not_credited(scene: Scene) -> None:
    scene.ask("r1")
    scene.arrive("w1", {"0001": 1}, "rejected", return_id="r1")
    scene.accept("r1", "rejected")
    scene.work()

    assert scene.stock() == {"MADR": 1}
    assert scene.memos() == {}
    assert scene.row().state == "settled"


def test_goods_that_reveni_rejects_after_their_journal_are_moved(scene: Scene) -> None:
    scene.ask("r1")
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.work()
    assert scene.stock() == {"MAD01": 1}

    scene.accept("r1", "rejected")
    scene.work()

    assert scene.stock() == {"MADR": 1}
    assert [line["rec_type"] for line in scene.journals()["IJ-r1-2"]["lines"]] == ["SA", "SA"]


def test_rejected_goods_may_be_sent_back_instead(scene: Scene) -> None:
    scene.configure({"stores": {"es": {"policy": {"rejected_goods": "send_back"}}}})
    scene.ask("r1")
    scene.arrive("w1", {"0001": 1}, "rejected", return_id="r1")
    scene.accept("r1", "rejected")
    scene.work()

    assert scene.journals() == {}
    assert scene.stock() == {}


def test_a_grade_that_nobody_mapped_goes_into_quarantine(scene: Scene) -> None:
    scene.ask("r1")
    scene.arrive("w1", {"0001": 1}, "odd", return_id="r1")
    scene.accept("r1")
    scene.work()

    assert scene.stock() == {"MADQ": 1}
    assert scene.memos()["CM-r1-1"]["total_amt"] == "10.89"
    assert scene.codes() == ["unmapped_grade"]


def test_goods_without_a_grade_wait_in_quarantine_until_they_are_graded(scene: Scene) -> None:
    scene.ask("r1")
    scene.report("w1", {"return_id": "r1", "items": [{"sku": "0001", "quantity": 1}]})
    scene.work()
    assert scene.stock() == {"MADQ": 1}
    (exception,) = scene.exceptions()
    assert (exception.code, exception.team, exception.units) == ("unmapped_grade", "logistics", 1)
    assert exception.message.startswith("Goods came without a grade ")

    goods = [{"sku": "0001", "quantity": 1, "grade": "B", "from_grade": "ungraded"}]
    scene.report("w2", {"type": "regrade", "return_id": "r1", "items": goods})
    scene.work()
    assert scene.stock() == {"MADB": 1}
    assert scene.codes() == []


def test_a_regrade_moves_goods_out_of_quarantine(scene: Scene) -> None:
    scene.ask("r1")
    scene.arrive("w1", {"0001": 1}, "odd", return_id="r1")
    scene.work()
    goods = [{"sku": "0001", "quantity": 1, "grade": "B", "from_grade": "odd"}]
    scene.report("w2", {"type": "regrade", "return_id": "r1", "items": goods})
    scene.work()

    assert scene.stock() == {"MADB": 1}
    assert scene.codes() == []


def test_without_a_warehouse_feed_the_items_status_is_the_receipt(scene: Scene) -> None:
    grades = {"accepted": {}, "rejected": {"location": "MADR"}, "A": {}, "B": {}}
    scene.configure({"stores": {"es": {"warehouse_feed": False, "grades": grades}}})
    scene.ask("r1", item("0001", 2), item("0002"))
    scene.work()
    assert set(scene.states()) == {"RA-r1"}

    body = scene.in_reveni("r1")
    first, second = body["return_items"]
    judged = [{**first, "status": "accepted"}, {**second, "status": "rejected"}]
    scene.change("r1", status="partially_accepted", return_items=judged)
    scene.work()

    assert scene.stock("0001") == {"MAD01": 2}
    assert scene.stock("0002") == {"MADR": 1}
    assert scene.memos()["CM-r1-1"]["total_amt"] == "21.78"
    assert scene.row().state == "settled"


def test_a_return_that_changed_before_its_goods_came_is_announced_anew(scene: Scene) -> None:
    scene.ask("r1", item("0001", 2))
    scene.work()
    scene.change("r1", return_items=[item("0002")])
    scene.work()

    ras = scene.ras()
    assert {key: ra["ra_status"] for key, ra in ras.items()} == {"RA-r1": "X", "RA-r1-2": "A"}
    assert [(line["sku"], line["qty"]) for line in ras["RA-r1-2"]["lines"]] == [("0002", 1)]

    scene.arrive("w1", {"0002": 1}, return_id="r1")
    scene.work()
    assert scene.journals()["IJ-r1-1"]["ra_num"] == ras["RA-r1-2"]["ra_num"]


def test_a_return_that_changed_after_goods_came_is_for_a_person(scene: Scene) -> None:
    scene.ask("r1", item("0001", 2))
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.work()
    scene.change("r1", return_items=[item("0001", 3)])
    scene.work()

    assert set(scene.ras()) == {"RA-r1"}
    assert scene.codes() == ["return_changed"]


def test_a_return_that_names_another_order_now_is_announced_there(scene: Scene) -> None:
    scene.seed(orders=[sale("000600", ref_num1="6000")])
    scene.ask("r1", item("0001"), item("0002", exchange=EVEN), instant=True)
    scene.work()
    assert scene.exchanges()["EX-r1"]["ra_num"] in (None, scene.ras()["RA-r1"]["ra_num"])

    scene.change("r1", order={"external_id": "6000", "number": "#6000"})
    scene.work()
    assert [(each["orig_ord_num"], each["ord_status"]) for each in scene.exchanges().values()] == [
        ("000100", "X"),
        ("000600", "O"),
    ]
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.accept("r1")
    scene.work()

    assert {key: (ra["ord_num"], ra["ra_status"]) for key, ra in scene.ras().items()} == {
        "RA-r1": ("000100", "X"),
        "RA-r1-2": ("000600", "P"),
    }
    assert scene.memos()["CM-r1-1"]["ord_num"] == "000600"
    assert scene.exceptions() == []


def test_a_return_that_names_another_order_once_goods_came_is_for_a_person(scene: Scene) -> None:
    scene.seed(orders=[sale("000600", ref_num1="6000")])
    scene.ask("r1")
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.work()

    scene.change("r1", order={"external_id": "6000", "number": "#6000"})
    scene.accept("r1")
    scene.work()

    assert scene.codes() == ["return_changed"]
    assert (scene.memos(), scene.stock()) == ({}, {"MAD01": 1})

    scene.change("r1", order={"external_id": "5001", "number": "#5001"})
    scene.work()
    assert (scene.codes(), scene.memos()["CM-r1-1"]["ord_num"]) == ([], "000100")


def test_a_status_that_nobody_knows_holds_money_but_not_goods(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()
    scene.change("r1", status="on_the_moon", items={"status": "accepted"})
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.work()

    assert scene.stock() == {"MAD01": 1}
    assert scene.memos() == {}
    assert scene.codes() == ["unknown_status"]

    scene.configure({"stores": {"es": {"statuses": {"on_the_moon": "accepted"}}}})
    scene.tell("r1")
    scene.work()
    scene.carry([scene.row().pk])
    assert scene.memos()["CM-r1-1"]["total_amt"] == "10.89"
    assert scene.codes() == []


def test_seen_first_with_an_unknown_status_it_makes_nothing(scene: Scene) -> None:
    scene.ask("r1", status="on_the_moon")
    scene.work()

    assert scene.ras() == {}
    assert scene.codes() == ["unknown_status"]


def test_goods_that_were_refunded_at_once_and_rejected_are_credited_when_finance_says_so(scene: Scene) -> None:
    scene.ask("r1", instant=True)
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.accept("r1", "rejected")
    scene.work()
    (exception,) = scene.exceptions()
    assert exception.code == "refunded_rejected"
    assert scene.memos() == {}

    resolve([exception.id], "finance", "goodwill", release=True)
    scene.later(10)

    assert scene.memos()["CM-r1-1"]["total_amt"] == "10.89"
    assert scene.stock() == {"MADR": 1}
    assert scene.codes() == []


def test_goods_that_never_come_are_credited_when_finance_says_so(scene: Scene) -> None:
    scene.ask("r1")
    scene.accept("r1")
    scene.work()
    assert scene.codes() == []
    scene.later(31 * 86400)
    (exception,) = scene.exceptions()
    assert exception.code == "not_received"
    assert scene.memos() == {}

    resolve([exception.id], "finance", "the carrier lost it", release=True)
    scene.later(10)

    assert scene.memos()["CM-r1-1"]["total_amt"] == "10.89"
    assert scene.ras()["RA-r1"]["ra_status"] == "C"
    assert scene.codes() == []


def test_an_exchange_is_linked_both_ways(scene: Scene) -> None:
    scene.ask("r1", item(exchange=EVEN), type="exchange")
    scene.ask("r2", item("0002"))
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.work()
    scene.accept("r1")
    scene.work()

    order, ra = scene.exchanges()["EX-r1"], scene.ras()["RA-r1"]
    assert (order["ref_num2"], order["ra_num"], order["orig_ord_num"]) == ("r1", ra["ra_num"], ra["ord_num"])
    documents = {each.entry.key: each.entry.number for each in get_return("es", "r1").documents}
    assert (documents["EX-r1"], documents["RA-r1"]) == (order["ord_num"], ra["ra_num"])
    assert [row.id for row in list_returns(document=order["ord_num"]).rows] == ["r1"]
    assert list_returns(document="no such").rows == ()
