from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.config import Config
from app.db.codec import dump
from app.db.engine import transaction
from app.db.tables.exceptions import ExceptionRow
from app.db.tables.history import History
from app.db.tables.ledger import LedgerRow
from app.db.tables.mapping import MappingRow
from app.db.tables.returns import ReturnRow
from app.domain.blockers import Code
from app.domain.documents import AmountLine, Amounts, State
from app.domain.money import Money
from app.domain.policy import Kind
from app.services.exceptions.approvals import decide
from app.services.exceptions.remedies import NotPossible
from app.web.settings import WebSettings
from tests.integration.web.conftest import TOKEN
from tests.support.http_server import closed_port
from tests.support.rows import NOON, exception_row, ledger_row, receipt_row, return_row, saved
from tests.support.web import json_of

OPENED = "2026-11-20T12:00:00+00:00"
READS = [
    "exceptions",
    "exceptions/causes",
    "exceptions/1",
    "returns",
    "returns/es/r1",
    "documents",
    "documents/RA-r1",
    "settled",
    "stats",
    "windows",
    "batches",
    "mappings",
    "mappings/0123456789ab",
    "books/received-not-credited",
    "books/credited-not-received",
]
WRITES = ["exceptions/retry", "exceptions/resolve", "exceptions/map-sku", "windows"]


@pytest.fixture
def api(client: FlaskClient) -> FlaskClient:
    """The client with a token."""
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {TOKEN}"
    return client


def get(api: FlaskClient, call: str, **query: Any) -> Any:
    answer = api.get(f"/api/{call}", query_string=query)
    assert answer.status_code == 200, answer.text
    return json_of(answer)


def post(api: FlaskClient, call: str, body: object) -> Any:
    answer = api.post(f"/api/{call}", json=body)
    assert answer.status_code == 200, answer.text
    return json_of(answer)


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x"]
)
def test_without_a_token_nothing_is_read_or_done(client: FlaskClient, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}

    answers = [client.get(f"/api/{call}", headers=headers) for call in READS]
    answers += [client.post(f"/api/{call}", headers=headers, json={}) for call in WRITES]

    assert {answer.status_code for answer in answers} == {401}
    assert {json_of(answer)["error"]["code"] for answer in answers} == {"UNAUTHORIZED"}
    assert answers[0].headers["WWW-Authenticate"] == "Bearer"


def test_without_tokens_the_api_is_shut_and_says_why(config: Config, client: FlaskClient) -> None:
    shut = create_app(config, WebSettings()).test_client()

    answer = shut.get("/api/settled", headers={"Authorization": "Bearer "})

    assert answer.status_code == 401
    assert "BRIDGE_API_TOKENS" in json_of(answer)["error"]["message"]


def test_an_exception_is_answered_as_the_contract_says(api: FlaskClient) -> None:
    pk = saved(return_row())
    number = saved(exception_row(return_pk=pk, return_id="r1", receipt_id="w1", opened_at=NOON, amount=Decimal("47.8")))

    answer = get(api, "exceptions", open="true", cursor="")

    expected = {
        "id": number,
        "code": "unknown_sku",
        "team": "merchandising",
        "store": "es",
        "return_id": "r1",
        "return_ids": ["r1"],
        "receipt_id": "w1",
        "units": 2,
        "amount": "47.80",
        "currency": "EUR",
        "message": "es:0012 stands in the way",
        "opened_at": OPENED,
        "closed_at": None,
    }
    assert expected.items() <= answer["exceptions"][0].items()
    assert answer["next"] is None


def test_exceptions_come_in_pages_and_as_they_are_wanted(api: FlaskClient) -> None:
    for number in range(5):
        saved(exception_row(cause=f"c{number}", closed_at=NOON if number == 2 else None))

    first = get(api, "exceptions", open="true", limit=3)
    rest = get(api, "exceptions", open="true", limit=3, cursor=first["next"])
    closed = get(api, "exceptions", open="false")

    assert [each["cause"] for each in first["exceptions"] + rest["exceptions"]] == ["c0", "c1", "c3", "c4"]
    assert rest["next"] is None
    assert [each["cause"] for each in closed["exceptions"]] == ["c2"]
    assert len(get(api, "exceptions")["exceptions"]) == 5


