from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.integration.sandbox.running import CODE, KEY, Server, bluecherry
from tests.support.waiting import wait_until
from tests.unit.sandbox.world import exchange, journal, journal_line, memo, ra, ra_line, seed


@pytest.fixture(scope="module")
def process() -> Iterator[Server]:
    with bluecherry() as server:
        yield server


@pytest.fixture
def server(process: Server) -> Server:
    """The one process of this module, emptied and seeded."""
    process.call("POST", "/_sandbox/reset")
    assert process.call("POST", "/_sandbox/seed", seed()).status_code == 200
    return process


def _faults(server: Server, **plan: object) -> None:
    assert server.call("POST", "/_sandbox/faults", plan).status_code == 200


def _error(response: requests.Response) -> tuple[int, str]:
    error = response.json()["error"]
    assert set(error) == {"code", "message", "field"}
    return response.status_code, error["code"]


def test_a_return_goes_its_way(server: Server) -> None:
    created = server.call("POST", "/return_authorizations", ra(ra_line(qty=2)))
    assert created.status_code == 201
    ra_num = created.json()["ra_num"]
    assert created.json() == {"ra_num": ra_num, "ra_status": "A"}
    journalled = server.call("POST", "/inventory_journals", journal(ra_num))
    assert (journalled.status_code, set(journalled.json())) == (201, {"journal_num"})
    credited = server.call("POST", "/credit_memos", memo(ra_num=ra_num))
    assert (credited.status_code, credited.json()["alloc_status"]) == (201, "allocated")
    exchanged = server.call("POST", "/sales_orders", exchange(ra_num=ra_num))
    assert (exchanged.status_code, exchanged.json()["ord_status"]) == (201, "O")

    assert server.call("GET", f"/return_authorizations/{ra_num}").json()["ra_status"] == "P"
    for query in ("ref_num2=r1", "aux_ref_num=RA-r1", "ord_num=000100"):
        found = server.call("GET", f"/return_authorizations?{query}").json()["return_authorizations"]
        assert [each["ra_num"] for each in found] == [ra_num], query
    assert len(server.call("GET", "/inventory_journals?aux_ref_num=IJ-r1-1").json()["inventory_journals"]) == 1
    for query in ("aux_ref_num=CM-r1-1", "ord_num=000100"):
        assert len(server.call("GET", f"/credit_memos?{query}").json()["credit_memos"]) == 1
    assert len(server.call("GET", "/sales_orders?aux_ref_num=EX-r1").json()["orders"]) == 1
    assert len(server.call("GET", "/sales_orders?ref_num1=5001").json()["orders"]) == 2
    stock = server.call("GET", "/stock?division=010&sku=0001&location=MAD01").json()
    assert stock == {"qoh": -2, "ots": -5, "movements": {"IN": 3, "OP": 3, "RT": 1}}

    assert server.call("POST", f"/return_authorizations/{ra_num}/close").json()["ra_status"] == "C"
    assert _error(server.call("POST", f"/return_authorizations/{ra_num}/cancel")) == (409, "RA_RECEIVED")
    ord_num = exchanged.json()["ord_num"]
    assert server.call("POST", f"/sales_orders/{ord_num}/cancel").json() == {"ord_num": ord_num, "ord_status": "X"}

    rows = server.call("GET", "/documents?type=return_authorization").json()
    assert [(row["number"], row["status"]) for row in rows["documents"]] == [(ra_num, "C")]
    assert rows["next"] is None


def test_an_exchange_order_that_was_shipped_cannot_be_cancelled(server: Server) -> None:
    ord_num = server.call("POST", "/sales_orders", exchange()).json()["ord_num"]
    assert server.call("POST", f"/_sandbox/orders/{ord_num}/invoice").json()["ord_status"] == "I"
    assert _error(server.call("POST", f"/sales_orders/{ord_num}/cancel")) == (409, "ORDER_SHIPPED")


