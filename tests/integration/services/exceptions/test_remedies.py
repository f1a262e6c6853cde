from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from app.db.engine import transaction
from app.db.tables.exceptions import DecisionRow, ExceptionRow
from app.db.tables.history import History
from app.db.tables.mapping import SkuAlias
from app.services.exceptions.remedies import (
    NotPossible,
    choose_order,
    correct_quantity,
    map_sku,
    post_in_next_period,
    resolve,
    retry,
)
from tests.integration.services.facts.test_periods import close_today, credit
from tests.support.scene import Scene, item
from tests.unit.sandbox.world import sale


def _held(scene: Scene, sku: str = "9999") -> ExceptionRow:
    scene.ask("r1", item(sku))
    scene.work()
    (exception,) = scene.exceptions()
    return exception


def test_a_retry_whose_cause_stands_changes_nothing(scene: Scene) -> None:
    exception = _held(scene)
    assert retry([exception.id], "ana") == 1
    scene.later(1)

    assert [each.id for each in scene.exceptions()] == [exception.id]


def test_a_retry_of_what_is_closed_is_none(scene: Scene) -> None:
    exception = _held(scene)
    resolve([exception.id], "ana", None)

    assert retry([exception.id, 4711], "ana") == 0


def test_what_a_person_ended_stays_ended(scene: Scene) -> None:
    scene.ask("r1")
    scene.arrive("w1", {"0001": 2}, return_id="r1")
    scene.work()
    (exception,) = scene.exceptions()
    assert resolve([exception.id], "ana", "counted again") == 1
    scene.later(1)
    scene.tell("r1")
    scene.work()

    assert scene.codes() == []
    (decision,) = scene.rows(DecisionRow)
    assert (decision.code, decision.receipt_id, decision.by, decision.note) == (
        "over_receipt",
        "w1",
        "ana",
        "counted again",
    )
    with transaction() as session:
        closed = session.get_one(ExceptionRow, exception.id)
    assert closed.closed_by == "resolved by ana"


def test_only_what_the_rules_credit_to_nobody_can_be_released(scene: Scene) -> None:
    exception = _held(scene)
    with pytest.raises(NotPossible, match="not_received"):
        resolve([exception.id], "ana", None, release=True)

    assert scene.codes() == ["unknown_sku"]


@pytest.mark.parametrize(
    ("sku", "target", "why"), [("A", "A", "itself"), ("A", "B", "means C"), ("C", "D", "B means C: map B")]
)
def test_names_that_cannot_be_given(scene: Scene, sku: str, target: str, why: str) -> None:
    map_sku("es", "B", "C", "ana")
    with pytest.raises(NotPossible, match=why):
        map_sku("es", sku, target, "ana")


def test_a_name_can_be_corrected(scene: Scene) -> None:
    _held(scene, "SHOP-1")
    map_sku("es", "SHOP-1", "0004", "ana")
    scene.later(1)
    assert scene.codes() == ["sku_not_on_order"]
    map_sku("es", "SHOP-1", "0001", "eva")
    retry([each.id for each in scene.exceptions()], "eva")
    scene.later(1)

    (alias,) = scene.rows(SkuAlias)
    assert (alias.target, alias.by) == ("0001", "eva")
    assert scene.states() == {"RA-r1": "posted"}
    told = [row.detail for row in scene.rows(History) if row.what == "sku mapped"]
    assert [(each["was"], each["target"], each["by"]) for each in told] == [
        (None, "0004", "ana"),
        ("0004", "0001", "eva"),
    ]


def test_another_name_from_now_on_changes_nothing_of_goods_that_came(scene: Scene) -> None:
    _held(scene, "SHOP-1")
    map_sku("es", "SHOP-1", "0001", "ana")
    scene.later(1)
    scene.arrive("w1", {"SHOP-1": 1}, return_id="r1")
    scene.accept("r1")
    scene.work()
    before = scene.states()

    map_sku("es", "SHOP-1", "0002", "eva")
    refund = {"method": "original_payment", "status": "paid", "refunded_at": "2026-01-02T10:00:00Z", "amount": "10.89"}
    scene.change("r1", refund=refund)
    scene.work()

    assert scene.states() == before == dict.fromkeys(("RA-r1", "IJ-r1-1", "CM-r1-1"), "posted")
    assert (scene.codes(), scene.row().state) == ([], "settled")


def test_a_name_that_nothing_waits_for_stands_in_the_history_too(scene: Scene) -> None:
    assert map_sku("es", "SHOP-1", "0001", "ana") == 0

    (told,) = scene.rows(History)
    assert (told.return_pk, told.what, told.detail["sku"]) == (None, "sku mapped", "SHOP-1")


