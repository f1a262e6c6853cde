"""What BlueCherry and Reveni are told, word by word; and the verdict, told once."""

from __future__ import annotations

import pytest

from tests.support.scene import Scene, item
from tests.support.surroundings import ENVIRONMENT
from tests.unit.sandbox.world import sale

VALIDATE = "POST returns {id} partial_validate"


@pytest.fixture
def judging(scene: Scene) -> Scene:
    """A store whose warehouse is the judge."""
    grades = {"C": {"accepts": False, "location": "MADR", "reject_reason": "wrong_product"}}
    scene.configure({"stores": {"es": {"judge": "warehouse", "grades": grades}}})
    return scene


def _told(scene: Scene) -> list[dict[str, object]]:
    return [entry for verdict in scene.verdicts() for entry in verdict["body"]["items"]]


def test_an_exchange_names_the_upc_that_the_item_master_has(scene: Scene) -> None:
    scene.seed(items=[{"division": "010", "sku": "0004", "upc": "0840004"}])
    for n, sku in enumerate(("0004", "0002"), start=1):
        swap = {"sku": sku, "quantity": 1, "price": "10.89"}
        scene.ask(f"r{n}", item(exchange=swap), type="exchange", instant=True)
    scene.work()

    upcs = {key: [line["upc"] for line in order["lines"]] for key, order in scene.exchanges().items()}
    assert upcs == {"EX-r1": ["0840004"], "EX-r2": [None]}


def test_the_authorisation_says_all_that_the_warehouse_needs(scene: Scene) -> None:
    scene.ask("r1", item("0001", 2), item("0002"))
    scene.work()
    ra = scene.ras()["RA-r1"]

    assert {name: ra[name] for name in ("ord_num", "division", "customer", "location", "ref_num2", "tracking_num")} == {
        "ord_num": "000100",
        "division": "010",
        "customer": "000042",
        "location": "MAD01",
        "ref_num2": "r1",
        "tracking_num": "T-r1",
    }
    assert [(x["line_seq"], x["ord_line_seq"], x["sku"], x["qty"], x["reason_code"]) for x in ra["lines"]] == [
        (1, 1, "0001", 2, "SZ"),
        (2, 2, "0002", 1, "SZ"),
    ]


def test_the_journal_and_the_memo_name_what_they_follow(scene: Scene) -> None:
    scene.ask("r1", item("0001", 2))
    scene.arrive("w1", {"0001": 2}, "B", return_id="r1")
    scene.accept("r1")
    scene.work()
    ra_num = scene.ras()["RA-r1"]["ra_num"]
    journal, memo = scene.journals()["IJ-r1-1"], scene.memos()["CM-r1-1"]

    assert (journal["ra_num"], journal["ord_num"], journal["ref_num2"]) == (ra_num, "000100", "r1")
    (line,) = journal["lines"]
    assert (line["ra_line_seq"], line["rec_type"], line["location"], line["qty"]) == (1, "RT", "MADB", 2)
    (line,) = memo["lines"]
    assert (line["ord_line_seq"], line["qty"], line["unit_price"], line["tax_code"]) == (1, 2, "10.00", "V21")
    assert (line["gross_amt"], line["disc_amt"], line["net_amt"], line["tax_amt"]) == ("20.00", "2.00", "18.00", "3.78")
    assert memo["ra_num"] == ra_num


def test_documents_are_dated_in_the_stores_time_zone(scene: Scene) -> None:
    scene.configure({"stores": {"es": {"time_zone": "Pacific/Kiritimati"}}})
    scene.ask("r1")
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.accept("r1")
    scene.work()
    today = scene.clock.now().astimezone(scene.outside.store("es").rules.time_zone).date().isoformat()

    assert scene.journals()["IJ-r1-1"]["journal_date"] == today
    assert scene.memos()["CM-r1-1"]["memo_date"] == today


def test_a_verdict_names_an_item_as_reveni_does(judging: Scene) -> None:
    judging.ask("r1", item("0001", 2, item_id=4711), item("0002", item_id="0815"))
    judging.arrive("w1", {"0001": 2, "0002": 1}, return_id="r1")
    judging.work()

    assert sorted(str(told["item_id"]) for told in _told(judging)) == ["0815", "4711"]
    assert {type(told["item_id"]) for told in _told(judging) if told["quantity"] == 2} == {int}
    assert judging.in_reveni("r1")["status"] == "accepted"
    assert judging.exceptions() == []