def test_causes_group_what_is_open(api: FlaskClient) -> None:
    saved(exception_row(return_pk=saved(return_row("r1"))))
    saved(exception_row(return_pk=saved(return_row("r2"))))
    saved(exception_row(Code.OVER_RECEIPT, cause="w1", amount=None, currency=None))

    groups = get(api, "exceptions/causes")["groups"]

    assert [(group["code"], group["count"], group["amounts"]) for group in groups] == [
        ("unknown_sku", 2, {"EUR": "95.60"}),
        ("over_receipt", 1, {}),
    ]
    assert [group["team"] for group in get(api, "exceptions/causes", team="logistics")["groups"]] == ["logistics"]


def test_one_exception_has_its_way_out(api: FlaskClient) -> None:
    number = saved(exception_row())

    assert "map-sku" in get(api, f"exceptions/{number}")["way_out"]
    assert api.get("/api/exceptions/77").status_code == 404


@pytest.mark.parametrize(
    ("call", "field"),
    [
        ("exceptions?cursor=x", "cursor"),
        ("exceptions?limit=0", "limit"),
        ("exceptions?open=perhaps", "open"),
        ("exceptions?team=nobody", "team"),
        ("exceptions?opne=true", "opne"),
        ("exceptions?open=yes", "open"),
        ("exceptions?cursor=9223372036854775808", "cursor"),
        ("exceptions?cursor=1_0", "cursor"),
        ("exceptions?store=%00", "store"),
        ("returns?document=a%00", "document"),
        ("documents?since=2026-11-20", "since"),
        ("documents?since=1795176000", "since"),
        ("books/received-not-credited?at=20261120", "at"),
        ("stats?days=0", "days"),
    ],
)
def test_a_query_that_does_not_fit_names_its_field(api: FlaskClient, call: str, field: str) -> None:
    answer = api.get(f"/api/{call}")

    assert (answer.status_code, json_of(answer)["error"]["field"]) == (422, field)


@pytest.mark.parametrize(
    ("call", "body", "field"),
    [
        ("exceptions/retry", {}, "ids"),
        ("exceptions/retry", {"ids": []}, "ids"),
        ("exceptions/retry", {"ids": ["1"]}, "ids.0"),
        ("exceptions/retry", {"code": "unknown_sku"}, "ids"),
        ("exceptions/retry", {"ids": [1], "code": "unknown_sku", "cause": "c"}, "ids"),
        ("exceptions/map-sku", {"store": "es", "sku": "a"}, "target"),
        ("windows", {"store": "es", "kind": "verdict"}, "kind"),
        ("exceptions/retry", {"ids": [2**63]}, "ids.0"),
        ("exceptions/retry", {"ids": [True]}, "ids.0"),
        ("exceptions/resolve", {"ids": [1], "release": "yes"}, "release"),
        ("exceptions/resolve", {"ids": [1], "note": "a\0b"}, "note"),
        ("exceptions/retry", {"code": "unknown_sku", "cause": "\ud800"}, "cause"),
        ("exceptions/map-sku", {"store": "es", "sku": "a\0", "target": "b"}, "sku"),
        ("windows", [], None),
    ],
)
def test_a_body_that_does_not_fit_names_its_field(api: FlaskClient, call: str, body: object, field: str | None) -> None:
    answer = api.post(f"/api/{call}", json=body)

    assert (answer.status_code, json_of(answer)["error"]["code"]) == (422, "INVALID")
    assert json_of(answer)["error"]["field"] == field


@pytest.mark.parametrize(
    "call",
    ["exceptions/9223372036854775808", "returns/es/%00", "documents/a%00b", "mappings/%00", "returns/%00/r1"],
)
def test_what_can_be_the_name_of_nothing_is_404(api: FlaskClient, call: str) -> None:
    assert api.get(f"/api/{call}").status_code == 404


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00", "2026-11-20t12:00:00z"])
def test_documents_since_any_moment_there_is(api: FlaskClient, moment: str) -> None:
    assert api.get(f"/api/documents?since={moment}").status_code == 200


def test_a_window_of_a_store_that_is_not_there_is_404(api: FlaskClient) -> None:
    answer = api.post("/api/windows", json={"store": "fr", "kind": "credit_memo"})

    assert (answer.status_code, json_of(answer)["error"]["field"]) == (404, "store")


