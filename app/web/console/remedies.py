"""Doing something about exceptions: at once, as a job, or, where it changes money, when a second person agrees."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.domain.blockers import Team
from app.permissions import Permission
from app.services.access.people import list_people
from app.services.exceptions import approvals, bulk_jobs, desk, remedies
from app.services.exceptions.approvals import NoSuchApproval
from app.services.exceptions.bulk_jobs import AT_ONCE, NoSuchJob
from app.services.exceptions.desk_actions import NEEDED, REASONED, Action, needs_second_person, perform
from app.services.exceptions.exception_queue import ids_of_cause, teams_of
from app.services.exceptions.remedies import NotPossible
from app.web.console.exceptions import may_map, wanted_now
from app.web.console.language import gettext, in_words, ngettext
from app.web.console.needs import actor, may
from app.web.console.pages import Pages, config
from app.web.console.preferences import back

pages = Pages()
add_pages = pages.add_to

_TAKES = {
    Action.RETRY: frozenset[str](),
    Action.RESOLVE: frozenset({"reason"}),
    Action.RELEASE: frozenset({"reason"}),
    Action.CHOOSE_ORDER: frozenset({"order", "reason"}),
    Action.CORRECT_QUANTITY: frozenset({"item", "quantity", "reason"}),
    Action.NEXT_PERIOD: frozenset({"reason"}),
    Action.MAP_CODE: frozenset({"value", "reason"}),
    Action.ASSIGN: frozenset({"assignee"}),
    Action.SNOOZE: frozenset({"days"}),
    Action.TAG: frozenset({"tag", "remove"}),
}
"""The fields that an action takes: a list's form has those of several, and what was not asked for is not kept."""
_FIELDS = frozenset[str]().union(*_TAKES.values())
_DAYS = {"1": 1, "3": 3, "7": 7}


@pages.post("/exceptions/act", Permission.HANDLE_EXCEPTIONS)
def act() -> ResponseReturnValue:
    """Do something to the exceptions that a form names: by number, by cause, or all that the list shows."""
    action = _action()
    g.unasked = _FIELDS - _TAKES[action]
    ids = _meant()
    if not ids:
        flash(gettext("Choose at least one first."), "problem")
        return back()
    _check(action, ids)
    arguments = _arguments(action)
    if action in REASONED and not arguments.get("reason"):
        flash(gettext("Say why: whoever looks later needs the reason."), "problem")
        return back()
    try:
        return _do(action, ids, arguments)
    except NotPossible as problem:
        flash(in_words(problem.said), "problem")
        return back()


@pages.post("/exceptions/map-sku", Permission.MAP_SKU)
def map_sku() -> ResponseReturnValue:
    """Let a SKU of the shop mean one of BlueCherry's."""
    store, sku = request.form.get("store", ""), request.form.get("sku", "")
    target = (request.form.get("other", "") or request.form.get("target", "")).strip()
    if store not in config().stores:
        abort(HTTPStatus.BAD_REQUEST)
    if not target:
        flash(gettext("Choose a SKU, or write one."), "problem")
        return back()
    try:
        count = remedies.map_sku(store, sku, target, actor().name)
    except NotPossible as problem:
        flash(in_words(problem.said), "problem")
        return back()
    message = ngettext("%(num)s return is set going.", "%(num)s returns are set going.", count)
    flash(gettext("%(sku)s means %(target)s now.", sku=sku, target=target) + " " + message)
    return back()


@pages.post("/exceptions/map-code", Permission.MAP_CODE)
def map_code() -> ResponseReturnValue:
    """Map a reason, grade, destination or status that nobody mapped, for all of its cause."""
    code, cause = request.form.get("code", ""), request.form.get("cause", "")
    if not may_map(code):
        abort(HTTPStatus.FORBIDDEN)
    # Only what an exception asks for: who may edit whole mappings does so on their page.
    ids = ids_of_cause(code, cause)
    if not ids:
        flash(gettext("Nothing with this cause is open any more: it was mended, or somebody resolved it."), "problem")
        return back()
    try:
        done = approvals.do_or_ask(Action.MAP_CODE, ids, _arguments(Action.MAP_CODE), actor().name)
    except NotPossible as problem:
        flash(in_words(problem.said), "problem")
    else:
        if done.approval is None:
            flash(gettext("It is mapped. Every process has it within seconds; returns that waited are set going."))
        else:
            flash(gettext("This changes money, so it waits for a second person now."))
    return back()


