from __future__ import annotations

from datetime import timedelta

import pytest

from app.sandbox.bluecherry.batches import Batch
from app.sandbox.bluecherry.calls import Calls
from app.sandbox.http import Request
from app.sandbox.json import Json, JsonObject
from tests.unit.sandbox.world import Body, Desk, memo, ra, ra_line, refused


def _batch(*documents: JsonObject, ref: str = "b1") -> Body:
    return {"batch_ref": ref, "documents": list(documents)}


def _memo(**changes: Json) -> JsonObject:
    return {"type": "credit_memo", "body": {**memo(), **changes}}


def _statuses(batch: Batch) -> list[str]:
    return sorted(str(result["status"]) for result in batch.results if isinstance(result, dict))


def test_is_worked_off_later(desk: Desk) -> None:
    batch = desk.erp.take_batch(_batch(_memo()))
    seen = [(batch.status, len(batch.results))]
    for _ in range(2):
        desk.clock.move(0.25)
        seen.append((batch.status, len(batch.results)))
    assert seen == [("queued", 0), ("processing", 1), ("done", 1)]


def test_each_document_goes_through_or_is_rejected_by_itself(desk: Desk) -> None:
    batch = desk.erp.take_batch(
        _batch(
            _memo(aux_ref_num="CM-1"),
            _memo(aux_ref_num="CM-2", total_amt="1.00"),
            {"type": "return_authorization", "body": ra(aux_ref_num="RA-1")},
        )
    )
    desk.clock.move(1)
    results = {str(each["aux_ref_num"]): each for each in batch.results if isinstance(each, dict)}
    assert results["CM-1"] == {
        "type": "credit_memo",
        "aux_ref_num": "CM-1",
        "status": "posted",
        "number": "0900000001",
        "error": None,
    }
    assert results["RA-1"]["status"] == "posted"
    error = results["CM-2"]["error"]
    assert isinstance(error, dict)
    assert (results["CM-2"]["number"], error["code"], error["field"]) == (None, "TOTAL_MISMATCH", "total_amt")
    assert [refusal["aux_ref_num"] for refusal in desk.erp.refusals] == ["CM-2"]


def test_its_documents_are_in_no_look_up_before_it_is_done(desk: Desk) -> None:
    books = desk.erp.books
    desk.erp.take_batch(_batch(_memo()))
    found = []
    for _ in range(3):
        found.append(len(books.visible(books.memos.find(ord_num="000100"), desk.clock.now())))
        desk.clock.move(0.25)
    assert found == [0, 0, 1]


def test_an_ra_of_it_has_no_number_to_be_read_by_before_it_is_done(desk: Desk) -> None:
    get = Calls(desk.erp).by_name["GET /return_authorizations/{ra_num}"]
    request = Request("GET", "", {}, {}, b"", local=True)
    desk.erp.take_batch(_batch({"type": "return_authorization", "body": ra()}))
    desk.clock.move(0.25)
    assert [each.number for each in desk.erp.books.ras] == ["0700000001"]
    with refused("RA_NOT_FOUND"):
        get(request, "0700000001")
    desk.clock.move(0.25)
    assert get(request, "0700000001").status == 200


def test_the_lag_counts_from_its_end(desk: Desk) -> None:
    books = desk.erp.books
    batch = desk.erp.take_batch(_batch(_memo()))
    books.lag = timedelta(seconds=5)
    desk.clock.move(1)
    assert batch.status == "done"
    assert not books.visible(books.memos.find(aux_ref_num="CM-r1-1"), desk.clock.now())
    desk.clock.move(5)
    assert books.visible(books.memos.find(aux_ref_num="CM-r1-1"), desk.clock.now())


def test_units_are_taken_in_turn(desk: Desk) -> None:
    """The second of two that want the last units is rejected, and what is rejected holds nothing."""
    three: Body = {"type": "return_authorization", "body": ra(ra_line(qty=3))}
    batch = desk.erp.take_batch(_batch(three, three))
    desk.clock.move(1)
    assert _statuses(batch) == ["posted", "rejected"]


def test_two_may_bear_one_reference(desk: Desk) -> None:
    first, second = desk.erp.take_batch(_batch(_memo())), desk.erp.take_batch(_batch(_memo()))
    desk.clock.move(1)
    assert first.number != second.number
    assert desk.erp.batches.find("b1") == [first, second]
    assert len(desk.erp.books.memos) == 2


def test_works_off_five_hundred(desk: Desk) -> None:
    batch = desk.erp.take_batch(_batch(*[_memo(total_amt="1.00")] * 500))
    desk.clock.move(1)
    assert _statuses(batch) == ["rejected"] * 500


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("batch_ref", {"documents": [_memo()]}),
        ("batch_ref", _batch(_memo(), ref="x" * 41)),
        ("documents", _batch()),
        ("documents", _batch(*[_memo()] * 501)),
        ("documents[0].type", _batch({"type": "invoice", "body": memo()})),
        ("documents[0].body", _batch({"type": "credit_memo", "body": []})),
        ("documents[0].body", _batch({"type": "credit_memo"})),
    ],
)
def test_refuses_what_is_no_batch(desk: Desk, field: str, body: Body) -> None:
    with refused("BAD_REQUEST", field):
        desk.erp.take_batch(body)
    desk.clock.move(1)
    assert len(desk.erp.books.memos) == 0


def test_a_reset_leaves_nothing_under_way(desk: Desk) -> None:
    batch = desk.erp.take_batch(_batch(_memo()))
    desk.erp.reset()
    desk.clock.move(1)
    assert batch.status == "queued"
    assert desk.erp.batches.find("b1") == []
