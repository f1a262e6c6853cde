from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.blockers import Blocker, Code, Side
from app.domain.dossier import Decision
from app.domain.money import Money
from app.domain.saying import say

_TEN = Money.of("10.00", "EUR")
_DIFFERS = Blocker(Code.REFUND_MISMATCH, "r1", say("Refunded too much."), amount=_TEN, side=Side.OVER)
_ENDED = Decision("refund_mismatch", "r1", "", "resolved", amount=_TEN, side=Side.OVER)


def test_a_persons_word_holds_for_what_they_saw_and_for_less() -> None:
    assert _ENDED.ends(_DIFFERS)
    assert _ENDED.ends(replace(_DIFFERS, amount=Money.of("0.01", "EUR")))
    assert not _ENDED.ends(replace(_DIFFERS, amount=Money.of("10.01", "EUR")))
    assert not _ENDED.ends(replace(_DIFFERS, side=Side.UNDER))
    assert not _ENDED.ends(replace(_DIFFERS, amount=Money.of("10.00", "GBP")))


def test_a_word_on_nothing_does_not_hold_for_something() -> None:
    nothing = replace(_ENDED, amount=Money.zero("EUR"))

    assert nothing.ends(replace(_DIFFERS, amount=Money.zero("EUR")))
    assert not nothing.ends(replace(_DIFFERS, amount=Money.of("0.01", "EUR")))


def test_a_word_on_a_sum_that_nobody_knew_holds_for_any() -> None:
    assert replace(_ENDED, amount=None, side=None).ends(_DIFFERS)
    assert _ENDED.ends(replace(_DIFFERS, amount=None, side=None))


@pytest.mark.parametrize(
    "other",
    [
        replace(_ENDED, cause="r2"),
        replace(_ENDED, code="not_received"),
        replace(_ENDED, receipt_id="w1"),
        replace(_ENDED, action="order"),
    ],
    ids=("cause", "code", "receipt", "action"),
)
def test_a_word_on_something_else_ends_nothing(other: Decision) -> None:
    assert not other.ends(_DIFFERS)
