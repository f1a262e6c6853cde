from __future__ import annotations

from typing import Any

import pytest

from app.db.engine import transaction
from app.db.tables.ledger import BatchRow, LedgerRow
from app.domain.policy import Kind
from app.services.intake.taking_in import take_in
from app.services.ledger.claiming import claim
from app.services.ledger.validation import validate
from app.services.ledger.windows import open_windows
from app.services.trial.shadow import list_documents
from app.services.views.overview import settled
from tests.support.scene import Scene, item
from tests.unit.sandbox.world import order_line, sale

EVEN = {"sku": "0004", "quantity": 1, "price": "10.89"}
DEARER = {"sku": "0004", "quantity": 1, "price": "24.20"}
QUARTER = 15 * 60
READS = {"POST /items/lookup"}
"""Calls that ask, although they are POSTs."""


@pytest.fixture(autouse=True)
def _in_shadow(scene: Scene) -> None:
    posting = {"credit_memo": "every 15m", "inventory_journal": "every 5m"}
    scene.configure({"stores": {"es": {"shadow": True, "judge": "warehouse", "posting": posting}}})


def _ask(scene: Scene, return_id: str, *items: Any, **changes: Any) -> None:
    """A return on an order of its own: 3 × 0001 and 1 × 0002."""
    lines = [order_line(1, "0001", 3), order_line(2, "0002", 1)]
    scene.seed(orders=[sale(f"O-{return_id}", ref_num1=f"6-{return_id}", lines=lines)])
    scene.ask(return_id, *items, order={"external_id": f"6-{return_id}"}, **changes)


def _windows(scene: Scene) -> None:
    """A window opens, and what it leads to is done, in batches or not."""
    scene.clock.move(QUARTER)
    while open_windows(scene.outside) or any(batch.state != "done" for batch in scene.rows(BatchRow)):
        scene.follow()
    scene.later(1)


def _play_a_day(scene: Scene, p: str) -> None:
    """Refunds, exchanges, parts, rejections, cancellations, a regrade, verdicts and windows, by returns named so."""
    _ask(scene, f"{p}1", item("0001", 2))
    _ask(scene, f"{p}2", item("0002", exchange=EVEN), type="exchange")
    _ask(scene, f"{p}3", item("0001", 3))
    _ask(scene, f"{p}4", item("0001", 1))
    _ask(scene, f"{p}5", item("0001", exchange=EVEN), type="exchange", instant=True)
    _ask(scene, f"{p}6", item("0001"), item("0002", exchange=DEARER), type="mixed")
    _ask(scene, f"{p}7", item("0001"))
    scene.work()
    scene.change(f"{p}4", status="cancelled")
    scene.change(f"{p}5", status="cancelled")
    scene.arrive(f"w{p}1", {"0001": 2}, return_id=f"{p}1")
    scene.arrive(f"w{p}2", {"0002": 1}, "B", return_id=f"{p}2")
    scene.arrive(f"w{p}3", {"0001": 1}, return_id=f"{p}3")
    scene.arrive(f"w{p}6", {"0001": 1, "0002": 1}, return_id=f"{p}6")
    scene.arrive(f"w{p}7", {"0001": 1}, "odd", return_id=f"{p}7")
    scene.work()

    _windows(scene)
    scene.arrive(f"w{p}8", {"0001": 2}, "rejected", return_id=f"{p}3")
    goods = [{"sku": "0001", "quantity": 1, "grade": "A", "from_grade": "odd"}]
    scene.report(f"w{p}9", {"type": "regrade", "return_id": f"{p}7", "items": goods})
    scene.work()
    _windows(scene)
    _windows(scene)


def _posts(scene: Scene) -> set[str]:
    return {name for name in scene.books()["calls"] if name.startswith("POST")}


def _documents(scene: Scene, p: str) -> dict[str, tuple[object, ...]]:
    """What the ledger holds of a day, without what tells one day from the other."""

    def plain(row: LedgerRow) -> tuple[object, ...]:
        text = repr((row.document, row.amounts)).replace(f"O-{p}", "O-").replace(f"-{p}", "-").replace(f"w{p}", "w")
        return row.state, row.kind, row.units, row.total, text

    return {key.replace(f"-{p}", "-"): plain(row) for key, row in scene.ledger().items() if f"-{p}" in key}


