from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.bluecherry.bodies import body_of
from app.bluecherry.client import BlueCherryClient
from app.bluecherry.connection import Connection
from app.bluecherry.documents import Created, OutgoingDocument
from app.bluecherry.gateway import BlueCherry
from app.bluecherry.profile import Profile, load_profile
from app.calls import Doubtful, Refused, TryLater
from app.secret import Secret
from tests.support.bluecherry_documents import a_journal, a_memo, an_exchange_order, an_ra
from tests.support.http_server import Answer, Call, HttpServer, http_server

DEFAULT = load_profile("default", Path())
SINCE = datetime(2026, 3, 1, 10, tzinfo=UTC)
ITEM = {"sku": "00123", "upc": None, "division": "010", "active_ok": "Y"}
ORDER = {
    "ord_num": "000501",
    "division": "010",
    "customer": "WEB",
    "store": "ES",
    "ord_type": "S",
    "ord_status": "I",
    "currency": "EUR",
    "lines": [],
}
RA = {"ra_num": "RA7", "ra_status": "A", "aux_ref_num": "RA-r1", "ref_num2": "r1", "lines": []}
JOURNAL = {"journal_num": "J1", "ord_num": "000501", "aux_ref_num": "IJ-r1-1", "lines": []}
MEMO = {"memo_num": "CM1", "currency": "EUR", "lines": [], "total_amt": "0.00"}
BATCH = {"batch_num": "B1", "batch_ref": "W 1", "status": "done", "results": []}


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with http_server() as server:
        yield server


def client_of(server: HttpServer, profile: Profile = DEFAULT) -> BlueCherryClient:
    return BlueCherryClient(
        Connection(
            "main", server.url + "/EXAMPL", Secret("the-key"), Secret("the code"), profile, 4, timedelta(seconds=5)
        )
    )


@pytest.fixture
def gateway(server: HttpServer) -> Iterator[BlueCherry]:
    client = client_of(server)
    yield client
    client.close()


Use = Callable[[BlueCherry], object]


