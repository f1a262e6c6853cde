from __future__ import annotations

from collections import Counter
from datetime import timedelta

from app.db.codec import load
from app.db.tables.returns import ReceiptRow
from app.domain.documents import Amounts
from app.services.exceptions.remedies import map_sku
from app.services.trial.dry_run import DryRun, dry_run
from tests.support.scene import Scene, item
from tests.support.whole_database import whole_database

NO_FEED = {"warehouse_feed": False, "grades": {"accepted": {}}}


def look(scene: Scene) -> DryRun:
    return dry_run("es", scene.clock.now() - timedelta(days=1), scene.outside)


def planned(result: DryRun) -> dict[str, str | None]:
    """Keys of what would be posted, with the sum where there is one."""
    return {
        each.document.key: str(each.amounts.total) if each.amounts else None
        for found in result.returns
        for each in found.seen.documents
        if each.to_post
    }


def codes(result: DryRun) -> list[str]:
    return [blocker.code.value for found in result.returns for blocker in found.seen.blockers]


def test_what_it_tells_is_what_the_bridge_then_posts(scene: Scene) -> None:
    scene.configure({"stores": {"es": NO_FEED}})
    scene.ask("r1", item("0001", 2), status="accepted", tell=False)
    scene.change("r1", items={"status": "accepted"}, tell=False)
    scene.ask("r2", item("0001"), status="accepted", tell=False)
    scene.change("r2", items={"status": "accepted"}, tell=False)
    exchange = {"sku": "0002", "quantity": 1, "price": "21.78"}
    scene.ask("r3", item("0002", exchange=exchange), instant=True, type="exchange", tell=False)
    told = look(scene)

    for name in ("r1", "r2", "r3"):
        scene.tell(name)
    scene.work()
    posted = {
        key: str(load(Amounts, row.amounts).total) if row.amounts else None
        for key, row in scene.ledger().items()
        if row.state == "posted"
    }
    assert planned(told) == posted
    assert {"CM-r1-1", "CM-r2-1", "EX-r3"} <= set(posted)
    again = look(scene)
    assert planned(again) == {}
    assert len(again.returns) == 3


def test_it_writes_nothing_anywhere(scene: Scene) -> None:
    scene.ask("r1", item("0001", 2))
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.work()
    scene.accept("r1")
    scene.ask("r2", item("0002", 1, return_reason="boredom"), tell=False)
    scene.arrive("w2", {"0002": 1}, return_id="r9")
    scene.work()
    database, calls = whole_database(), Counter(scene.books()["calls"])
    documents = {name: value for name, value in scene.books().items() if name != "calls"}
    verdicts = scene.verdicts()

    told = look(scene)

    assert {found.ret.id for found in told.returns} == {"r1", "r2"}
    assert codes(told) == ["unmapped_reason"]
    assert whole_database() == database
    made = Counter(scene.books()["calls"]) - calls
    assert {name for name in made if not name.startswith("GET ")} <= {"POST /items/lookup"}
    assert {name: value for name, value in scene.books().items() if name != "calls"} == documents
    assert scene.verdicts() == verdicts


def test_a_receipt_that_came_before_its_return_counts(scene: Scene) -> None:
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.work()
    (receipt,) = scene.rows(ReceiptRow)
    assert receipt.return_pk is None
    scene.ask("r1", status="accepted", tell=False)
    scene.change("r1", items={"status": "accepted"}, tell=False)

    assert planned(look(scene)) == {"RA-r1": None, "IJ-r1-1": None, "CM-r1-1": "10.89"}


def test_returns_of_one_order_stand_on_each_other(scene: Scene) -> None:
    for name, units in (("r1", 2), ("r2", 1), ("r3", 1)):
        scene.ask(name, item("0001", units), tell=False)
    told = look(scene)

    # Three were sold.
    assert planned(told) == {"RA-r1": None, "RA-r2": None}
    assert codes(told) == ["over_return"]


def test_a_sku_that_was_mapped_in_the_queue_is_used(scene: Scene) -> None:
    scene.ask("r1", item("shop-1"), tell=False)
    assert codes(look(scene)) == ["unknown_sku"]
    map_sku("es", "shop-1", "0001", "ana")

    told = look(scene)
    assert (codes(told), planned(told)) == ([], {"RA-r1": None})
    (document,) = told.returns[0].seen.documents
    assert document.document.lines[0].sku == "0001"


def test_without_the_list_call_those_that_are_known_are_asked_for(scene: Scene) -> None:
    scene.configure({"stores": {"es": {"return_list": False}}})
    scene.ask("r1")
    scene.work()
    scene.ask("r2", tell=False)
    scene.change("r1", status="cancelled", tell=False)

    told = look(scene)
    assert [found.ret.status for found in told.returns] == ["cancelled"]
    assert planned(told) == {"RA-r1/cancel": None}


def test_what_cannot_be_asked_is_said_of_its_returns(scene: Scene) -> None:
    scene.ask("r1", tell=False)
    scene.trouble("500", "GET /credit_memos")
    told = look(scene)

    assert (told.returns, set(told.not_looked_at)) == ([], {"r1"})
    assert "credit_memos" in told.not_looked_at["r1"]


def test_a_memo_waits_for_its_window(scene: Scene) -> None:
    scene.configure({"stores": {"es": NO_FEED | {"posting": {"credit_memo": ["20:00"]}}}})
    scene.ask("r1", status="accepted", tell=False)
    scene.change("r1", items={"status": "accepted"}, tell=False)
    (found,) = look(scene).returns

    whens = {each.document.kind.value: each.post_at for each in found.seen.documents}
    assert whens["return_authorisation"] is None
    assert whens["credit_memo"] is not None
    assert whens["credit_memo"] > scene.clock.now()
