from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from click.testing import Result

from app.db.codec import dump
from app.db.tables.history import History
from app.db.tables.returns import InboxEvent
from app.domain.documents import AmountLine, Amounts, State
from app.domain.money import Money
from app.domain.policy import Kind
from tests.support.rows import NOON, exception_row, ledger_row, receipt_row, return_row, saved

Bridge = Callable[..., Result]


def _memo() -> dict[str, Any]:
    none = Money.zero("EUR")
    amounts = Amounts(
        (AmountLine(1, Money.of("39.50", "EUR"), none, Money.of("8.30", "EUR")),),
        none,
        none,
        none,
        Money.of("47.80", "EUR"),
    )
    return {"amounts": dump(amounts), "total": amounts.total.amount, "currency": "EUR", "after": ["IJ-r1-1"]}


def test_a_document_is_shown_by_its_number_with_what_led_to_it(bridge: Bridge) -> None:
    pk = saved(return_row())
    saved(InboxEvent(channel="reveni", name="es", external_id="evt-5", body="{}", return_pk=pk, received_at=NOON))
    saved(receipt_row(pk))
    saved(ledger_row(pk, Kind.INVENTORY_JOURNAL, source="madrid/w1"))
    saved(ledger_row(pk, Kind.CREDIT_MEMO, state=State.POSTED, number="900077", posted_at=NOON, **_memo()))
    saved(exception_row(return_pk=pk, closed_at=NOON, closed_by="ann"))
    saved(History(return_pk=pk, what="to be tried again", key="CM-r1-1", detail={"why": "429"}))

    shown = bridge("documents", "show", "900077")

    assert shown.exit_code == 0, shown.output
    assert shown.output.startswith("CM-r1-1: credit_memo 900077, posted\nReturn es/r1 (waiting), order SO-1\n")
    for text in ("39.50", "8.30", "47.80 EUR", "evt-5", "w1", "ann", "to be tried again", "why 429", "mapping m1"):
        assert text in shown.output
    assert "Jane" not in shown.output
    answer = json.loads(bridge("documents", "show", "CM-r1-1", "--json").output)
    assert answer["documents"][0]["lines"][0]["net"] == "39.50"


def test_a_document_that_nobody_made_is_said(bridge: Bridge) -> None:
    answer = bridge("documents", "show", "42")

    assert answer.exit_code == 1
    assert "no document 42: `bridge documents list`" in answer.output


def test_documents_are_listed_in_pages(bridge: Bridge) -> None:
    assert bridge("documents", "list").output == "No documents.\n"
    for name in ("r1", "r2", "r3"):
        saved(ledger_row(saved(return_row(name)), return_id=name))

    first = json.loads(bridge("documents", "list", "--limit", 2, "--json").output)
    rest = bridge("documents", "list", "--limit", 2, "--cursor", first["next"]).output

    assert [each["document"]["key"] for each in first["documents"]] == ["RA-r3", "RA-r2"]
    assert "RA-r1" in rest
    assert "RA-r2" not in rest
    assert "More: --cursor" in bridge("documents", "list", "--limit", 1, "--kind", "return_authorisation").output