@pytest.mark.parametrize(
    ("use", "method", "path", "query", "answer"),
    [
        (lambda bc: bc.items_changed("010", SINCE, "c2"), "GET", "/items",
         {"division": "010", "changed_since": "2026-03-01T10:00:00Z", "cursor": "c2"}, {"items": [], "next": None}),
        (lambda bc: bc.items_changed("010", None, None), "GET", "/items", {"division": "010"}, {"items": []}),
        (lambda bc: bc.order("000501"), "GET", "/sales_orders/000501", {}, ORDER),
        (lambda bc: bc.orders_by_ref("#5001"), "GET", "/sales_orders", {"ref_num1": "#5001"}, {"orders": [ORDER]}),
        (lambda bc: bc.orders_by_aux("EX-r1"), "GET", "/sales_orders", {"aux_ref_num": "EX-r1"}, {"orders": []}),
        (lambda bc: bc.cancel_order("000501"), "POST", "/sales_orders/000501/cancel", {}, {}),
        (lambda bc: bc.ra("RA7"), "GET", "/return_authorizations/RA7", {}, RA),
        (lambda bc: bc.ras_by_aux("RA-r1"), "GET", "/return_authorizations", {"aux_ref_num": "RA-r1"},
         {"return_authorizations": [RA]}),
        (lambda bc: bc.ras_by_return("r1"), "GET", "/return_authorizations", {"ref_num2": "r1"},
         {"return_authorizations": [RA]}),
        (lambda bc: bc.ras_by_order("000501"), "GET", "/return_authorizations", {"ord_num": "000501"},
         {"return_authorizations": [RA]}),
        (lambda bc: bc.cancel_ra("RA7"), "POST", "/return_authorizations/RA7/cancel", {}, {}),
        (lambda bc: bc.close_ra("RA7"), "POST", "/return_authorizations/RA7/close", {}, {}),
        (lambda bc: bc.journals_by_aux("IJ-r1-1"), "GET", "/inventory_journals", {"aux_ref_num": "IJ-r1-1"},
         {"inventory_journals": [JOURNAL]}),
        (lambda bc: bc.memos_by_aux("CM-r1-1"), "GET", "/credit_memos", {"aux_ref_num": "CM-r1-1"},
         {"credit_memos": [MEMO]}),
        (lambda bc: bc.memos_by_order("000501"), "GET", "/credit_memos", {"ord_num": "000501"},
         {"credit_memos": [MEMO]}),
        (lambda bc: bc.batch("B1"), "GET", "/batches/B1", {}, BATCH),
        (lambda bc: bc.batches_by_ref("W 1"), "GET", "/batches", {"batch_ref": "W 1"}, {"batches": [BATCH]}),
        (lambda bc: bc.stock("010", "00123", "MAD01"), "GET", "/stock",
         {"division": "010", "sku": "00123", "location": "MAD01"}, {"qoh": 1, "ots": 1, "movements": {}}),
        (lambda bc: bc.documents(SINCE), "GET", "/documents", {"since": "2026-03-01T10:00:00Z", "limit": "500"},
         {"documents": [], "next": None}),
        (lambda bc: bc.documents(SINCE, "credit_memo", "c2", 7), "GET", "/documents",
         {"since": "2026-03-01T10:00:00Z", "type": "credit_memo", "cursor": "c2", "limit": "7"}, {"documents": []}),
        (lambda bc: bc.periods(), "GET", "/periods", {}, {"periods": []}),
    ],
)  # fmt: skip
def test_each_call_is_the_contracts(
    server: HttpServer,
    gateway: BlueCherry,
    use: Use,
    method: str,
    path: str,
    query: dict[str, str],
    answer: dict[str, object],
) -> None:
    server.always(answer)
    use(gateway)

    assert (server.last.method, server.last.path) == (method, "/EXAMPL" + path)
    assert server.last.query == query | {"code": "the code"}
    assert server.last.headers["Ocp-Apim-Subscription-Key"] == "the-key"
    assert server.last.body is None


CREATE: list[tuple[Use, str, dict[str, object], Created, dict[str, object]]] = [
    (
        lambda bc: bc.create_order(an_exchange_order()),
        "/sales_orders",
        {"ord_num": "000900", "ord_status": "O"},
        Created("000900", "O"),
        body_of(an_exchange_order()),
    ),
    (
        lambda bc: bc.create_ra(an_ra()),
        "/return_authorizations",
        {"ra_num": "RA7", "ra_status": "A"},
        Created("RA7", "A"),
        body_of(an_ra()),
    ),
    (
        lambda bc: bc.create_journal(a_journal()),
        "/inventory_journals",
        {"journal_num": "J1"},
        Created("J1"),
        body_of(a_journal()),
    ),
    (
        lambda bc: bc.create_memo(a_memo()),
        "/credit_memos",
        {"memo_num": "CM1", "alloc_status": "allocated"},
        Created("CM1", "allocated"),
        body_of(a_memo()),
    ),
]


@pytest.mark.parametrize(("use", "path", "answer", "created", "body"), CREATE)
def test_each_document_is_made(
    server: HttpServer,
    gateway: BlueCherry,
    use: Use,
    path: str,
    answer: dict[str, object],
    created: Created,
    body: dict[str, object],
) -> None:
    server.always(answer, 201)

    assert use(gateway) == created
    assert (server.last.method, server.last.path, server.last.body) == ("POST", "/EXAMPL" + path, body)


@pytest.mark.parametrize("use", [row[0] for row in CREATE])
@pytest.mark.parametrize("answer", [{}, [], None, "made", {"ra_num": None}, {"memo_num": ""}, {"number": "7"}, b""])
def test_a_document_without_its_number_is_doubtful(
    server: HttpServer, gateway: BlueCherry, use: Use, answer: object
) -> None:
    server.always(answer, 201)
    with pytest.raises(Doubtful):
        use(gateway)


