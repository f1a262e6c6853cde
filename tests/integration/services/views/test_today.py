from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.config import Config
from app.db.engine import transaction
from app.db.tables.ledger import BatchRow, WindowRow
from app.db.tables.upkeep import CircuitRow
from app.domain.documents import State
from app.domain.policy import Kind
from app.services.ledger.window_holds import hold
from app.services.views.today import Today, today
from tests.support.configuration import load, smallest
from tests.support.rows import NOON, ledger_row, return_row, saved

pytestmark = pytest.mark.usefixtures("books")
HOUR = timedelta(hours=1)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return load(smallest(), tmp_path)


def seen(config: Config) -> Today:
    return today(config, NOON, ())


def test_what_waits_is_told_window_by_window(config: Config) -> None:
    for name in ("r1", "r2"):
        memo = ledger_row(saved(return_row(name)), Kind.CREDIT_MEMO, return_id=name, post_at=NOON + HOUR, units=3)
        saved(memo)
    saved(ledger_row(saved(return_row("r3")), Kind.CREDIT_MEMO, return_id="r3", post_at=NOON + HOUR, shadow=True))
    saved(ledger_row(saved(return_row("r4")), return_id="r4"))

    (waiting,) = seen(config).waiting
    assert (waiting.store, waiting.kind, waiting.opens_at) == ("es", "credit_memo", NOON + HOUR)
    assert (waiting.documents, waiting.units) == (2, 6)


def test_a_window_that_is_held_still_waits_after_its_time(config: Config) -> None:
    saved(ledger_row(saved(return_row("r1")), Kind.CREDIT_MEMO, return_id="r1", post_at=NOON - HOUR, units=3))
    hold("es", Kind.CREDIT_MEMO, "the auditors are here", "ana")

    (waiting,) = seen(config).waiting
    assert (waiting.kind, waiting.documents, waiting.held) == ("credit_memo", 1, True)


def test_the_last_window_tells_what_it_posted(config: Config) -> None:
    for opens_at in (NOON - 26 * HOUR, NOON - 2 * HOUR):
        window = saved(WindowRow(store="es", kind=Kind.CREDIT_MEMO, opens_at=opens_at))
    done = saved(_batch(window, "done"))
    queued = saved(_batch(window, "queued"))
    for name, state, batch in (
        ("r1", State.POSTED, done),
        ("r2", State.POSTED, done),
        ("r3", State.REFUSED, done),
        ("r4", State.SENDING, queued),
    ):
        document = ledger_row(
            saved(return_row(name)),
            Kind.CREDIT_MEMO,
            return_id=name,
            state=state,
            batch_id=batch,
            total=Decimal("10.50"),
            currency="EUR",
        )
        saved(document)

    (last,) = seen(config).last_windows
    assert (last.opened_at, last.posted, last.units, last.failed, last.open) == (NOON - 2 * HOUR, 2, 4, 1, 1)
    assert str(last.money["EUR"]) == "21.00"


def test_a_system_that_is_away_is_told(config: Config) -> None:
    with transaction() as session:
        session.add(CircuitRow(name="main", since=NOON, open_until=NOON + HOUR, why="no answer"))

    systems = {(each.name, each.store): each.there for each in seen(config).systems}
    assert systems == {("main", None): False, ("Reveni", "es"): True}


def test_an_empty_database_is_a_quiet_day(config: Config) -> None:
    found = seen(config)
    assert (found.figures, found.waiting, found.last_windows) == (None, (), ())


def _batch(window: int, state: str) -> BatchRow:
    return BatchRow(window_id=window, connection="main", batch_ref=f"B-{window}-{state}", state=state, documents=3)