def test_key_and_code_are_asked_for(server: Server) -> None:
    url = f"{server.url}/periods"
    header = {"Ocp-Apim-Subscription-Key": KEY}
    for wrong in ({}, {"Ocp-Apim-Subscription-Key": "nope"}):
        assert _error(requests.get(url, {"code": CODE}, headers=wrong, timeout=10)) == (401, "UNAUTHORIZED")
    for code in ("", "?code=nope"):
        assert _error(requests.get(url + code, headers=header, timeout=10)) == (403, "FORBIDDEN")
    assert requests.get(url, {"code": CODE}, headers=header, timeout=10).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("GET", "/nope", (404, "NOT_FOUND")),
        ("DELETE", "/periods", (404, "NOT_FOUND")),
        ("GET", "/a/b/c/d", (404, "NOT_FOUND")),
        ("GET", "/sales_orders/nope", (404, "ORDER_NOT_FOUND")),
        ("GET", "/return_authorizations/nope", (404, "RA_NOT_FOUND")),
        ("GET", "/batches/nope", (404, "NOT_FOUND")),
        ("GET", "/return_authorizations", (400, "BAD_REQUEST")),
        ("GET", "/batches", (400, "BAD_REQUEST")),
        ("GET", "/stock?division=010", (400, "BAD_REQUEST")),
        ("GET", "/documents?type=invoice", (400, "BAD_REQUEST")),
        ("GET", "/documents?since=yesterday", (400, "BAD_REQUEST")),
        ("GET", "/documents?limit=0", (400, "BAD_REQUEST")),
        ("GET", "/documents?cursor=nope", (400, "BAD_REQUEST")),
        ("POST", "/credit_memos", (400, "BAD_REQUEST")),
        ("POST", "/return_authorizations/nope/close", (404, "RA_NOT_FOUND")),
        ("POST", "/sales_orders/nope/cancel", (404, "ORDER_NOT_FOUND")),
    ],
)
def test_says_no_in_the_shape_of_the_contract(server: Server, method: str, path: str, answer: tuple[int, str]) -> None:
    assert _error(server.call(method, path)) == answer


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/sales_orders?ref_num1=nope", "orders"),
        ("/return_authorizations?ref_num2=nope", "return_authorizations"),
        ("/inventory_journals?aux_ref_num=nope", "inventory_journals"),
        ("/credit_memos?ord_num=nope", "credit_memos"),
        ("/batches?batch_ref=nope", "batches"),
        ("/documents?since=2999-01-01T00:00:00Z", "documents"),
    ],
)
def test_a_look_up_that_finds_nothing_answers_with_an_empty_list(server: Server, path: str, name: str) -> None:
    answer = server.call("GET", path)
    assert (answer.status_code, answer.json()[name]) == (200, [])


def test_items_are_looked_up_and_listed(server: Server) -> None:
    found = server.call("POST", "/items/lookup", {"division": "010", "skus": ["0003", "nope"], "upcs": ["0840001"]})
    assert [(item["sku"], item["active_ok"]) for item in found.json()["items"]] == [("0003", "N"), ("0001", "Y")]
    assert set(found.json()["items"][0]) == {
        *("sku", "upc", "division", "style", "color_code", "lbl_code", "dimension", "size_bucket", "size_name"),
        "active_ok",
    }
    too_many = {"division": "010", "skus": ["x"] * 150, "upcs": ["y"] * 51}
    assert _error(server.call("POST", "/items/lookup", too_many)) == (400, "BAD_REQUEST")
    listed = server.call("GET", "/items?division=010").json()
    assert (len(listed["items"]), listed["next"]) == (4, None)


def test_the_feed_is_paged_by_its_cursor(server: Server) -> None:
    for _ in range(3):
        server.call("POST", "/return_authorizations", ra())
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = server.call("GET", f"/documents?limit=2{cursor and '&cursor=' + cursor}").json()
        seen += [row["number"] for row in answer["documents"]]
        cursor = answer["next"]
    assert len(seen) == len(set(seen)) == 5
    last = server.call("GET", "/documents").json()["documents"][-1]
    again = server.call("GET", f"/documents?since={last['posted_at']}").json()["documents"]
    assert again == [last]


def test_a_batch_is_taken_in_and_worked_off(server: Server) -> None:
    _faults(server, batch_seconds=0.1)
    documents = [{"type": "credit_memo", "body": memo()}, {"type": "credit_memo", "body": memo(total_amt="1.00")}]
    taken = server.call("POST", "/batches", {"batch_ref": "b1", "documents": documents})
    assert (taken.status_code, set(taken.json())) == (202, {"batch_num"})
    batch_num = taken.json()["batch_num"]
    assert server.call("GET", f"/batches/{batch_num}").json()["batch_ref"] == "b1"

    def done() -> dict[str, object] | None:
        batch: dict[str, object] = server.call("GET", f"/batches/{batch_num}").json()
        return batch if batch["status"] == "done" else None

    batch = wait_until(done, what="the batch is done")
    assert batch is not None
    assert isinstance(batch["results"], list)
    assert sorted(result["status"] for result in batch["results"]) == ["posted", "rejected"]
    assert server.call("GET", "/batches?batch_ref=b1").json()["batches"] == [batch]