def test_what_a_document_does_not_have_is_null(api: FlaskClient) -> None:
    saved(ledger_row(saved(return_row())))

    (listed,) = get(api, "documents")["documents"]
    assert (listed["document"]["total"], listed["document"]["currency"]) == (None, None)


def test_a_body_that_is_no_json_is_400(api: FlaskClient) -> None:
    assert api.post("/api/exceptions/retry", data=b"{").status_code == 400


def _pending() -> set[str]:
    with transaction() as session:
        return {row.id for row in session.query(ReturnRow).filter(ReturnRow.pending)}


def _held_up(*return_ids: str, **changes: Any) -> list[int]:
    return [saved(exception_row(return_pk=saved(return_row(each)), return_id=each, **changes)) for each in return_ids]


def test_retry_sets_going_what_is_named(api: FlaskClient) -> None:
    first, _ = _held_up("r1", "r2")

    assert post(api, "exceptions/retry", {"ids": [first]}) == {"count": 1}
    assert _pending() == {"r1"}


def test_a_whole_number_may_be_written_with_a_point(api: FlaskClient) -> None:
    (first,) = _held_up("r1")

    answer = api.post("/api/exceptions/retry", data=b'{"ids": [%d.0]}' % first)

    assert (answer.status_code, json_of(answer)) == (200, {"count": 1})
    for ids in (b"[1.5]", b"[1e999999]", b"[-0.5]", b"[1e-999999]"):
        assert api.post("/api/exceptions/retry", data=b'{"ids": %s}' % ids).status_code == 422


def test_retry_sets_going_a_whole_cause(api: FlaskClient) -> None:
    _held_up("r1", "r2")
    _held_up("r3", cause="another")

    assert post(api, "exceptions/retry", {"code": "unknown_sku", "cause": "es:0012", "by": "ana"}) == {"count": 2}
    assert _pending() == {"r1", "r2"}
    with transaction() as session:
        assert {row.detail["by"] for row in session.query(History)} == {"ana (token environment)"}


def test_resolve_ends_an_exception_and_keeps_who_and_why(api: FlaskClient) -> None:
    (number,) = _held_up("r1", amount=Decimal(0))
    ended = post(api, "exceptions/resolve", {"ids": [number], "by": "ana", "note": "counted again"})

    assert ended == {"count": 1, "approval": None}
    assert get(api, "exceptions", open="true")["exceptions"] == []
    assert get(api, f"exceptions/{number}")["closed_by"] == "resolved by ana (token environment)"


def test_what_changes_money_waits_for_a_second_person_who_is_not_the_first(api: FlaskClient) -> None:
    (number,) = _held_up("r1")
    unsaid = api.post("/api/exceptions/resolve", json={"ids": [number], "by": "ana"})
    asked = post(api, "exceptions/resolve", {"ids": [number], "by": "ana", "note": "a gift"})

    assert (unsaid.status_code, asked["count"]) == (409, 0)
    assert get(api, f"exceptions/{number}")["closed_at"] is None
    with pytest.raises(NotPossible, match="somebody else"):
        decide(asked["approval"], True, "ana")
    decide(asked["approval"], True, "eva")
    assert get(api, f"exceptions/{number}")["closed_by"] == "resolved by ana (token environment), approved by eva"


def test_what_is_not_possible_is_409_with_the_reason(api: FlaskClient) -> None:
    (number,) = _held_up("r1")

    release = api.post("/api/exceptions/resolve", json={"ids": [number], "release": True, "note": "lost"})
    itself = api.post("/api/exceptions/map-sku", json={"store": "es", "sku": "a", "target": "a"})

    assert (release.status_code, itself.status_code) == (409, 409)
    assert "not_received" in json_of(release)["error"]["message"]
    assert get(api, "exceptions", open="true")["exceptions"] != []


def test_map_sku_sets_going_the_returns_that_it_held_up(api: FlaskClient) -> None:
    _held_up("r1", "r2")

    assert post(api, "exceptions/map-sku", {"store": "es", "sku": "0012-BLU-M", "target": "0012-A"}) == {"count": 2}
    assert _pending() == {"r1", "r2"}


