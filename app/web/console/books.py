"""A period's end: what was credited, and what is on one side of the books only, by reason and as a file."""

from __future__ import annotations

import gzip
from datetime import date
from http import HTTPStatus

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.permissions import Permission
from app.services.books import reports
from app.services.books.memo_sums import memo_sums, totals_of
from app.services.books.period_end import PeriodEndList
from app.services.books.reports import NoSuchReport, Report
from app.web.console.language import N_, gettext
from app.web.console.names import reason_name
from app.web.console.needs import actor
from app.web.console.pages import Pages, config
from app.web.console.preferences import back

pages = Pages()
add_pages = pages.add_to

_HEADINGS = {
    PeriodEndList.RECEIVED_NOT_CREDITED: N_("Received and not credited"),
    PeriodEndList.CREDITED_NOT_RECEIVED: N_("Credited and not received"),
}
_COLUMNS = (
    *(N_("Store"), N_("Return"), N_("Order"), N_("SKU"), N_("Units"), N_("Amount"), N_("Currency"), N_("Since")),
    *(N_("Reason"), N_("Detail")),
)
"""What the columns of a list's file are called, in the order of `period_end.COLUMNS`."""


@pages.get("/books/received-not-credited", Permission.READ_BOOKS)
def received_not_credited() -> ResponseReturnValue:
    """Units that came and are not credited."""
    return _newest(PeriodEndList.RECEIVED_NOT_CREDITED)


@pages.get("/books/credited-not-received", Permission.READ_BOOKS)
def credited_not_received() -> ResponseReturnValue:
    """Units that are credited and did not come."""
    return _newest(PeriodEndList.CREDITED_NOT_RECEIVED)


@pages.post("/books/reports", Permission.READ_BOOKS)
def ask_for_report() -> ResponseReturnValue:
    """Have a list made: it reads the whole ledger, which is work for a worker."""
    try:
        which = PeriodEndList(request.form.get("list", ""))
    except ValueError:
        abort(HTTPStatus.BAD_REQUEST)
    at, problem = _day(request.form.get("at"))
    if problem is not None:
        flash(problem, "problem")
        return back()
    number = reports.ask(which, _store(request.form.get("store")), at, actor().name)
    return redirect(url_for("console.report", number=number))


@pages.get("/books/reports/<int:number>", Permission.READ_BOOKS)
def report(number: int) -> ResponseReturnValue:
    """A list as it was made; for htmx only the part that waits for it."""
    try:
        found = reports.get_report(number)
    except NoSuchReport:
        abort(HTTPStatus.NOT_FOUND)
    return _page(found.asked.list, found, found.asked.at, found.asked.store)


@pages.get("/books/reports/<int:number>/file", Permission.READ_BOOKS)
def report_file(number: int) -> ResponseReturnValue:
    """All lines of a list that was made."""
    try:
        asked, file = reports.file_of(number)
    except NoSuchReport:
        abort(HTTPStatus.NOT_FOUND)
    name = "-".join(str(each) for each in (asked.list, asked.store, asked.at) if each is not None)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    # The lines are those that were signed; only what their columns are called is in the reader's language.
    _, end, lines = gzip.decompress(file).partition(b"\r\n")
    names = ",".join(gettext(each) for each in _COLUMNS)
    # A spreadsheet takes the file for UTF-8 by the mark at its beginning alone.
    return Response(names.encode("utf-8-sig") + end + lines, mimetype="text/csv", headers=headers)


@pages.get("/books/credit-memos", Permission.READ_BOOKS)
def credit_memos() -> ResponseReturnValue:
    """What the bridge credited in a period, by store. It is not counted unasked."""
    last, problem = _day(request.args.get("at"))
    first, problem_of_first = _day(request.args.get("since"))
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


def _newest(which: PeriodEndList) -> ResponseReturnValue:
    """The list that was asked for last for the day and the store of the address, or how to have one made."""
    at, problem = _day(request.args.get("at"))
    store = _store(request.args.get("store"))
    return _page(which, None if problem else reports.newest(which, store, at), at, store, problem)


def _page(
    which: PeriodEndList, found: Report | None, at: date | None, store: str | None, problem: str | None = None
) -> ResponseReturnValue:
    part = bool(request.headers.get("HX-Request"))
    return render_template(
        "console/_report.html" if part else "console/books.html",
        heading=gettext(_HEADINGS[which]),
        list=which.value,
        report=found,
        at=at,
        store=store,
        stores=list(config().stores),
        problem=problem,
        earlier=None if part else reports.list_reports(which, request.args.get("after", type=int)),
        reason_name=reason_name,
    )


def _store(name: str | None) -> str | None:
    return name if name in config().stores else None


def _day(text: str | None) -> tuple[date | None, str | None]:
    try:
        return (date.fromisoformat(text) if text else None), None
    except ValueError:
        return None, gettext("Write the day as 2026-11-30.")
