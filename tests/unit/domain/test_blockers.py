"""Exceptions: each code has a team and a way out, and what is the same stays the same."""

from __future__ import annotations

import pytest

from app.domain.blockers import REMEDIES, Blocker, Code, Team, merged
from app.domain.money import Money
from app.domain.saying import say

URGENT = {Code.EXCHANGE_FAILED}


@pytest.mark.parametrize("code", list(Code))
def test_each_code_has_a_team_and_a_way_out_that_ends_as_a_sentence(code: Code) -> None:
    remedy = REMEDIES[code]

    assert isinstance(remedy.team, Team)
    assert remedy.way_out.endswith(".")
    assert remedy.urgent == (code in URGENT)


def test_the_codes_of_the_contract_are_spelled_as_there() -> None:
    contract = """unknown_sku inactive_sku sku_not_on_order unknown_order order_ambiguous over_return unmapped_site
        unmapped_reason unmapped_grade unknown_status over_receipt foreign_goods receipt_without_return not_received
        refunded_rejected order_not_invoiced already_credited return_changed verdict_conflict refund_mismatch
        period_closed exchange_failed exchange_shipped exchange_chain refused tries_used_up unreadable_event task_lost
        books_differ"""

    assert set(contract.split()) <= {code.value for code in Code}


def test_a_blocker_is_the_same_by_code_cause_and_receipt_whatever_it_says() -> None:
    first = Blocker(Code.OVER_RECEIPT, "madrid:X", say("one too many"), 1, receipt_id="g1")
    again = Blocker(Code.OVER_RECEIPT, "madrid:X", say("two too many"), 2, receipt_id="g1")

    assert first.identity == again.identity
    assert first.team is Team.LOGISTICS
    assert first.identity != Blocker(Code.OVER_RECEIPT, "madrid:X", say("one too many"), 1, receipt_id="g2").identity


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [("1.10", "2.20", "3.30"), ("0", "2.20", "2.20"), ("0", "0", "0.00"), ("1.10", None, None), (None, None, None)],
)
def test_the_money_of_one_cause_adds_up_as_far_as_all_of_it_is_known(
    first: str | None, second: str | None, together: str | None
) -> None:
    parts = [
        Blocker(Code.VERDICT_CONFLICT, "r1", say("x"), 1, None if amount is None else Money.of(amount, "EUR"))
        for amount in (first, second)
    ]

    for order in (parts, parts[::-1]):
        (whole,) = merged(order)
        assert (whole.units, None if whole.amount is None else str(whole.amount)) == (2, together)
