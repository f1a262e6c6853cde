"""What is left of alerts that are over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.config import Alerts
from app.db.engine import transaction
from app.db.tables.exceptions import AlertMessage, AlertRow
from app.services.alerts.delivery import tell
from app.services.alerts.pruning import prune
from tests.support.rows import exception_row, saved

pytestmark = pytest.mark.usefixtures("books")

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=31)
LATELY = NOW - timedelta(days=29)


def alert(cause: str, closed_at: datetime | None = None) -> int:
    row = {"code": "unknown_sku", "team": "merchandising", "urgent": False, "untold": 0}
    return saved(AlertRow(cause=cause, closed_at=closed_at, opened_at=LONG_AGO, told_at=LONG_AGO, **row))


def message(key: str, *alerts: int, sent: datetime | None = None, withdrawn: datetime | None = None) -> None:
    row = {"channel": "mail", "team": "merchandising", "urgent": False, "content": {}}
    saved(
        AlertMessage(key=key, alert_ids=list(alerts), created_at=LONG_AGO, sent_at=sent, withdrawn_at=withdrawn, **row)
    )


def left() -> tuple[set[str], set[str]]:
    with transaction() as session:
        return set(session.scalars(select(AlertMessage.key))), set(session.scalars(select(AlertRow.cause)))


def test_messages_that_left_long_ago_go_and_the_others_stay() -> None:
    message("sent", sent=LONG_AGO)
    message("withdrawn", withdrawn=LONG_AGO)
    message("sent lately", sent=LATELY)
    message("withdrawn lately", withdrawn=LATELY)
    message("waits")

    assert prune(NOW) == 2
    assert left()[0] == {"sent lately", "withdrawn lately", "waits"}


def test_an_alert_goes_after_the_last_message_about_it() -> None:
    both, mine, open_ = alert("both", LONG_AGO), alert("mine", LONG_AGO), alert("open")
    alert("lately", LATELY)
    message("m1", both, mine, sent=LONG_AGO)
    message("m2", both, open_, sent=LATELY)

    assert prune(NOW) == 2
    assert left() == ({"m2"}, {"both", "open", "lately"})
    prune(NOW + timedelta(days=2))
    assert left() == (set(), {"open"})


def test_a_run_takes_a_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.services.alerts.pruning._SLICE", 2)
    for number in range(5):
        message(str(number), sent=LONG_AGO)

    assert [prune(NOW) for _ in range(4)] == [2, 2, 1, 0]


def test_telling_the_teams_prunes_and_what_is_pruned_is_not_told_again() -> None:
    saved(exception_row(cause="open", alerted_at=LONG_AGO))
    message("old", alert("open"), sent=LONG_AGO)
    tell(Alerts(), urgent_only=True, now=lambda: NOW)
    assert left()[0] == {"old"}

    tell(Alerts(), now=lambda: NOW)
    assert left() == (set(), {"open"})