def test_an_item_look_up_is_asked_in_parts(server: HttpServer, gateway: BlueCherry) -> None:
    def reply(call: Call) -> Answer:
        return Answer({"items": [{**ITEM, "sku": sku} for sku in call.body["skus"] if sku != "s7"]})

    server.reply = reply
    skus = [f"s{n}" for n in range(250)]
    items = gateway.lookup_items("010", [*skus, "s1"], ["u1", "u2"])

    assert [item.sku for item in items.rows] == [sku for sku in skus if sku != "s7"]
    assert [(len(call.body["skus"]), len(call.body["upcs"])) for call in server.calls] == [(200, 0), (50, 2)]
    assert {call.body["division"] for call in server.calls} == {"010"}


def test_nothing_to_look_up_asks_nobody(server: HttpServer, gateway: BlueCherry) -> None:
    assert gateway.lookup_items("010", []).rows == ()
    assert server.calls == []


def test_a_batch(server: HttpServer, gateway: BlueCherry) -> None:
    server.always({"batch_num": "B1"}, 202)

    assert gateway.create_batch("W-es-1", [a_memo(), an_ra()]) == "B1"
    assert server.last.path == "/EXAMPL/batches"
    assert server.last.body == {
        "batch_ref": "W-es-1",
        "documents": [
            {"type": "credit_memo", "body": body_of(a_memo())},
            {"type": "return_authorization", "body": body_of(an_ra())},
        ],
    }


def test_a_batch_is_not_larger_than_the_installation_takes(server: HttpServer) -> None:
    gateway = client_of(server, replace(DEFAULT, batch_size=1))
    too_few_and_too_many: list[list[OutgoingDocument]] = [[], [an_ra(), a_memo()]]
    for documents in too_few_and_too_many:
        with pytest.raises(ValueError, match="1 to 1 documents"):
            gateway.create_batch("W", documents)

    assert server.calls == []


@pytest.mark.parametrize(
    ("use", "code"),
    [
        (lambda bc: bc.order("1"), "ORDER_NOT_FOUND"),
        (lambda bc: bc.ra("1"), "RA_NOT_FOUND"),
        (lambda bc: bc.batch("1"), "NOT_FOUND"),
    ],
)
def test_what_is_not_there_is_none(server: HttpServer, gateway: BlueCherry, use: Use, code: str) -> None:
    server.always({"error": {"code": code, "message": "", "field": None}}, 404)

    assert use(gateway) is None


def test_a_path_that_is_not_there_is_refused(server: HttpServer, gateway: BlueCherry) -> None:
    server.always(b"<html>no such page</html>", 404)
    with pytest.raises(Refused):
        gateway.order("1")


def test_a_refusal_has_code_message_and_field(server: HttpServer, gateway: BlueCherry) -> None:
    server.always({"error": {"code": "PERIOD_CLOSED", "message": "2026-02 is closed", "field": "memo_date"}}, 422)
    with pytest.raises(Refused) as caught:
        gateway.create_memo(a_memo())

    assert (caught.value.status, caught.value.code, caught.value.message, caught.value.field) == (
        422,
        "PERIOD_CLOSED",
        "2026-02 is closed",
        "memo_date",
    )


def test_the_batch_run_of_the_night(server: HttpServer, gateway: BlueCherry) -> None:
    error = {"error": {"code": "PROCESSING", "message": "", "field": None}}
    server.always(error, 503, headers={"Retry-After": "120"})
    with pytest.raises(TryLater) as caught:
        gateway.create_ra(an_ra())

    assert (caught.value.kind, caught.value.retry_after) == ("processing", timedelta(minutes=2))


@pytest.mark.parametrize("answer", [{}, [], {"orders": None}, {"orders": [{"ord_num": "1"}]}, {"orders": ["x"]}])
def test_a_list_that_does_not_fit_is_doubtful(server: HttpServer, gateway: BlueCherry, answer: object) -> None:
    server.always(answer)
    with pytest.raises(Doubtful):
        gateway.orders_by_ref("5001")