def test_a_name_holds_in_its_store_only(scene: Scene) -> None:
    _held(scene, "SHOP-1")

    assert map_sku("uk", "SHOP-1", "0001", "ana") == 0
    scene.later(700)
    assert scene.codes() == ["unknown_sku"]


def test_who_did_what_is_in_the_history(scene: Scene) -> None:
    exception = _held(scene, "SHOP-1")
    retry([exception.id], "ana")
    map_sku("es", "SHOP-1", "0001", "eva")
    with transaction() as session:
        rows = session.scalars(select(History).where(History.return_pk == scene.row().pk).order_by(History.id))
        told = [(row.what, row.detail.get("by")) for row in rows]

    assert told[-2:] == [("retry", "ana"), ("sku mapped", "eva")]


def test_a_person_and_a_worker_do_not_stand_in_each_others_way(scene: Scene) -> None:
    for n in range(10):
        scene.ask(f"r{n}", item("9999"))
    scene.work()
    ids = [each.id for each in scene.exceptions()]
    pks = [each.return_pk for each in scene.exceptions() if each.return_pk]
    barrier = Barrier(2)

    def person() -> None:
        barrier.wait()
        for _ in range(5):
            retry(list(reversed(ids)), "ana")

    def worker() -> None:
        barrier.wait()
        for _ in range(5):
            scene.carry(pks)

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(person), pool.submit(worker)]:
            future.result()

    assert [each.id for each in scene.exceptions()] == ids


def test_a_sku_that_goes_out_can_be_mapped_too(scene: Scene) -> None:
    scene.ask("r1", item(exchange={"sku": "9999", "quantity": 1, "price": "10.89"}), type="exchange", instant=True)
    scene.work()
    assert set(scene.codes()) == {"exchange_failed", "unknown_sku"}

    assert map_sku("es", "9999", "0004", "ana") == 1
    scene.later(1)

    assert scene.codes() == []
    assert [line["sku"] for line in scene.exchanges()["EX-r1"]["lines"]] == ["0004"]


def _sold_twice(scene: Scene) -> None:
    """Two sales with the shop's id 7000 have the SKU, so that nobody can say which one is meant."""
    for ord_num in ("0700000001", "0700000002"):
        scene.seed(orders=[sale(ord_num, ref_num1="7000")])
    scene.ask("r1", item("0001"), order={"external_id": "7000", "number": "#7000"})
    scene.work()
    assert scene.codes() == ["order_ambiguous"]


def test_a_person_picks_the_order(scene: Scene) -> None:
    _sold_twice(scene)
    (exception,) = scene.exceptions()
    with pytest.raises(NotPossible, match="does not bear"):
        choose_order([exception.id], "5001", "ana", None)

    assert choose_order([exception.id], "0700000002", "ana", "the customer's invoice says so") == 1
    scene.later(1)

    assert scene.codes() == []
    assert scene.row().ord_num == "0700000002"
    assert scene.states() == {"RA-r1": "posted"}


def test_a_quantity_is_corrected_downwards_only_and_the_rest_goes_its_way(scene: Scene) -> None:
    scene.ask("r1", item("0002", 2))
    scene.work()
    (exception,) = scene.exceptions()
    assert exception.code == "over_return"
    for units in (0, 2, 3):
        with pytest.raises(NotPossible, match="fewer"):
            correct_quantity([exception.id], "i-0002", units, "ana", None)

    assert correct_quantity([exception.id], "i-0002", 1, "ana", "one was sold") == 1
    scene.later(1)

    assert scene.codes() == []
    assert scene.ledger()["RA-r1"].units == 1
    scene.arrive("w1", {"0002": 1}, return_id="r1")
    scene.accept("r1")
    scene.work()
    assert scene.ledger()["CM-r1-1"].units == 1


def test_a_memo_goes_into_the_next_period_by_a_persons_word(scene: Scene) -> None:
    scene.configure({"stores": {"es": {"policy": {"closed_period": "exception"}}}})
    first = close_today(scene)
    credit(scene, "r1")
    (exception,) = scene.exceptions()
    assert exception.code == "period_closed"

    assert post_in_next_period([exception.id], "ana", "agreed with the auditor") == 1
    scene.later(1)

    assert scene.memos()["CM-r1-1"]["memo_date"] == first.isoformat()
    assert scene.codes() == []
    credit(scene, "r2")
    assert [each.return_id for each in scene.exceptions()] == ["r2"], "the word was for r1 alone"


def test_a_remedy_is_for_its_code(scene: Scene) -> None:
    exception = _held(scene)
    remedies: list[Callable[[], int]] = [
        lambda: choose_order([exception.id], "5001", "ana", None),
        lambda: correct_quantity([exception.id], "i-9999", 1, "ana", None),
        lambda: post_in_next_period([exception.id], "ana", None),
    ]
    for remedy in remedies:
        with pytest.raises(NotPossible, match="nothing else"):
            remedy()
