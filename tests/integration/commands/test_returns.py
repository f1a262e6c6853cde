from __future__ import annotations

import json
from collections.abc import Callable

from click.testing import Result

from app.db.tables.history import History
from app.domain.documents import State
from app.domain.policy import Kind
from tests.support.rows import NOON, exception_row, ledger_row, receipt_row, return_row, saved

Bridge = Callable[..., Result]


def test_a_return_is_shown_with_all_that_belongs_to_it(bridge: Bridge) -> None:
    pk = saved(return_row())
    saved(receipt_row(pk))
    saved(ledger_row(pk, state=State.POSTED, number="RA-77", posted_at=NOON))
    saved(ledger_row(pk, Kind.CREDIT_MEMO, post_at=NOON))
    saved(exception_row(return_pk=pk))
    saved(History(return_pk=pk, what="posted", key="RA-r1", detail={"number": "RA-77"}))

    shown = bridge("returns", "show", "es", "r1").output

    assert shown.startswith("es/r1: waiting (in Reveni: in_progress), refund, order #1001\n")
    for text in ("0012-BLU-M", "23.90", "w1", "RA-77", "credit_memo", "unknown_sku", "posted  RA-r1  number RA-77"):
        assert text in shown
    assert not any(word in shown for word in ("Jane", "jane", "Mayor"))
    assert json.loads(bridge("returns", "show", "es", "r1", "--json").output)["documents"][0]["number"] == "RA-77"


def test_a_return_in_shadow_is_said_to_be(bridge: Bridge) -> None:
    saved(return_row("s1", shadow=True))
    saved(return_row("l1"))

    assert "In shadow: nothing of it is posted" in bridge("returns", "show", "es", "s1").output
    assert "In shadow" not in bridge("returns", "show", "es", "l1").output


def test_a_return_that_nobody_knows_is_said(bridge: Bridge) -> None:
    answer = bridge("returns", "show", "es", "r9")

    assert answer.exit_code == 1
    assert "no return r9 of store es" in answer.output


def test_the_store_may_be_left_out_while_one_has_a_return_of_the_id(bridge: Bridge) -> None:
    saved(return_row("r1"))
    assert bridge("returns", "show", "r1").output == bridge("returns", "show", "es", "r1").output

    saved(return_row("r1", store="uk"))

    answer = bridge("returns", "show", "r1")
    assert (answer.exit_code, "is known in es, uk" in answer.output) == (2, True)
    assert bridge("returns", "show", "uk", "r1").output.startswith("uk/r1: ")
    assert "no return r9 of any store" in bridge("returns", "show", "r9").output
    assert bridge("returns", "show").exit_code == bridge("returns", "show", "a", "b", "c").exit_code == 2


def test_returns_are_listed_by_state_and_in_pages(bridge: Bridge) -> None:
    assert bridge("returns", "list").output == "No returns.\n"
    for name in ("r1", "r2", "r3"):
        saved(return_row(name))
    saved(return_row("r4", state="done"))

    first = json.loads(bridge("returns", "list", "--state", "waiting", "--limit", 2, "--json").output)
    rest = bridge("returns", "list", "--state", "waiting", "--limit", 2, "--cursor", first["next"]).output

    assert [each["id"] for each in first["returns"]] == ["r3", "r2"]
    assert "r1" in rest
    assert "r4" not in rest
    assert "More: --cursor" in bridge("returns", "list", "--limit", 2).output
