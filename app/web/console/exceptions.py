"""The Exceptions desk: what stands in the way, by team and cause, what it holds up, and what mends it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from flask import abort, g, render_template, request
from flask.typing import ResponseReturnValue

from app.domain.blockers import REMEDIES, Code, Team
from app.domain.policy import ItemStatus, Phase
from app.permissions import Permission
from app.services.access.people import Person, list_people
from app.services.exceptions import approvals, desk
from app.services.exceptions.desk import Cursor, Wanted
from app.services.exceptions.exception_file import ExceptionFile, comment, exception_file
from app.services.exceptions.exception_queue import NoSuchException
from app.services.exceptions.mapping_remedies import OF_ITEM, may_mean_credit
from app.services.exceptions.sku_suggestions import suggest_skus
from app.web.console.exception_download import download_of
from app.web.console.handbook import page_of
from app.web.console.needs import actor, may
from app.web.console.pages import Pages, config
from app.web.console.preferences import back

pages = Pages()
add_pages = pages.add_to

_MAPPED = frozenset({Code.UNMAPPED_SITE, Code.UNMAPPED_REASON, Code.UNMAPPED_GRADE, Code.UNKNOWN_STATUS})
_REMEDIES: Mapping[str, str] = {
    Code.UNKNOWN_SKU: "map_sku",
    Code.INACTIVE_SKU: "map_sku",
    Code.ORDER_AMBIGUOUS: "choose_order",
    Code.OVER_RETURN: "correct_quantity",
    Code.PERIOD_CLOSED: "next_period",
    Code.NOT_RECEIVED: "release",
    Code.REFUNDED_REJECTED: "release",
    **dict.fromkeys(_MAPPED, "mapping"),
}
"""What mends a code beside trying again: a form of ``_remedies.html``."""


@pages.get("/exceptions", Permission.READ_EXCEPTIONS)
def exceptions() -> ResponseReturnValue:
    """Causes of exceptions, or the exceptions of one cause."""
    wanted = wanted_now()
    if wanted.code is not None and wanted.cause is not None:
        return _of_cause(wanted)
    loads = desk.loads(wanted)
    return render_template(
        "console/exceptions.html",
        page=desk.causes(wanted, Cursor.read(request.args.get("after"))),
        loads=loads,
        listed=desk.together(load for team, load in loads.items() if wanted.team in (None, team)),
        overdue=desk.overdue(config().alerts, g.now),
        refunds=desk.refund_sums(wanted) if wanted.code == Code.REFUND_MISMATCH else {},
        closed_shown=desk.CLOSED_SHOWN,
        **_common(wanted),
    )


@pages.get("/exceptions/<int:number>", Permission.READ_EXCEPTIONS)
def exception(number: int) -> ResponseReturnValue:
    """One exception: what it is about, what mends it, what was said and done."""
    try:
        file = exception_file(number)
    except NoSuchException:
        abort(HTTPStatus.NOT_FOUND)
    return render_template("console/exception.html", file=file, people=_people(), **_remedy(file))


@pages.post("/exceptions/<int:number>/comments", Permission.HANDLE_EXCEPTIONS)
def comment_on(number: int) -> ResponseReturnValue:
    """Write something about an exception."""
    text = request.form.get("text", "")
    if text.strip():
        try:
            comment(number, text, actor().name)
        except NoSuchException:
            abort(HTTPStatus.NOT_FOUND)
    return back()


@pages.get("/exceptions/download", Permission.READ_EXCEPTIONS)
def download() -> ResponseReturnValue:
    """What the list shows, all of it, as CSV or XLSX."""
    return download_of(desk.every_line(wanted_now()), request.args.get("format") == "xlsx")


def wanted_now() -> Wanted:
    """The exceptions that the address asks for."""
    asked = {name: value for name, value in request.args.items() if value}
    assigned = asked.get("assigned")
    return Wanted(
        now=g.now,
        open=asked.get("state") != "closed",
        snoozed=asked.get("state") == "snoozed",
        team=asked.get("team"),
        code=asked.get("code"),
        cause=asked.get("cause"),
        store=asked.get("store"),
        text=asked.get("text"),
        assigned_to="" if assigned == "nobody" else actor().name if assigned == "me" else assigned,
        tag=asked.get("tag"),
        overdue=desk.overdue(config().alerts, g.now) if asked.get("overdue") else None,
    )


def may_map(code: str) -> bool:
    """Whether who asks may add a key of the mapping for a code: those of its team, and who may edit mappings."""
    if code not in _MAPPED:
        return False
    return may(Permission.EDIT_MAPPINGS) or (may(Permission.MAP_CODE) and actor().acts_for(REMEDIES[Code(code)].team))


def _of_cause(wanted: Wanted) -> ResponseReturnValue:
    page = desk.lines(wanted, request.args.get("after", 0, type=int))
    if not page.rows:
        return render_template("console/cause.html", page=page, file=None, **_common(wanted))
    file = exception_file(page.rows[0].exception.id)
    return render_template("console/cause.html", page=page, file=file, **_common(wanted), **_remedy(file))


def _meanings(status: str) -> list[str]:
    """What a status that nobody mapped can mean: another thing for a return than for an item."""
    if status.startswith(OF_ITEM):
        return [each.value for each in ItemStatus if each is not ItemStatus.UNKNOWN]
    return [each.value for each in Phase if each is not Phase.UNKNOWN]


def _common(wanted: Wanted) -> dict[str, object]:
    return {
        "wanted": wanted,
        "teams": [team.value for team in Team],
        "stores": sorted(config().stores),
        "codes": [code.value for code in Code],
        "people": _people(),
    }


def _people() -> list[Person]:
    return [person for person in list_people() if person.active]


def _remedy(file: ExceptionFile) -> dict[str, object]:
    """What stands beside an exception: the forms that mend it, and its runbook."""
    number = file.exception.id
    remedy = _REMEDIES.get(file.exception.code)
    store, _, rest = file.exception.cause.partition(":")
    suggested = suggest_skus(number, store, rest, config()) if remedy == "map_sku" else []
    return {
        "remedy": remedy,
        "may_map": may_map(file.exception.code),
        "map_asks": may_mean_credit(config(), file.exception.code, file.exception.cause),
        "sku": rest,
        "suggested": suggested,
        "sites": sorted(config().stores[store].rules.sites) if store in config().stores else [],
        "meanings": _meanings(rest),
        "mine": actor().acts_for(Team(file.exception.team)),
        "runbook": page_of(file.exception.code),
        "asked": approvals.waiting_for([number]),
    }
