from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from click.testing import Result

from app.db.engine import transaction
from app.db.tables.exceptions import DecisionRow, ExceptionRow
from app.db.tables.returns import ReturnRow
from app.domain.blockers import Code
from app.services.exceptions.approvals import decide, list_approvals
from tests.support.http_server import closed_port
from tests.support.rows import NOON, exception_row, return_row, saved

Bridge = Callable[..., Result]


def _held_up(*return_ids: str, code: Code = Code.UNKNOWN_SKU, cause: str = "es:0012", **changes: Any) -> list[int]:
    return [
        saved(
            exception_row(
                code, cause, return_pk=saved(return_row(each)), return_id=each, message=f"{cause} [red]", **changes
            )
        )
        for each in return_ids
    ]


def _pending() -> set[str]:
    with transaction() as session:
        return {row.id for row in session.query(ReturnRow).filter(ReturnRow.pending)}


def _open() -> set[int]:
    with transaction() as session:
        return {row.id for row in session.query(ExceptionRow).filter(ExceptionRow.closed_at.is_(None))}


def test_the_list_groups_by_cause_and_says_the_way_out(bridge: Bridge) -> None:
    first, _ = _held_up("r1", "r2")
    _held_up("r3", code=Code.EXCHANGE_FAILED, cause="EX-r3")

    shown = bridge("exceptions", "list").output

    assert "3 exceptions, 2 things to mend" in shown
    for text in (f" {first} ", "unknown_sku", "merchandising", "2 ×", "4 units", "95.60 EUR", "map-sku", "URGENT"):
        assert text in shown
    assert "es:0012 [red]" in shown


def test_the_list_as_json_is_what_the_api_answers(bridge: Bridge) -> None:
    _held_up("r1", "r2")

    (group,) = json.loads(bridge("exceptions", "list", "--json").output)["groups"]

    assert (group["code"], group["count"], group["amounts"]) == ("unknown_sku", 2, {"EUR": "95.60"})


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ([], 2),
        (["--all"], 3),
        (["--team", "merchandising"], 1),
        (["--code", "over_receipt"], 1),
        (["--store", "uk"], 0),
    ],
)
def test_the_list_can_be_narrowed(bridge: Bridge, words: list[str], count: int) -> None:
    _held_up("r1")
    _held_up("r2", code=Code.OVER_RECEIPT, cause="w1")
    saved(exception_row(cause="closed", closed_at=NOON))

    assert len(json.loads(bridge("exceptions", "list", "--json", *words).output)["groups"]) == count


def test_an_empty_list_is_said(bridge: Bridge) -> None:
    assert bridge("exceptions", "list").output == "No open exceptions.\n"


def test_show_names_all_of_one(bridge: Bridge) -> None:
    (number,) = _held_up("r1")

    shown = bridge("exceptions", "show", number)

    assert "unknown_sku" in shown.output
    assert "47.80" in shown.output
    assert json.loads(bridge("exceptions", "show", number, "--json").output)["return_ids"] == ["r1"]


@pytest.mark.parametrize("words", [["show", 77], ["retry", 77], ["resolve", 77]])
def test_an_unknown_number_is_said(bridge: Bridge, words: list[object]) -> None:
    answer = bridge("exceptions", *words)

    assert answer.exit_code == 1
    assert "no exception 77" in answer.output


def test_retry_sets_going_the_one_or_its_whole_cause(bridge: Bridge) -> None:
    first, _ = _held_up("r1", "r2")
    _held_up("r3", cause="another")

    assert bridge("exceptions", "retry", first).output.startswith("1 set going")
    assert _pending() == {"r1"}
    assert bridge("exceptions", "retry", first, "--cause").output.startswith("2 set going")
    assert _pending() == {"r1", "r2"}


def test_resolve_keeps_who_and_why(bridge: Bridge) -> None:
    first, second = _held_up("r1", "r2", amount=Decimal(0))

    assert bridge("exceptions", "resolve", first, "--note", "counted again", "--by", "ana").exit_code == 0

    assert _open() == {second}
    with transaction() as session:
        assert [(row.by, row.note, row.action) for row in session.query(DecisionRow)] == [
            ("ana", "counted again", "resolved")
        ]


def test_release_is_for_goods_that_never_came(bridge: Bridge) -> None:
    (unknown,) = _held_up("r1")
    (missing,) = _held_up("r2", code=Code.NOT_RECEIVED, cause="i1")

    refused = bridge("exceptions", "resolve", unknown, "--release", "--note", "lost")

    assert refused.exit_code == 1
    assert "not_received" in refused.output
    asked = bridge("exceptions", "resolve", missing, "--release", "--note", "the carrier lost it", "--by", "ana")
    assert asked.exit_code == 0
    assert "second person" in asked.output
    assert _open() == {unknown, missing}
    (waiting,) = list_approvals(open_only=True).rows
    decide(waiting.id, True, "eva")
    assert _open() == {unknown}


def test_what_ends_money_needs_a_reason_and_a_second_person(bridge: Bridge) -> None:
    (number,) = _held_up("r1")

    assert "Say why" in bridge("exceptions", "resolve", number).output
    assert "approval" in bridge("exceptions", "resolve", number, "--note", "a gift", "--by", "ana").output
    assert _open() == {number}


def test_map_sku_sets_going_what_the_sku_held_up(bridge: Bridge) -> None:
    _held_up("r1", "r2")

    assert "2 returns set going" in bridge("exceptions", "map-sku", "es", "0012-BLU-M", "0012-A").output
    assert bridge("exceptions", "map-sku", "es", "a", "a").exit_code == 1


def test_a_database_that_is_away_is_one_line(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql+psycopg://127.0.0.1:{closed_port()}/nowhere")

    answer = bridge("exceptions", "list")

    assert answer.exit_code == 1
    assert answer.output == "Error: The database does not answer: start the system, or correct DATABASE_URL.\n"
