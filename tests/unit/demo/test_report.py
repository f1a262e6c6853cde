"""The result of a day: counts, percentiles, and tables that name what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from app.demo.books import Books, ExceptionRow, JournalRow
from app.demo.bridge import Settled
from app.demo.expect import Outcome
from app.demo.findings import Check
from app.demo.report import Report, latencies, percentile, without_end
from app.demo.table import show

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def report_of(check: Check, unsettled: str = "") -> Report:
    return Report(
        returns=3,
        seed=7,
        seconds=1.26,
        states={"done": 3},
        documents={"credit_memo": 2},
        exceptions={"unknown_sku": 1},
        faults={},
        latencies=[0.5, 1.5],
        check=check,
        unsettled=unsettled,
        stalled=[],
    )


@pytest.mark.parametrize(
    ("values", "percent", "value"),
    [([], 50, None), ([3.0], 95, 3.0), ([1.0, 2.0, 3.0, 4.0], 50, 2.0), ([4.0, 1.0], 95, 4.0)],
)
def test_percentiles(values: Sequence[float], percent: int, value: float | None) -> None:
    assert percentile(values, percent) == value


def test_the_file_has_the_counts_and_each_finding() -> None:
    check = Check()
    check.number("credit_memo", "r1", 0, 1, 1)
    check.number("credit_memo", "r2", 2, 1, 1)
    check.number("credit_memo", "r3", 1, 0, 0)
    told = report_of(check).as_json()
    assert (told["missing"], told["doubled"], told["wrong"], told["seconds"]) == (1, 1, 1, 1.3)
    assert told["documents"] == {"credit_memo": 2}
    assert told["exceptions"] == {"unknown_sku": 1}
    assert len(check.findings) == 3


def test_right_books_of_a_bridge_that_is_not_done_are_not_good() -> None:
    assert report_of(Check()).good
    assert not report_of(Check(), unsettled="2 due").good


def test_the_tables_say_what_is_wrong() -> None:
    check = Check()
    check.add("wrong", "credit_memo", "order 1", "net is 5, must be 6")
    check.add("missing", "exception", "r1", "unknown_sku is not open")
    console = Console(record=True, width=120, quiet=False, file=None)
    with console.capture() as captured:
        show(report_of(check, unsettled="2 due"), console)
    text = captured.get()
    assert "1 missing, 0 doubled, 1 wrong" in text
    assert "net is 5, must be 6" in text
    assert "unknown_sku is not open" in text
    assert "2 due" in text


def test_latency_is_from_the_answer_to_the_journal_and_early_receipts_do_not_count() -> None:
    usual = Outcome("r1", "es", "refund", receipts=["a", "b"])
    early = Outcome("r2", "es", "early_receipt", receipts=["c"])
    books = Books(
        return_authorisations=[],
        inventory_journals=[journal("IJ-r1-1", 2), journal("IJ-r2-1", 9)],
        credit_memos=[],
        sales_orders=[],
        stock=[],
    )
    assert latencies([usual, early], books, {"a": NOON, "b": NOON, "c": NOON}) == [2.0]


@pytest.mark.parametrize(
    ("state", "named", "found"),
    [
        ("settled", False, []),
        ("waiting", False, []),
        ("ignored", False, []),
        ("held", True, []),
        ("held", False, ["r1"]),
        ("working", False, ["r1"]),
        ("unknown", False, ["r1"]),
    ],
)
def test_a_return_without_an_end_is_one_that_nobody_moves(state: str, named: bool, found: list[str]) -> None:
    row = ExceptionRow(
        id=1,
        code="unknown_sku",
        store="es",
        return_id=None,
        return_ids=["r1"] if named else [],
        receipt_id=None,
        units=1,
    )
    assert without_end({"r1": state}, [row]) == found


def journal(key: str, seconds: int) -> JournalRow:
    posted_at = (NOON + timedelta(seconds=seconds)).isoformat()
    return JournalRow(ord_num="1", ref_num2="r", aux_ref_num=key, posted_at=posted_at, ra_num="7", lines=[])


@pytest.mark.parametrize(
    ("settled", "in_window", "done"), [(True, 0, True), (True, 2, False), (False, 0, False), (False, 1, False)]
)
def test_a_day_is_not_done_while_a_window_is_to_come(settled: bool, in_window: int, done: bool) -> None:
    assert Settled(settled, {"in_window": in_window, "due": 0}).done is done