def test_a_look_up_lags(server: Server) -> None:
    _faults(server, lookup_lag_seconds=0.5)
    server.call("POST", "/credit_memos", memo())

    def found() -> bool:
        return bool(server.call("GET", "/credit_memos?aux_ref_num=CM-r1-1").json()["credit_memos"])

    assert not found()
    wait_until(found, what="the memo is found")


@pytest.mark.parametrize(("kind", "made"), [("cut_before", 0), ("cut_after", 20)])
def test_a_connection_is_cut_before_or_after_the_document_was_made(server: Server, kind: str, made: int) -> None:
    transfer = [
        journal_line(qty=qty, rec_type="SA", location=location, ra_line_seq=None)
        for qty, location in ((-1, "MAD01"), (1, "MADQ"))
    ]
    _faults(server, rate={kind: 1}, seed=1)
    for _ in range(20):
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            server.call("POST", "/inventory_journals", journal(None, *transfer))
    assert len(server.call("GET", "/_sandbox/books").json()["inventory_journals"]) == made


def test_a_document_that_was_made_behind_a_cut_can_be_looked_up(server: Server) -> None:
    _faults(server, rate={"cut_after": 1})
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        server.call("POST", "/credit_memos", memo())
    _faults(server)
    assert len(server.call("GET", "/credit_memos?aux_ref_num=CM-r1-1").json()["credit_memos"]) == 1


def test_faults_answer_as_gateway_and_erp_do(server: Server) -> None:
    _faults(server, rate={"502": 1})
    gateway = server.call("GET", "/periods")
    assert (gateway.status_code, gateway.headers["Content-Type"]) == (502, "text/html")
    _faults(server, rate={"unreadable": 1})
    with pytest.raises(requests.JSONDecodeError):
        server.call("GET", "/periods").json()
    _faults(server, outage_seconds=30)
    outage = server.call("GET", "/periods")
    assert _error(outage) == (503, "PROCESSING")
    assert "Retry-After" in outage.headers
    made = server.call("GET", "/_sandbox/faults").json()
    assert (made["plan"]["outage_seconds"], made["made"]) == (30, {"outage": 1})


def test_latency_holds_up_the_answer_and_not_the_others(server: Server) -> None:
    _faults(server, base_latency_ms=200)
    assert server.call("GET", "/periods").elapsed.total_seconds() >= 0.2
    assert server.call("GET", "/_sandbox/faults").elapsed.total_seconds() < 0.2


def test_the_books_tell_everything(server: Server) -> None:
    server.call("POST", "/_sandbox/seed", {"credit_memos": [memo(aux_ref_num=None, ref_num2=None)]})
    server.call("POST", "/credit_memos", memo(total_amt="1.00"))
    books = server.call("GET", "/_sandbox/books").json()
    assert [each["aux_ref_num"] for each in books["credit_memos"]] == [None]
    assert books["calls"]["POST /credit_memos"] >= 1
    refusal = books["refusals"][-1]
    assert (refusal["call"], refusal["code"], refusal["aux_ref_num"]) == (
        "POST /credit_memos",
        "TOTAL_MISMATCH",
        "CM-r1-1",
    )
    assert {order["ord_num"] for order in books["sales_orders"]} == {"000100", "000200"}
    assert {"division", "sku", "location", "lot", "qoh", "ots", "movements"} == set(books["stock"][0])


def test_ends_cleanly_and_remembers(tmp_path: Path) -> None:
    data = str(tmp_path / "books.jsonl")
    with bluecherry("--data", data) as first:
        first.call("POST", "/_sandbox/seed", seed())
        first.call("POST", "/credit_memos", memo())
        before = first.call("GET", "/_sandbox/books").json()
        assert first.end() == (0, "", "")
    with bluecherry("--data", data) as second:
        after = second.call("GET", "/_sandbox/books").json()
    for name in ("credit_memos", "sales_orders", "stock"):
        assert after[name] == before[name]


def test_inactive_items_come_back_where_it_is_told_so() -> None:
    body = ra(ra_line(ord_line_seq=3, sku="0003"))
    with bluecherry("--inactive-returnable") as server:
        server.call("POST", "/_sandbox/seed", seed())
        assert server.call("POST", "/return_authorizations", body).status_code == 201
