from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.db.codec import dump
from app.db.tables.history import History
from app.domain.documents import AmountLine, Amounts, State
from app.domain.money import Money
from app.domain.policy import Kind
from app.services.views.return_view import NoSuchReturn, get_return, list_returns
from tests.support.rows import NOON, a_return, exception_row, ledger_row, receipt_row, return_row, saved

pytestmark = pytest.mark.usefixtures("books")


def _eur(text: str) -> Money:
    return Money.of(text, "EUR")


def test_a_return_is_shown_with_all_that_belongs_to_it() -> None:
    pk = saved(return_row())
    saved(receipt_row(pk))
    amounts = Amounts(
        (AmountLine(1, _eur("39.50"), _eur("0"), _eur("8.30")),), _eur("0"), _eur("0"), _eur("0"), _eur("47.80")
    )
    memo: dict[str, Any] = {
        "state": State.POSTED,
        "number": "CM-77",
        "posted_at": NOON,
        "currency": "EUR",
        "total": Decimal("47.8"),
    }
    saved(ledger_row(pk, state=State.POSTED, number="RA-77", posted_at=NOON))
    saved(ledger_row(pk, Kind.CREDIT_MEMO, amounts=dump(amounts), **memo))
    saved(exception_row(return_pk=pk, return_id="r1"))
    saved(History(return_pk=pk, what="return known", detail={"status": "in_progress"}))
    other = saved(return_row("r2"))
    saved(ledger_row(other, return_id="r2"))
    saved(History(return_pk=other, what="of another"))

    found = get_return("es", "r1")

    assert found.known.items == a_return().items
    assert [receipt.id for receipt in found.receipts] == ["w1"]
    assert [document.entry.number for document in found.documents] == ["RA-77", "CM-77"]
    assert (found.documents[0].total, found.documents[1].total) == (None, _eur("47.80"))
    assert found.documents[1].entry.amounts == amounts
    assert [each.code for each in found.exceptions] == ["unknown_sku"]
    assert [(each.what, each.detail) for each in found.timeline] == [("return known", {"status": "in_progress"})]


def test_a_return_is_shown_without_personal_data() -> None:
    saved(return_row())

    known = get_return("es", "r1").known

    assert (known.personal.name, known.personal.email, known.personal.ship_to) == (None, None, None)


@pytest.mark.parametrize(("store", "return_id"), [("es", "r2"), ("uk", "r1")])
def test_a_return_that_nobody_knows_is_said(store: str, return_id: str) -> None:
    saved(return_row())

    with pytest.raises(NoSuchReturn, match=f"{return_id} of store {store}"):
        get_return(store, return_id)


def test_returns_come_newest_first_by_store_and_state_and_in_pages() -> None:
    for name, store, state in [
        ("a", "es", "waiting"),
        ("b", "es", "done"),
        ("c", "uk", "waiting"),
        ("d", "es", "waiting"),
    ]:
        saved(return_row(name, store=store, state=state))

    first = list_returns(limit=3)
    rest = list_returns(before=first.next, limit=3)

    assert [line.id for line in first.rows] == ["d", "c", "b"]
    assert ([line.id for line in rest.rows], rest.next) == (["a"], None)
    assert [line.id for line in list_returns(store="es", state="waiting").rows] == ["d", "a"]
