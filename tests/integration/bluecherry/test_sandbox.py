"""The client against the BlueCherry that runs at home: both were written from the contract alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.bluecherry.client import BlueCherryClient
from app.bluecherry.connection import Connection
from app.bluecherry.documents import (
    Batch,
    CreditMemo,
    ExchangeLine,
    ExchangeOrder,
    InventoryJournal,
    JournalLine,
    MemoLine,
    RaLine,
    ReturnAuthorisation,
)
from app.bluecherry.gateway import BlueCherry
from app.bluecherry.profile import load_profile
from app.calls import Doubtful, Refused, TryLater, Unauthorised
from app.domain.money import Money
from app.secret import Secret
from tests.integration.sandbox.running import CODE, KEY, Server
from tests.integration.sandbox.running import bluecherry as run_bluecherry
from tests.support.waiting import wait_until
from tests.unit.sandbox.world import seed

DAY = date(2024, 5, 2)


@pytest.fixture(scope="module")
def process() -> Iterator[Server]:
    with run_bluecherry() as server:
        yield server


@pytest.fixture
def server(process: Server) -> Server:
    process.call("POST", "/_sandbox/reset")
    assert process.call("POST", "/_sandbox/seed", seed()).status_code == 200
    return process


@pytest.fixture
def bluecherry(server: Server) -> Iterator[BlueCherry]:
    profile = load_profile("default", Path())
    client = BlueCherryClient(Connection("main", server.url, Secret(KEY), Secret(CODE), profile))
    yield client
    client.close()


def euros(text: str) -> Money:
    return Money.of(text, "EUR")


RA = ReturnAuthorisation(
    "000100", "010", "000042", "MAD01", "r1", "RA-r1", "SZ", (RaLine(1, 1, "0001", 2, "SZ"),), "T-1"
)
JOURNAL = InventoryJournal("000100", "r1", "IJ-r1-1", DAY, (JournalLine("0001", "RT", "MAD01", 1, 1),))
MEMO = CreditMemo(
    "000100",
    "r1",
    "CM-r1-1",
    DAY,
    "EUR",
    (MemoLine(1, "0001", 1, Decimal(10), euros("10"), euros("1"), euros("9"), "V21", euros("1.89")),),
    euros("0"),
    euros("0"),
    euros("0"),
    euros("10.89"),
)
ZERO = euros("0")
EXCHANGE = ExchangeOrder(
    "000100",
    "5001",
    "r1",
    "EX-r1",
    "010",
    "000042",
    "ES",
    DAY,
    "EUR",
    (ExchangeLine(1, "0004", 1, Decimal(0), ZERO, ZERO, ZERO, "V21", Decimal("0.21"), ZERO),),
    ZERO,
    ZERO,
    ship_to={"city": "Madrid"},
)


def test_a_return_goes_its_way(bluecherry: BlueCherry) -> None:
    since = datetime(2024, 1, 1, tzinfo=UTC)
    ra = bluecherry.create_ra(RA)
    journal = bluecherry.create_journal(replace(JOURNAL, ra_num=ra.number))
    memo = bluecherry.create_memo(replace(MEMO, ra_num=ra.number))
    order = bluecherry.create_order(replace(EXCHANGE, ra_num=ra.number))

    found = bluecherry.ra(ra.number)
    assert found is not None
    assert (found.status, found.aux_ref_num, found.lines) == ("P", "RA-r1", ((1, 2, 1),))
    assert bluecherry.ras_by_aux("RA-r1") == bluecherry.ras_by_return("r1") == bluecherry.ras_by_order("000100")
    assert bluecherry.ras_by_aux("RA-r1") == [found]
    (posted,) = bluecherry.journals_by_aux("IJ-r1-1")
    assert (posted.journal_num, posted.ra_num, posted.lines) == (journal.number, ra.number, JOURNAL.lines)
    (credited,) = bluecherry.memos_by_aux("CM-r1-1")
    assert (credited.memo_num, credited.total, credited.lines[0].net) == (memo.number, euros("10.89"), euros("9"))
    assert bluecherry.memos_by_order("000100") == [credited]
    (exchange,) = bluecherry.orders_by_aux("EX-r1")
    assert (exchange.ord_num, exchange.ord_type, exchange.orig_ord_num) == (order.number, "E", "000100")
    assert exchange.lines[0].tax_rate == Decimal("0.21")
    assert {order.ord_num for order in bluecherry.orders_by_ref("5001")} == {"000100", order.number}
    assert bluecherry.stock("010", "0001", "MAD01").movements["RT"] == 1
    rows = {row.type: row for row in bluecherry.documents(since).rows}
    assert rows["credit_memo"].total_amt == Decimal("10.89")
    assert rows["return_authorization"].number == ra.number
    assert bluecherry.documents(since, "inventory_journal").rows == (rows["inventory_journal"],)

    bluecherry.close_ra(ra.number)
    bluecherry.close_ra(ra.number)
    bluecherry.cancel_order(order.number)


def test_pages_of_the_feed(bluecherry: BlueCherry) -> None:
    numbers = [
        bluecherry.create_ra(replace(RA, aux_ref_num=f"RA-{n}", lines=(RaLine(1, 1, "0001", 1, "SZ"),))).number
        for n in range(3)
    ]
    since = datetime.now(UTC) - timedelta(hours=1)
    first = bluecherry.documents(since, "return_authorization", None, 2)
    second = bluecherry.documents(since, "return_authorization", first.next, 2)

    assert [row.number for row in (*first.rows, *second.rows)] == numbers
    assert second.next is None


def test_items_orders_and_periods(bluecherry: BlueCherry) -> None:
    found = {item.sku: item for item in bluecherry.lookup_items("010", ["0001", "0003", "9999"], ["0840001"]).rows}
    mirrored = bluecherry.items_changed("010", None, None)
    order = bluecherry.order("000100")

    assert set(found) == {"0001", "0003"}
    assert (found["0001"].upc, found["0001"].active, found["0003"].active) == ("0840001", True, False)
    assert {item.sku for item in mirrored.rows} == {"0001", "0002", "0003", "0004"}
    assert order is not None
    assert order.lines[0].paid == euros("32.67")
    assert bluecherry.order("nobody") is None
    assert bluecherry.ra("nobody") is None
    assert bluecherry.batch("nobody") is None
    periods = bluecherry.periods().rows
    assert [(period.period, period.open) for period in periods] == [
        ("2024-04", False),
        ("2024-05", True),
    ]


def test_a_batch_posts_one_and_rejects_one(server: Server, bluecherry: BlueCherry) -> None:
    server.call("POST", "/_sandbox/faults", {"batch_seconds": 0.0})
    number = bluecherry.create_batch("W-1", [MEMO, replace(MEMO, aux_ref_num="CM-r2-1", memo_date=date(2024, 4, 2))])

    def done() -> Batch | None:
        batch = bluecherry.batch(number)
        return batch if batch and batch.done else None

    batch = wait_until(done)
    assert batch is not None
    results = {result.aux_ref_num: result for result in batch.results}
    assert results["CM-r1-1"].posted
    assert [memo.memo_num for memo in bluecherry.memos_by_aux("CM-r1-1")] == [results["CM-r1-1"].number]
    assert (results["CM-r2-1"].posted, results["CM-r2-1"].error_code) == (False, "PERIOD_CLOSED")
    assert bluecherry.batches_by_ref("W-1") == [batch]


def test_a_refusal(bluecherry: BlueCherry) -> None:
    with pytest.raises(Refused) as caught:
        bluecherry.create_ra(replace(RA, reason_code="??"))

    assert (caught.value.status, caught.value.code) == (422, "REASON_UNKNOWN")


def test_no_access(server: Server) -> None:
    profile = load_profile("default", Path())
    for key, code, status in (("wrong", CODE, 401), (KEY, "wrong", 403)):
        client = BlueCherryClient(Connection("main", server.url, Secret(key), Secret(code), profile))
        with pytest.raises(Unauthorised) as caught:
            client.periods()
        assert caught.value.status == status
        client.close()


@pytest.mark.parametrize("fault", ["500", "502", "504", "unreadable", "cut_before", "cut_after"])
def test_faults_that_leave_doubt(server: Server, bluecherry: BlueCherry, fault: str) -> None:
    server.call("POST", "/_sandbox/faults", {"rate": {fault: 1.0}, "only": ["POST /return_authorizations"]})
    with pytest.raises(Doubtful):
        bluecherry.create_ra(RA)


@pytest.mark.parametrize(("fault", "made"), [("cut_before", 0), ("cut_after", 1)])
def test_a_look_up_settles_a_doubt(server: Server, bluecherry: BlueCherry, fault: str, made: int) -> None:
    plan = {"rate": {fault: 1.0}, "only": ["POST /return_authorizations"], "lookup_lag_seconds": 0.0}
    server.call("POST", "/_sandbox/faults", plan)
    with pytest.raises(Doubtful):
        bluecherry.create_ra(RA)

    assert len(bluecherry.ras_by_aux("RA-r1")) == made


@pytest.mark.parametrize(("fault", "kind"), [("423", "locked"), ("429", "throttled"), ("503", "processing")])
def test_faults_after_which_nothing_was_made(server: Server, bluecherry: BlueCherry, fault: str, kind: str) -> None:
    server.call("POST", "/_sandbox/faults", {"rate": {fault: 1.0}, "only": ["POST /return_authorizations"]})
    with pytest.raises(TryLater) as caught:
        bluecherry.create_ra(RA)

    assert caught.value.kind == kind
    assert bluecherry.ras_by_aux("RA-r1") == []
