from __future__ import annotations

from datetime import timedelta

import pytest

from app.db.tables.returns import InboxEvent
from app.domain.documents import State
from app.domain.policy import Kind
from app.services.exceptions.remedies import resolve
from app.services.views.document_view import NoSuchDocument, list_documents, trace
from tests.support.rows import NOON, ledger_row, return_row, saved
from tests.support.scene import Scene, item


def test_a_memo_leads_back_to_all_that_made_it(scene: Scene) -> None:
    scene.ask("r1", item("0001", 2))
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.accept("r1")
    scene.work()
    scene.arrive("w2", {"0001": 1}, return_id="r1")
    scene.work()
    second = scene.memos()["CM-r1-2"]

    (found,) = trace(second["memo_num"])

    assert (found.store, found.return_id, found.document.entry.key) == ("es", "r1", "CM-r1-2")
    assert [receipt.id for receipt in found.receipts] == ["w1", "w2"]
    assert [receipt.id for receipt in trace("CM-r1-1")[0].receipts] == ["w1"]
    assert [receipt.id for receipt in trace("IJ-r1-2")[0].receipts] == ["w2"]
    assert [event.external_id for event in found.events] == ["e1", "w1", "e2", "w2"]
    assert found.told is not None
    assert found.told.status == "accepted"
    (line,) = found.lines
    assert (str(line.net), str(line.tax)) == (second["lines"][0]["net_amt"], second["lines"][0]["tax_amt"])
    first = scene.memos()["CM-r1-1"]["lines"][0]
    assert line.before is not None
    assert (line.before.units, str(line.before.net)) == (1, first["net_amt"])
    assert [memo.aux_ref_num for memo in found.memos_before] == ["CM-r1-1"]
    assert [step.what for step in found.steps] == ["due", "sending", "posted"]
    assert found.document.mapping_version == scene.outside.store("es").rules.version


def test_the_calls_that_failed_are_among_the_steps(scene: Scene) -> None:
    scene.trouble("429", "POST /return_authorizations")
    scene.ask("r1")
    scene.work()
    scene.trouble(None)
    scene.later(120)

    (found,) = trace("RA-r1")

    what = [step.what for step in found.steps]
    assert "to be tried again" in what
    assert what[-1] == "posted"
    assert (what.count("sending"), what.count("due")) == (2, 2)
    assert trace(scene.ras()["RA-r1"]["ra_num"])[0].document.entry.key == "RA-r1"


def test_what_came_after_a_document_did_not_lead_to_it(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()
    scene.clock.move(1)
    scene.change("r1", status="cancelled")
    scene.work()

    authorisation, cancellation = trace("RA-r1")[0], trace("RA-r1/cancel")[0]

    assert [event.external_id for event in authorisation.events] == ["e1"]
    assert [event.external_id for event in cancellation.events] == ["e1", "e2"]
    # The number is the authorisation's; its cancellation bears it too and is not meant by it.
    assert [each.document.entry.key for each in trace(scene.ras()["RA-r1"]["ra_num"])] == ["RA-r1"]


def test_who_decided_is_said(scene: Scene) -> None:
    scene.ask("r1", status="accepted")
    scene.accept("r1")
    scene.work()
    scene.later(40 * 86_400)
    (standing,) = [each for each in scene.exceptions() if each.code == "not_received"]
    resolve([standing.id], by="ann", note="lost by the carrier", release=True)
    scene.later(600)

    (found,) = trace("CM-r1-1")

    assert [(each.by, each.action, each.note) for each in found.decisions] == [
        ("ann", "release", "lost by the carrier")
    ]
    assert found.receipts == ()


@pytest.mark.usefixtures("books")
def test_a_document_that_nobody_made_is_said() -> None:
    with pytest.raises(NoSuchDocument, match="no document 900"):
        trace("900")


@pytest.mark.usefixtures("books")
def test_documents_come_newest_first_by_store_kind_state_order_and_time_and_in_pages() -> None:
    es, uk = saved(return_row("a")), saved(return_row("a", store="uk"))
    saved(InboxEvent(channel="reveni", name="es", external_id="e", body="{}", return_pk=es))
    for pk, store, kind, state, days in [
        (es, "es", Kind.RETURN_AUTHORISATION, State.POSTED, 0),
        (es, "es", Kind.CREDIT_MEMO, State.DUE, 1),
        (uk, "uk", Kind.CREDIT_MEMO, State.POSTED, 2),
    ]:
        made = NOON + timedelta(days=days)
        saved(ledger_row(pk, kind, return_id="a", store=store, state=state, created_at=made))

    def keys(**wanted: object) -> list[str]:
        page = list_documents(**wanted)  # type: ignore[arg-type]
        return [f"{line.store}/{line.document.entry.key}" for line in page.rows]

    assert keys() == ["uk/CM-a-1", "es/CM-a-1", "es/RA-a"]
    assert keys(store="es", kind="credit_memo") == ["es/CM-a-1"]
    assert keys(state="posted") == ["uk/CM-a-1", "es/RA-a"]
    assert keys(since=NOON + timedelta(days=1)) == ["uk/CM-a-1", "es/CM-a-1"]
    assert keys(order="SO-2") == []
    first = list_documents(limit=2)
    assert first.next is not None
    assert keys(before=first.next) == ["es/RA-a"]
    assert len(trace("CM-a-1")) == 2