@pytest.mark.usefixtures("configured")
def test_a_window_is_posted_out_of_turn(api: FlaskClient) -> None:
    pk = saved(return_row())
    later = NOON.replace(year=2099)
    saved(ledger_row(pk, Kind.CREDIT_MEMO, post_at=later))
    saved(ledger_row(pk, Kind.INVENTORY_JOURNAL, post_at=later))

    assert post(api, "windows", {"store": "es", "kind": "credit_memo"}) == {"count": 1}
    with transaction() as session:
        waiting = {row.kind for row in session.query(LedgerRow).filter(LedgerRow.post_at == later)}
    assert waiting == {"inventory_journal"}


def test_settled_is_answered_as_the_contract_says(api: FlaskClient) -> None:
    saved(return_row())

    assert get(api, "settled") == {
        "settled": True,
        "inbox": 0,
        "due": 0,
        "sending": 0,
        "doubtful": 0,
        "in_window": 0,
        "waiting": 1,
        "open_exceptions": 0,
    }


def test_a_return_is_answered_whole_and_without_personal_data(api: FlaskClient) -> None:
    pk = saved(return_row())
    zero, net, tax, total = (Money.of(text, "EUR") for text in ("0", "39.50", "8.30", "47.80"))
    amounts = Amounts((AmountLine(1, net, zero, tax),), zero, zero, zero, total)
    saved(receipt_row(pk))
    saved(ledger_row(pk, state=State.POSTED, number="RA-77", posted_at=NOON))
    saved(ledger_row(pk, Kind.CREDIT_MEMO, amounts=dump(amounts), currency="EUR", total=Decimal("47.8"), post_at=NOON))
    saved(exception_row(return_pk=pk, return_id="r1"))
    saved(History(return_pk=pk, what="return known", detail={"status": "in_progress"}))

    answer = api.get("/api/returns/es/r1")
    found = json_of(answer)

    assert (found["store"], found["id"], found["state"], found["status"]) == ("es", "r1", "waiting", "in_progress")
    assert found["lines"] == [
        {
            "item_id": "i1",
            "sku": "0012-BLU-M",
            "quantity": 2,
            "price": "23.90",
            "status": "pending",
            "reason": "too_small",
            "reject_reason": None,
            "exchange": None,
        }
    ]
    assert found["receipts"][0]["lines"] == [
        {"sku": "0012-BLU-M", "upc": None, "quantity": 2, "grade": "A", "from_grade": None}
    ]
    authorisation, memo = found["documents"]
    assert (authorisation["kind"], authorisation["status"], authorisation["number"], authorisation["amounts"]) == (
        "return_authorisation",
        "posted",
        "RA-77",
        None,
    )
    assert (memo["key"], memo["status"], memo["total"], memo["currency"], memo["post_at"]) == (
        "CM-r1-1",
        "due",
        "47.80",
        "EUR",
        OPENED,
    )
    assert memo["amounts"]["lines"] == [{"seq": 1, "net": "39.50", "disc": "0.00", "tax": "8.30"}]
    assert [each["code"] for each in found["exceptions"]] == ["unknown_sku"]
    assert [(each["what"], each["detail"]) for each in found["timeline"]] == [
        ("return known", {"status": "in_progress"})
    ]
    assert not any(word in answer.text for word in ("Jane", "jane", "Mayor"))


def test_a_return_in_shadow_says_so(api: FlaskClient) -> None:
    pk = saved(return_row("s1", shadow=True))
    saved(ledger_row(pk, return_id="s1", state=State.POSTED, number="SHADOW-RA-s1", shadow=True))
    saved(ledger_row(saved(return_row("l1")), return_id="l1"))

    def flags(return_id: str) -> tuple[bool, list[bool]]:
        found = json_of(api.get(f"/api/returns/es/{return_id}"))
        return found["shadow"], [each["shadow"] for each in found["documents"]]

    assert (flags("s1"), flags("l1")) == ((True, [True]), (False, [False]))
    listed = json_of(api.get("/api/returns"))["returns"]
    assert [(each["id"], each["shadow"]) for each in listed] == [("l1", False), ("s1", True)]


def test_a_return_that_nobody_knows_is_404(api: FlaskClient) -> None:
    answer = api.get("/api/returns/es/r9")

    assert (answer.status_code, json_of(answer)["error"]["code"]) == (404, "NOT_FOUND")


