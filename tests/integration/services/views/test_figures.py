from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.domain.documents import State
from app.domain.policy import Kind
from app.services.views.figures import Times, last_figures, refresh_figures
from tests.support.rows import NOON, ledger_row, receipt_row, return_row, saved

pytestmark = pytest.mark.usefixtures("books")

HOUR = timedelta(hours=1)


def received(name: str, journal: float, *, site: str = "madrid", store: str = "es", **memo: Any) -> int:
    """A return whose goods came an hour before noon; its journal was posted so many seconds later."""
    pk = saved(return_row(name, store=store, state="settled"))
    receipt = receipt_row(pk, f"w-{name}", taken_at=NOON - HOUR)
    receipt.site = site
    saved(receipt)
    saved(
        ledger_row(
            pk,
            Kind.INVENTORY_JOURNAL,
            return_id=name,
            store=store,
            state=State.POSTED,
            source=f"{site}/w-{name}",
            posted_at=NOON - HOUR + timedelta(seconds=journal),
        )
    )
    if memo:
        saved(ledger_row(pk, Kind.CREDIT_MEMO, return_id=name, store=store, state=State.POSTED, **memo))
    return pk


def test_there_are_none_before_they_were_counted() -> None:
    assert last_figures() is None


def test_returns_are_counted_by_store_and_state() -> None:
    for name, state in (("r1", "waiting"), ("r2", "waiting"), ("r3", "held")):
        saved(return_row(name, state=state))
    saved(return_row("r4", store="uk", state="settled"))

    refresh_figures(NOON)

    found = last_figures()
    assert found is not None
    assert (found[0].states, found[1]) == ({"es": {"waiting": 2, "held": 1}, "uk": {"settled": 1}}, NOON)


def test_times_are_told_by_store_and_by_hour_and_site() -> None:
    for number in range(1, 11):
        received(f"r{number}", number)
    received("late", 100, site="london", store="uk")

    refresh_figures(NOON)

    found = last_figures()
    assert found is not None
    figures = found[0]
    assert figures.journal == {"es": Times(10, 5.5, 9.55), "uk": Times(1, 100, 100)}
    hours = {(each.site, each.hour): each.times.number for each in figures.journal_hours}
    assert hours == {("madrid", NOON - HOUR): 10, ("london", NOON - HOUR): 1}


def test_a_memo_is_counted_from_the_last_receipt_before_it() -> None:
    pk = received("r1", 5, posted_at=NOON)
    saved(receipt_row(pk, "second", n=2, taken_at=NOON - timedelta(minutes=10)))
    saved(receipt_row(pk, "after", n=3, taken_at=NOON + timedelta(minutes=10)))

    refresh_figures(NOON + HOUR)

    found = last_figures()
    assert found is not None
    assert found[0].credit == {"es": Times(1, 600, 600)}


def test_what_is_old_or_in_shadow_is_left_out() -> None:
    received("r1", 5, posted_at=NOON, shadow=True)
    refresh_figures(NOON + timedelta(hours=30))
    found = last_figures()
    assert found is not None
    assert (found[0].journal, len(found[0].journal_hours), found[0].credit) == ({}, 1, {})

    refresh_figures(NOON + timedelta(hours=60))
    found = last_figures()
    assert found is not None
    assert found[0].journal_hours == ()


def test_of_two_that_counted_at_once_the_later_one_holds() -> None:
    refresh_figures(NOON)
    saved(return_row("r1"))
    refresh_figures(NOON - timedelta(seconds=1))
    found = last_figures()
    assert found is not None
    assert (found[0].states, found[1]) == ({}, NOON)
