"""The script against BlueCherry's rules: what it expects can be posted, and a recount of just that finds nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Literal, TypeVar

import pytest

from app.demo.books import Books, Document, ExceptionRow, VerdictRow
from app.demo.config import BLUECHERRY_CODE, BLUECHERRY_KEY
from app.demo.findings import PARTS
from app.demo.recount import recount
from app.demo.sandboxes import Sandboxes
from app.demo.script import Script, write_script
from tests.integration.demo.clerk import Clerk
from tests.integration.demo.conftest import Parts

D = TypeVar("D", bound=Document)
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def books_of(parts: Parts, script: Script, *, skip: str = "") -> tuple[Books, list[str]]:
    """The books after a clerk entered what the script expects."""
    sandboxes = Sandboxes(parts.bluecherry, parts.reveni)
    sandboxes.reset_bluecherry()
    sandboxes.seed_bluecherry(script.world.seed())
    key, code = parts.secrets[BLUECHERRY_KEY], parts.secrets[BLUECHERRY_CODE]
    clerk = Clerk(script, parts.bluecherry, key, code, skip=skip)
    clerk.enter_all()
    return sandboxes.books(), clerk.refusals


def verdicts_of(script: Script) -> list[VerdictRow]:
    return [
        {
            "return_id": outcome.return_id,
            "status": 200,
            "body": {"items": [{"item_id": item, "quantity": units, "status": status}]},
        }
        for outcome in script.outcomes.values()
        for (item, status), units in outcome.verdicts.items()
    ]


def exceptions_of(script: Script) -> list[ExceptionRow]:
    rows: list[ExceptionRow] = []
    for outcome in script.outcomes.values():
        rows += [
            ExceptionRow(
                id=0,
                code=code,
                store=outcome.store,
                return_id=outcome.return_id,
                return_ids=[outcome.return_id],
                receipt_id=None,
                units=outcome.held[code],
            )
            for code in outcome.exceptions
        ]
    rows += [
        ExceptionRow(
            id=0,
            code=incident.code,
            store=incident.store,
            return_id=None,
            return_ids=[],
            receipt_id=incident.receipt_id,
            units=incident.units,
        )
        for incident in script.incidents
    ]
    return rows


@pytest.mark.parametrize(("returns", "seed"), [(200, 7), (300, 1), (300, 2)])
def test_bluecherry_refuses_none_of_the_expected_documents(parts: Parts, returns: int, seed: int) -> None:
    script = write_script(returns, seed, NOW)
    books, refusals = books_of(parts, script)
    assert refusals == []
    check = recount(script, books, verdicts_of(script), exceptions_of(script))
    assert check.findings == []


@pytest.mark.parametrize("kind", ["RA", "IJ", "CM", "EX"])
def test_a_forgotten_document_is_missing(parts: Parts, kind: str) -> None:
    script = write_script(30, 4, NOW)
    key = some_key(books_of(parts, script)[0], kind)
    books, _ = books_of(parts, script, skip=key)
    check = recount(script, books, verdicts_of(script), exceptions_of(script))
    assert check.count("missing") >= 1


@pytest.mark.parametrize("kind", ["IJ", "CM", "EX", "RA"])
def test_a_document_made_twice_is_doubled(parts: Parts, kind: str) -> None:
    script = write_script(60, 4, NOW)
    books, _ = books_of(parts, script)
    copy_document(books, some_key(books, kind))
    check = recount(script, books, verdicts_of(script), exceptions_of(script))
    assert check.count("doubled") >= 1
    assert check.count("missing") == 0


def test_a_cent_too_much_is_wrong(parts: Parts) -> None:
    script = write_script(30, 4, NOW)
    books, _ = books_of(parts, script)
    line = next(memo for memo in books["credit_memos"] if memo["aux_ref_num"])["lines"][0]
    line["net_amt"] = re.sub(r"\d$", lambda digit: str((int(digit[0]) + 1) % 10), line["net_amt"])
    check = recount(script, books, verdicts_of(script), exceptions_of(script))
    assert any("net is" in finding.why for finding in check.findings)


def test_units_at_another_place_are_wrong(parts: Parts) -> None:
    script = write_script(30, 4, NOW)
    books, _ = books_of(parts, script)
    books["inventory_journals"][0]["lines"][0]["location"] = "NOWHERE"
    check = recount(script, books, verdicts_of(script), exceptions_of(script))
    assert check.count("wrong") >= 2


def test_an_exception_that_is_not_open_is_missing_and_a_stranger_is_wrong(parts: Parts) -> None:
    script = write_script(120, 4, NOW)
    books, _ = books_of(parts, script)
    first, *others = exceptions_of(script)
    stranger = ExceptionRow(
        id=0, code="books_differ", store="es", return_id=None, return_ids=[], receipt_id=None, units=None
    )
    check = recount(script, books, verdicts_of(script), [*others, stranger])
    assert [(finding.what, finding.document) for finding in check.findings] == [
        ("missing", "exception"),
        ("wrong", "exception"),
    ]
    assert first["code"] in check.findings[0].why


def some_key(books: Books, kind: str) -> str:
    keys = [
        *(ra["aux_ref_num"] for ra in books["return_authorisations"]),
        *(journal["aux_ref_num"] for journal in books["inventory_journals"]),
        *(memo["aux_ref_num"] for memo in books["credit_memos"]),
        *(order["aux_ref_num"] for order in books["sales_orders"]),
    ]
    return [key for key in keys if key and key.startswith(kind)][-1]


def copy_document(books: Books, key: str) -> None:
    _copy(books["return_authorisations"], key)
    _copy(books["inventory_journals"], key)
    _copy(books["credit_memos"], key)
    _copy(books["sales_orders"], key)


def _copy(shelf: list[D], key: str) -> None:
    shelf += [document for document in shelf if document["aux_ref_num"] == key]


def test_the_sums_of_the_books_are_those_of_the_script(parts: Parts) -> None:
    script = write_script(200, 7, NOW)
    books, _ = books_of(parts, script)

    sums = recount(script, books, verdicts_of(script), exceptions_of(script)).sums

    assert sums is not None
    assert set(sums.credited) == {"EUR", "GBP"}
    for both in sums.credited.values():
        assert {part: both.found[part] for part in PARTS} == {part: both.due[part] for part in PARTS}
        assert both.due["net"] > both.due["tax"] > 0
    assert sums.on_hand[0] == sums.on_hand[1] == sum(row["qoh"] for row in books["stock"])
    assert sums.open_to_sell[0] == sums.open_to_sell[1] < sums.on_hand[1]
    assert sums.places >= len({(r["division"], r["sku"], r["location"], r["lot"]) for r in books["stock"]})


@pytest.mark.parametrize("figure", ["qoh", "ots"])
def test_a_unit_too_few_at_one_place_is_wrong(parts: Parts, figure: Literal["qoh", "ots"]) -> None:
    script = write_script(30, 4, NOW)
    books, _ = books_of(parts, script)
    row = books["stock"][3]
    row[figure] -= 1

    check = recount(script, books, verdicts_of(script), exceptions_of(script))

    (finding,) = check.findings
    assert (finding.document, finding.what) == ("stock", "wrong")
    assert row["sku"] in finding.why


@pytest.mark.parametrize(("field", "part"), [("freight_amt", "freight"), ("fee_amt", "fees")])
def test_a_sum_that_is_not_the_scripts_is_wrong(parts: Parts, field: str, part: str) -> None:
    script = write_script(30, 4, NOW)
    books, _ = books_of(parts, script)
    memo = next(memo for memo in books["credit_memos"] if memo["aux_ref_num"])
    memo[field] = "1234.56"  # type: ignore[literal-required]

    check = recount(script, books, verdicts_of(script), exceptions_of(script))

    assert any(f"sum of ('{memo['currency']}', '{part}')" in finding.why for finding in check.findings)