def test_returns_windows_and_figures_are_listed(api: FlaskClient) -> None:
    saved(return_row("r1"))
    saved(return_row("r2", state="done"))

    assert [each["id"] for each in get(api, "returns", state="done")["returns"]] == ["r2"]
    assert get(api, "returns", limit=1)["next"] is not None
    assert get(api, "windows") == {"windows": [], "next": None}
    assert get(api, "batches") == {"batches": [], "next": None}
    assert get(api, "stats")["returns"] == [
        {"name": "es", "state": "done", "count": 1},
        {"name": "es", "state": "waiting", "count": 1},
    ]


def test_a_database_that_is_away_is_503(api: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql+psycopg://127.0.0.1:{closed_port()}/nowhere")

    answer = api.get("/api/settled")

    assert (answer.status_code, json_of(answer)["error"]["code"]) == (503, "UNAVAILABLE")


def test_mappings_are_told_by_version(api: FlaskClient, config: Config) -> None:
    saved_mapping = MappingRow(store="es", version="0123456789ab", content={"judge": "reveni"}, first_used_at=NOON)
    with transaction() as session:
        session.add(saved_mapping)
    version = config.stores["uk"].rules.version

    listed = get(api, "mappings")["mappings"]
    assert [(each["store"], each["version"], each["in_force"]) for each in listed] == [
        ("es", config.stores["es"].rules.version, True),
        ("es", "0123456789ab", False),
        ("uk", version, True),
    ]
    assert listed[0]["first_used_at"] is None
    assert [each["store"] for each in get(api, "mappings", store="uk")["mappings"]] == ["uk"]
    (old,) = get(api, "mappings/0123456789ab")["mappings"]
    assert (old["content"], old["first_used_at"]) == ({"judge": "reveni"}, OPENED)
    # The two stores have the same tables.
    both = get(api, f"mappings/{version}")["mappings"]
    assert [each["store"] for each in both] == ["es", "uk"]
    assert both[0]["content"]["reasons"] == {"too_small": "SZ"}
    assert api.get("/api/mappings/nothing").status_code == 404


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def test_the_description_is_open_and_names_every_call_and_schema(client: FlaskClient) -> None:
    described = json_of(client.get("/api/openapi.json"))

    calls = {path.removeprefix("/api/") for path in described["paths"]}
    assert {"exceptions", "settled", "returns/{store}/{return_id}", "exceptions/retry", "windows"} <= calls
    assert {rule.rule for rule in client.application.url_map.iter_rules("api.openapi")} == {"/api/openapi.json"}
    for reference in _references(described):
        assert reference.removeprefix("#/components/schemas/") in described["components"]["schemas"]
    for operations in described["paths"].values():
        for operation in operations.values():
            assert operation["summary"].endswith(".")
    assert described["security"] == [{"token": []}]


def test_every_call_of_a_program_is_described(client: FlaskClient) -> None:
    described = json_of(client.get("/api/openapi.json"))["paths"]
    served = {
        (rule.rule.replace("<int:", "{").replace("<path:", "{").replace("<", "{").replace(">", "}"), method.lower())
        for rule in client.application.url_map.iter_rules()
        if rule.endpoint.split(".")[0] in {"api", "webhooks", "health", "metrics"}
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }

    assert served == {(path, method) for path, operations in described.items() for method in operations}


def test_exceptions_are_left_alone_by_what_only_reads(api: FlaskClient) -> None:
    saved(exception_row())
    for call in READS:
        api.get(f"/api/{call}")

    with transaction() as session:
        assert session.query(ExceptionRow).filter(ExceptionRow.closed_at.is_(None)).count() == 1


def test_health_tells_what_is_wrong_in_words(api: FlaskClient) -> None:
    answer = get(api, "health")

    assert answer["healthy"] is False
    assert "No task came through any queue" in answer["findings"][0]["what"]
    assert answer["lags"]["inbox"] == {"count": 0, "seconds": 0.0}


def test_metrics_are_prometheus_text_behind_the_token(client: FlaskClient) -> None:
    assert client.get("/metrics").status_code == 401
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})

    assert answer.content_type.startswith("text/plain")
    assert 'bridge_lag_count{what="inbox"} 0.0' in answer.text
    assert 'bridge_work{what="open_exceptions"} 0.0' in answer.text
