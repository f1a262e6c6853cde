"""Today: the page of the morning. Where every store stands, what waits, what was posted, how long it took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import g, render_template
from flask.typing import ResponseReturnValue

from app.domain.blockers import Team
from app.domain.due import Outlook
from app.permissions import Permission
from app.services.exceptions import desk
from app.services.exceptions.desk import Wanted
from app.services.views.figures import HOURS, Hour
from app.services.views.today import today as look
from app.system.parts import QUEUES
from app.web.console.pages import Pages, config

pages = Pages()
add_pages = pages.add_to

_STALE = timedelta(minutes=5)
"""Older figures are called old: they are counted once a minute."""


@pages.get("/today", Permission.READ_FIGURES)
def today() -> ResponseReturnValue:
    """Where every store stands."""
    seen = look(config(), g.now, QUEUES)
    figures = seen.figures
    targets = config().targets
    return render_template(
        "console/today.html",
        seen=seen,
        stores=list(config().stores),
        states=[state.value for state in Outlook],
        stale=seen.counted_at is not None and g.now - seen.counted_at > _STALE,
        loads=desk.loads(Wanted(now=g.now)),
        teams=[team.value for team in Team],
        times=[
            ("journal", targets.receipt_to_journal, figures.journal, chart_of(figures.journal_hours, g.now)),
            ("credit", targets.receipt_to_credit, figures.credit, chart_of(figures.credit_hours, g.now)),
        ]
        if figures
        else [],
    )


@dataclass(frozen=True, slots=True)
class Chart:
    """Hours as the chart wants them: `x` in unix seconds, for each site two rows of seconds, None where nothing was.

    `rows`: the same as a table, the newest first, without hours in which nothing was.
    """

    x: tuple[int, ...] = ()
    series: tuple[dict[str, object], ...] = ()
    rows: tuple[tuple[datetime, tuple[float | None, ...]], ...] = ()


def chart_of(hours: Sequence[Hour], now: datetime) -> Chart:
    """The chart of the last hours up to now; empty without any."""
    if not hours:
        return Chart()
    last = now.replace(minute=0, second=0, microsecond=0)
    moments = [last - timedelta(hours=back) for back in range(HOURS - 1, -1, -1)]
    known = {(each.site, each.hour): each.times for each in hours}
    lines: list[tuple[str, list[float | None]]] = []
    for site in sorted({each.site for each in hours}):
        found = [known.get((site, moment)) for moment in moments]
        lines.append((f"{site} p50", [each.p50 if each else None for each in found]))
        lines.append((f"{site} p95", [each.p95 if each else None for each in found]))
    table = [(moment, tuple(values[place] for _, values in lines)) for place, moment in enumerate(moments)]
    return Chart(
        tuple(int(moment.timestamp()) for moment in moments),
        tuple({"label": label, "values": values} for label, values in lines),
        tuple((moment, values) for moment, values in reversed(table) if any(value is not None for value in values)),
    )
