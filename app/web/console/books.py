"""A period's end: what was credited, and what is on one side of the books only, by reason and as a file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from io import StringIO

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from app.permissions import Permission
from app.services.books import period_end
from app.services.books.memo_sums import memo_sums, totals_of
from app.services.books.period_end import PeriodEndLine
from app.services.outside import Outside, outside
from app.web.console.language import gettext
from app.web.console.names import reason_name
from app.web.console.pages import Pages, config

pages = Pages()
add_pages = pages.add_to

_List = Callable[[Outside, str | None, date | None], list[PeriodEndLine]]
LINES_SHOWN = 200
"""Lines on the page; the file has all."""


@pages.get("/books/received-not-credited", Permission.READ_BOOKS)
def received_not_credited() -> ResponseReturnValue:
    """Units that came and are not credited."""
    title = gettext("Received and not credited")
    return _listed(title, "received_not_credited", period_end.list_received_not_credited, accrued=True)


@pages.get("/books/credited-not-received", Permission.READ_BOOKS)
def credited_not_received() -> ResponseReturnValue:
    """Units that are credited and did not come."""
    return _listed(gettext("Credited and not received"), "credited_not_received", period_end.list_credited_not_received)


@pages.get("/books/credit-memos", Permission.READ_BOOKS)
def credit_memos() -> ResponseReturnValue:
    """What the bridge credited in a period, by store. Like the lists, it is not counted unasked."""
    last, problem = _day("at")
    first, problem_of_first = _day("since")
    if first is None and last is not None and problem_of_first is None:
        first = last.replace(day=1)
    sums = memo_sums(first, last) if request.args.get("as") and first is not None and last is not None else None
    return render_template(
        "console/memo_sums.html",
        first=first,
        last=last,
        problem=problem or problem_of_first,
        sums=sums,
        totals=totals_of(sums or []),
    )


def _listed(title: str, name: str, wanted: _List, *, accrued: bool = False) -> ResponseReturnValue:
    """The form; with `as`, the list that it asks for: it reads the whole ledger, so it is not made unasked.

    `accrued`: it is a list of what may still be credited, and what is comes first.
    """
    at, problem = _day("at")
    store = request.args.get("store") or None
    lines: list[PeriodEndLine] | None = None
    if problem is None and request.args.get("as") in ("page", "csv"):
        lines = wanted(outside(), store if store in config().stores else None, at)
        if request.args["as"] == "csv":
            return _file(name, at, lines)
    sums = period_end.sums_of(lines or ())
    if lines is not None and accrued:
        lines.sort(key=lambda line: not line.reason.memo_follows)
    return render_template(
        "console/books.html",
        heading=title,
        at=at,
        problem=problem,
        store=store,
        stores=list(config().stores),
        lines=None if lines is None else lines[:LINES_SHOWN],
        number=len(lines or ()),
        sums=sums,
        accrual=period_end.accrual_of(sums) if accrued else None,
        reason_name=reason_name,
    )


def _day(name: str) -> tuple[date | None, str | None]:
    text = request.args.get(name) or ""
    try:
        return (date.fromisoformat(text) if text else None), None
    except ValueError:
        return None, gettext("Write the day as 2026-11-30.")


def _file(name: str, at: date | None, lines: list[PeriodEndLine]) -> Response:
    file = StringIO()
    period_end.write_csv(file, lines)
    told = f"{name}-{at.isoformat()}.csv" if at else f"{name}.csv"
    return Response(
        file.getvalue(), mimetype="text/csv", headers={"Content-Disposition": f'attachment; filename="{told}"'}
    )