def test_the_verdict_is_told_once(judging: Scene) -> None:
    judging.ask("r1", item("0001", 2))
    judging.arrive("w1", {"0001": 2}, return_id="r1")
    judging.work()
    assert _told(judging) == [{"item_id": "i-0001", "quantity": 2, "status": "accepted"}]
    assert judging.in_reveni("r1")["status"] == "accepted"
    assert judging.memos()["CM-r1-1"]["total_amt"] == "21.78"

    judging.tell("r1")
    judging.work()
    judging.later(3600)
    assert len(judging.verdicts()) == 1
    assert judging.row().state == "settled"


def test_nothing_is_told_before_all_units_are_judged(judging: Scene) -> None:
    judging.ask("r1", item("0001", 3))
    judging.arrive("w1", {"0001": 1}, return_id="r1")
    judging.work()
    assert judging.verdicts() == []
    assert judging.memos()["CM-r1-1"]["total_amt"] == "10.89"

    judging.arrive("w2", {"0001": 2}, "C", return_id="r1")
    judging.work()
    assert [(entry["quantity"], entry["status"], entry.get("reject_reason")) for entry in _told(judging)] == [
        (1, "accepted", None),
        (2, "rejected", "wrong_product"),
    ]
    assert set(judging.memos()) == {"CM-r1-1"}


def test_an_unknown_grade_is_no_verdict(judging: Scene) -> None:
    judging.ask("r1")
    judging.arrive("w1", {"0001": 1}, "odd", return_id="r1")
    judging.work()

    assert judging.verdicts() == []
    assert judging.codes() == ["unmapped_grade"]


def test_a_verdict_whose_answer_was_lost_is_found_in_the_return(judging: Scene) -> None:
    judging.ask("r1")
    judging.reveni_trouble("cut_after", VALIDATE)
    judging.arrive("w1", {"0001": 1}, return_id="r1")
    judging.work()
    assert judging.states()["VD-r1/i-0001"] == "doubtful"

    judging.reveni_trouble(None, VALIDATE)
    judging.later(40)
    assert judging.states()["VD-r1/i-0001"] == "posted"
    assert len(judging.verdicts()) == 1


def test_a_verdict_that_never_arrived_is_told_again(judging: Scene) -> None:
    judging.ask("r1")
    judging.reveni_trouble("cut_before", VALIDATE)
    judging.arrive("w1", {"0001": 1}, return_id="r1")
    judging.work()
    assert judging.verdicts() == []

    judging.reveni_trouble(None, VALIDATE)
    judging.later(40)
    assert judging.states()["VD-r1/i-0001"] == "posted"
    assert len(judging.verdicts()) == 1


def test_reveni_has_judged_otherwise_meanwhile(judging: Scene) -> None:
    judging.ask("r1")
    judging.accept("r1", "rejected")
    judging.arrive("w1", {"0001": 1}, return_id="r1")
    judging.work()

    assert judging.verdicts() == []
    assert judging.codes() == ["verdict_conflict"]


def test_an_exchange_waits_for_the_warehouse(judging: Scene) -> None:
    even = {"sku": "0004", "quantity": 1, "price": "10.89"}
    judging.ask("r1", item(exchange=even), type="exchange")
    judging.work()
    assert judging.exchanges() == {}
    judging.arrive("w1", {"0001": 1}, return_id="r1")
    judging.work()

    assert set(judging.exchanges()) == {"EX-r1"}
    assert len(judging.verdicts()) == 1


def test_a_document_of_another_store_with_the_same_return_id_is_not_ours(scene: Scene) -> None:
    scene.configure({"stores": {"uk": {**scene.table["stores"]["es"], "reveni_store_id": "1002"}}})
    scene.reveni.call("POST", "/_sandbox/stores", {"store_id": "1002", "api_key": ENVIRONMENT["REVENI_ES"]})
    scene.seed(orders=[sale("000300", ref_num1="6001")])
    scene.ask("r1")
    scene.work()
    there = {**scene.in_reveni("r1"), "order": {"external_id": "6001", "number": "#6001"}}
    answer = scene.reveni.call("PUT", "/_sandbox/returns/1002/r1?event=none", there)
    assert answer.status_code == 200, answer.text
    scene.trouble("cut_before", "POST /return_authorizations")
    scene.tell("r1", store="uk")
    scene.work()
    scene.trouble(None)
    for _ in range(2):
        scene.later(31)

    assert [ra["ord_num"] for ra in scene.books()["return_authorisations"]] == ["000100", "000300"]
