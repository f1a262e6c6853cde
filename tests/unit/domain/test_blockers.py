"""Exceptions: each code has a team and a way out, and what is the same stays the same."""

from __future__ import annotations

import pytest

from app.domain.blockers import REMEDIES, Blocker, Code, Team
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