def test_pages_have_a_cursor(server: HttpServer, gateway: BlueCherry) -> None:
    server.always({"items": [ITEM], "next": "c2"})
    page = gateway.items_changed("010", None, None)

    assert (len(page.rows), page.next) == (1, "c2")


def test_a_row_of_a_feed_that_does_not_fit_is_set_aside_with_what_can_be_read_of_it(
    server: HttpServer, gateway: BlueCherry
) -> None:
    good = {"type": "credit_memo", "number": "7", "posted_at": "2026-01-05T08:00:00Z", "aux_ref_num": None}
    server.always({"documents": [good, {**good, "number": "8", "qty": "Jane Doe"}, "x", good], "next": "c2"})
    page = gateway.documents(datetime(2026, 1, 1, tzinfo=UTC))

    assert ([row.number for row in page.rows], page.next) == (["7", "7"], "c2")
    eight, text = page.unreadable
    assert (eight.place, eight.code("number"), eight.code("aux_ref_num"), eight.problems) == (
        2,
        "8",
        "",
        ("qty is not a whole number",),
    )
    assert (text.place, text.code("number"), text.problems) == (3, None, ("it is not an object",))
    assert eight.state != text.state


def test_numbers_stand_quoted_in_a_path(server: HttpServer, gateway: BlueCherry) -> None:
    server.always(ORDER)
    gateway.order("A/1?x=#2")

    assert server.last.raw_path.startswith("/EXAMPL/sales_orders/A%2F1%3Fx%3D%232?")


def test_an_installation_that_spells_otherwise(server: HttpServer, tmp_path: Path) -> None:
    (tmp_path / "theirs.toml").write_text(
        """
        [auth]
        key_header = "X-Key"
        code_query = "env"
        [paths]
        return_authorizations = "/v2/ra"
        [fields.answer]
        return_authorizations = "data"
        [fields.return_authorization]
        aux_ref_num = "AuxRef"
        ra_num = "RaNo"
        lines = "details"
        "lines.sku" = "upc"
        """
    )
    gateway = client_of(server, load_profile("theirs.toml", tmp_path))

    def reply(call: Call) -> Answer:
        if call.method == "POST":
            return Answer({"RaNo": "RA7", "ra_status": "A"}, 201)
        return Answer({"data": [{"RaNo": "RA7", "ra_status": "A", "AuxRef": "RA-r1", "details": []}]})

    server.reply = reply
    created = gateway.create_ra(an_ra())
    sent: dict[str, Any] = server.last.body
    (found,) = gateway.ras_by_aux("RA-r1")

    assert created == Created("RA7", "A")
    assert (sent["AuxRef"], sent["details"][0]["upc"]) == ("RA-r1", "00123")
    assert "aux_ref_num" not in sent
    assert server.last.path == "/EXAMPL/v2/ra"
    assert server.last.query == {"AuxRef": "RA-r1", "env": "the code"}
    assert server.last.headers["X-Key"] == "the-key"
    assert (found.ra_num, found.aux_ref_num) == ("RA7", "RA-r1")


@pytest.mark.parametrize("number", ["a\0b", "\ud800", "7" * 201, True, 7.5, None, "", [], 10**50])
def test_a_number_that_is_none_leaves_a_document_in_doubt(
    server: HttpServer, gateway: BlueCherry, number: object
) -> None:
    server.always({"ra_num": number, "ra_status": "A"}, 201)
    with pytest.raises(Doubtful, match="an answer without ra_num"):
        gateway.create_ra(an_ra())


@pytest.mark.parametrize("cursor", ["\ud800", "a\0b", "x" * 5000, {"at": 1}, [], True])
def test_a_cursor_that_is_none(server: HttpServer, gateway: BlueCherry, cursor: object) -> None:
    server.always({"documents": [], "next": cursor})
    with pytest.raises(Doubtful, match="next is no cursor"):
        gateway.documents(datetime(2026, 3, 1, tzinfo=UTC))