@pages.get("/jobs/<int:number>", Permission.READ_EXCEPTIONS)
def job(number: int) -> ResponseReturnValue:
    """How far a job is; for htmx only the part that moves."""
    try:
        found = bulk_jobs.get_job(number)
    except NoSuchJob:
        abort(HTTPStatus.NOT_FOUND)
    part = "console/_job.html" if request.headers.get("HX-Request") else "console/job.html"
    return render_template(part, job=found, recent=g.now - found.created_at < timedelta(minutes=10))


@pages.get("/approvals", Permission.READ_EXCEPTIONS)
def approvals_list() -> ResponseReturnValue:
    """What waits for a second person, and what was decided."""
    everything = request.args.get("state") == "all"
    page = approvals.list_approvals(not everything, request.args.get("after", type=int))
    return render_template("console/approvals.html", page=page, everything=everything)


@pages.get("/approvals/<int:number>", Permission.READ_EXCEPTIONS)
def approval(number: int) -> ResponseReturnValue:
    """What somebody asked for: an edit with all that it changes, else the first exception that it is about."""
    try:
        found = approvals.get_approval(number)
    except NoSuchApproval:
        abort(HTTPStatus.NOT_FOUND)
    if found.edit is None:
        return redirect(url_for("console.exception", number=found.exception_ids[0]))
    return render_template("console/approval.html", it=found)


@pages.post("/approvals/<int:number>", Permission.READ_EXCEPTIONS)
def decide(number: int) -> ResponseReturnValue:
    """Say yes or no as the second person, or take back what one asked for oneself."""
    word = request.form.get("action")
    try:
        if word == "withdraw":
            approvals.withdraw(number, actor().name)
            flash(gettext("It is taken back."))
        elif not may(Permission.APPROVE):
            abort(HTTPStatus.FORBIDDEN)
        else:
            approvals.decide(number, word == "approve", actor().name)
            flash(gettext("Approved and done.") if word == "approve" else gettext("Refused; nothing was done."))
    except NoSuchApproval:
        abort(HTTPStatus.NOT_FOUND)
    except NotPossible as problem:
        flash(in_words(problem.said), "problem")
    return redirect(url_for("console.approvals_list"))


def _action() -> Action:
    try:
        action = Action(request.form.get("action", ""))
    except ValueError:
        abort(HTTPStatus.BAD_REQUEST)
    if action is Action.MAP_CODE:
        abort(HTTPStatus.BAD_REQUEST)  # it has an address of its own, and asks for another permission
    return action


def _meant() -> list[int]:
    """The exceptions of the form: single ones, whole causes (each by one of its exceptions), or all of the list."""
    form = request.form
    if form.get("all"):
        return desk.ids_of(wanted_now())
    ids = set(form.getlist("ids", type=int))
    causes = form.getlist("causes", type=int)
    if causes:
        ids |= set(desk.ids_of(wanted_now(), causes))
    return sorted(ids)


def _check(action: Action, ids: Sequence[int]) -> None:
    """Nobody does to other teams' exceptions what they do to their own, nor what only some may do."""
    if not all(actor().acts_for(Team(team)) for team in teams_of(ids)):
        abort(HTTPStatus.FORBIDDEN)
    needed = NEEDED.get(action)
    if needed is not None and not may(needed):
        abort(HTTPStatus.FORBIDDEN)


def _arguments(action: Action) -> dict[str, str]:
    found = {name: request.form.get(name, "").strip() for name in sorted(_TAKES[action])}
    assignee = found.get("assignee")
    if assignee and all(assignee != each.login for each in list_people() if each.active):
        abort(HTTPStatus.BAD_REQUEST)
    days = _DAYS.get(found.pop("days", ""))
    if days is not None:
        found["until"] = (g.now + timedelta(days=days)).isoformat()
    return {name: value for name, value in found.items() if value}


def _do(action: Action, ids: Sequence[int], arguments: dict[str, str]) -> ResponseReturnValue:
    if needs_second_person(action, ids):
        approvals.ask(action, ids, arguments, actor().name)
        flash(gettext("This changes money, so it waits for a second person now."))
        return back()
    if len(ids) > AT_ONCE:
        return redirect(url_for("console.job", number=bulk_jobs.start_job(action, ids, arguments, actor().name)))
    count = perform(action, ids, arguments, actor().name)
    message = {
        Action.RETRY: ngettext("%(num)s is set going.", "%(num)s are set going.", count),
        Action.RESOLVE: ngettext("%(num)s is resolved.", "%(num)s are resolved.", count),
    }
    flash(message.get(action) or ngettext("%(num)s is changed.", "%(num)s are changed.", count))
    return back()