def test_nothing_of_a_whole_day_reaches_anyone(scene: Scene) -> None:
    _play_a_day(scene, "s")

    kinds = {row.kind for row in scene.ledger().values() if row.state == "posted"}
    assert kinds == {kind.value for kind in Kind} - {Kind.RA_CLOSE}
    assert set(scene.states().values()) == {"posted"}
    assert all(row.shadow for row in scene.ledger().values())
    assert scene.rows(BatchRow) == []
    assert _posts(scene) <= READS
    assert scene.verdicts() == []
    assert settled().settled


def test_what_is_not_posted_is_what_would_have_been(scene: Scene) -> None:
    _play_a_day(scene, "s")
    scene.configure({"stores": {"es": {"shadow": False}}})
    _play_a_day(scene, "l")

    assert len(scene.memos()) == 4
    assert _documents(scene, "s") == _documents(scene, "l")


def test_a_return_that_was_stored_in_shadow_stays_there(scene: Scene) -> None:
    _ask(scene, "s1", item("0001", 2))
    scene.work()
    scene.configure({"stores": {"es": {"shadow": False, "judge": "reveni", "posting": {"credit_memo": "at_once"}}}})
    scene.arrive("w1", {"0001": 2}, return_id="s1")
    scene.accept("s1")
    _ask(scene, "l1", item("0001"))
    scene.work()
    _windows(scene)

    assert set(scene.ras()) == {"RA-l1"}
    assert scene.journals() == scene.memos() == {}
    assert scene.ledger()["CM-s1-1"].number == "SHADOW-CM-s1-1"
    assert (scene.row("s1").shadow, scene.row("l1").shadow) == (True, False)


def test_a_live_return_of_a_store_that_goes_into_shadow_is_posted_to_its_end(scene: Scene) -> None:
    scene.configure({"stores": {"es": {"shadow": False, "posting": {"inventory_journal": "at_once"}}}})
    _ask(scene, "l1")
    scene.work()
    scene.configure({"stores": {"es": {"shadow": True}}})
    scene.arrive("w1", {"0001": 1}, return_id="l1")
    scene.work()

    assert set(scene.journals()) == {"IJ-l1-1"}


def test_a_document_of_a_worker_that_died_is_numbered_again(scene: Scene) -> None:
    """Its look-up goes to BlueCherry and finds nothing there."""
    _ask(scene, "s1")
    pks = take_in(scene.outside).returns
    validate(pks, scene.outside)
    with transaction() as session:
        claim(session, [Kind.RETURN_AUTHORISATION], pks, scene.outside.away(), scene.outside)
    assert scene.states() == {"RA-s1": "sending"}
    scene.later(60)

    assert scene.ledger()["RA-s1"].number == "SHADOW-RA-s1"
    assert _posts(scene) <= READS


def test_its_amounts_add_up_in_the_list(scene: Scene) -> None:
    scene.configure({"stores": {"es": {"policy": {"freight": "all_back", "fees": "on_memo"}}}})
    _ask(scene, "s1", item("0001", 3), item("0002"), fees=[{"type": "label", "amount": "1.50"}])
    scene.work()
    scene.arrive("w1", {"0001": 3, "0002": 1}, return_id="s1")
    scene.work()
    _windows(scene)
    _windows(scene)

    found = {each.key: each for each in list_documents(store="es")}
    memo, journal = found["CM-s1-1"], found["IJ-s1-1"]
    # 36.00 + 8.40 + 4.00 − 1.50
    told = [str(each) for each in (memo.net, memo.tax, memo.freight, memo.fee, memo.total)]
    assert told == ["36.00", "8.40", "4.00", "1.50", "46.90"]
    assert (journal.locations, journal.units, journal.total, memo.locations) == (("MAD01",), 4, None, ())
    assert memo.mapping_version == scene.config().stores["es"].rules.version
    assert [each.key for each in list_documents(kind=Kind.CREDIT_MEMO)] == ["CM-s1-1"]
    assert list_documents(store="uk") == list_documents(since=scene.clock.now()) == []
