from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from html import unescape

from flask.testing import FlaskClient

from app.domain.documents import State
from app.domain.policy import Kind
from app.services.outside import utc_now
from app.services.views.figures import refresh_figures
from tests.support.rows import exception_row, ledger_row, receipt_row, return_row, saved


def _posted(name: str, now: datetime, seconds: float) -> None:
    pk = saved(return_row(name, state="settled"))
    saved(receipt_row(pk, name, taken_at=now - timedelta(seconds=seconds)))
    journal = ledger_row(pk, Kind.INVENTORY_JOURNAL, return_id=name, source=f"madrid/{name}", state=State.POSTED)
    journal.posted_at = now
    saved(journal)


def test_the_page_of_the_morning_is_where_one_comes_in(ana: FlaskClient) -> None:
    assert ana.get("/console/").headers["Location"] == "/console/today"
    assert "Nothing was counted yet" in ana.get("/console/today").text


def test_times_stand_beside_their_targets_and_the_chart_has_the_same_figures(ana: FlaskClient) -> None:
    now = utc_now()
    _posted("r1", now - timedelta(hours=2), 4)
    _posted("r2", now - timedelta(hours=2), 4000)
    refresh_figures(now)

    shown = ana.get("/console/today").text

    assert "missed" in shown
    (chart,) = [json.loads(unescape(found)) for found in re.findall(r'data-chart="([^"]+)"', shown)]
    assert [line["label"] for line in chart["series"]] == ["madrid p50", "madrid p95"]
    assert len(chart["x"]) == len(chart["series"][0]["values"]) == 48
    assert [value for value in chart["series"][0]["values"] if value is not None] == [2002]


def test_exceptions_are_told_by_team_with_what_they_hold_up(ana: FlaskClient) -> None:
    saved(exception_row(return_pk=saved(return_row())))

    shown = ana.get("/console/today").text

    assert 'href="/console/exceptions?team=merchandising"' in shown
    assert "47.80 EUR" in shown


def test_what_waits_for_a_window_is_told(ana: FlaskClient) -> None:
    memo = ledger_row(saved(return_row()), Kind.CREDIT_MEMO, post_at=utc_now() + timedelta(hours=3))
    saved(memo)

    shown = ana.get("/console/today").text

    assert "Credit memos" in shown
    assert "in 3 hours" in shown


def test_old_figures_are_called_so(ana: FlaskClient) -> None:
    refresh_figures(utc_now() - timedelta(minutes=20))
    assert "These figures are old" in ana.get("/console/today").text
