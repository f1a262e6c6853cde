"""Checklists: each team's daily one, and finance's at month-end, signed off point by point."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.domain.blockers import Team
from app.domain.checklists import Look, Rhythm, points_of, span_of
from app.permissions import Permission
from app.services.exceptions.desk import refund_sums
from app.services.exceptions.exception_queue import Filter
from app.services.views import checklists as service
from app.web.console.handbook import month_end
from app.web.console.language import N_, gettext
from app.web.console.needs import actor
from app.web.console.pages import Pages, config

pages = Pages()
add_pages = pages.add_to

POINTS = {
    "windows_posted": N_("The last windows were posted"),
    "books_agree": N_("The books agree with BlueCherry"),
    "refunds_tie": N_("Refunds tie with credit memos"),
    "goods_never_came": N_("Goods that never came: a claim, a release, or a date to look again"),
    "memos_held_up": N_("Credit memos that are held up"),
    "skus_known": N_("Every SKU is known and active"),
    "reasons_mapped": N_("Every reason has a code"),
    "exchanges_made": N_("No customer waits for an exchange without knowing"),
    "customers_answered": N_("Returns that were changed, rejected or judged differently"),
    "parcels_owned": N_("Every parcel has a return, or an owner"),
    "goods_have_a_place": N_("Quarantine holds nothing that has a place"),
    "everything_runs": N_("Everything runs, and both systems are there"),
    "nothing_refused": N_("Nothing was refused or given up"),
    "nothing_lost": N_("No event and no task was lost"),
    "orders_found": N_("Every order was found"),
    "finance_decided": N_("What finance has to decide is decided, or carried over with a reason"),
    "last_window_posted": N_("The last window is posted: no memo of this period waits"),
    "no_closed_period": N_("Nothing waits for a closed period"),
    "books_compared": N_("The books were compared with BlueCherry, and agree"),
    "refunds_compared": N_("Differences of refunds are on the account for them"),
    "returns_accrued": N_("Received and not credited: the list is kept, and its sum accrued"),
    "claims_listed": N_("Credited and not received: the list is kept, with claims and releases"),
}
_MONTH_END_UNTIL = 10
"""Until this day of a month, the month-end that people mean is that of the month before."""


@pages.get("/checklists", Permission.READ_EXCEPTIONS)
def checklists() -> ResponseReturnValue:
    """A team's checklist of a day, or finance's of a month."""
    rhythm = Rhythm.MONTH_END if request.args.get("rhythm") == Rhythm.MONTH_END else Rhythm.DAILY
    team = _team()
    day = _day(rhythm)
    return render_template(
        "console/checklists.html",
        rhythm=rhythm.value,
        team=team.value,
        teams=[each.value for each in Team],
        day=day,
        last_day=(day + timedelta(days=32)).replace(day=1) - timedelta(days=1),
        earlier=span_of(rhythm, day - timedelta(days=1)),
        later=(day + timedelta(days=32)).replace(day=1) if rhythm is Rhythm.MONTH_END else day + timedelta(days=1),
        this=span_of(rhythm, _local_day()),
        points=service.checklist(rhythm, Team.FINANCE if rhythm is Rhythm.MONTH_END else team, day),
        texts=POINTS,
        looks=_LOOKS,
        compared=service.compared(),
        refunds=refund_sums(Filter(open=True)),
        how=month_end(),
        may_sign=actor().acts_for(Team.FINANCE if rhythm is Rhythm.MONTH_END else team),
    )


@pages.post("/checklists", Permission.HANDLE_EXCEPTIONS)
def sign_off() -> ResponseReturnValue:
    """Sign a point off, or take that back."""
    try:
        point = service.point_of(request.form.get("point", ""))
        day = date.fromisoformat(request.form.get("day", ""))
    except (service.NoSuchPoint, ValueError):
        abort(HTTPStatus.BAD_REQUEST)
    if not actor().acts_for(point.team):
        abort(HTTPStatus.FORBIDDEN)
    signed = request.form.get("action") != "withdraw"
    by = f"{g.person.name} ({actor().name})"
    note = request.form.get("note", "").strip() or None
    try:
        service.sign_off(point.name, day, by, note, signed=signed)
    except service.NoteWanted:
        flash(gettext("Something stands open: write in the note why it is carried over."), "problem")
        anchor = None
    else:
        flash(gettext("Signed off.") if signed else gettext("Taken back. Both are kept."))
        anchor = point.name
    rhythm, team = point.rhythm.value, point.team.value
    return redirect(url_for("console.checklists", rhythm=rhythm, team=team, day=day.isoformat(), _anchor=anchor))


_LOOKS = {
    Look.WINDOWS: ("console.today", N_("What the last windows posted"), "windows"),
    Look.WAITING: ("console.today", N_("What waits for a window"), "waiting"),
    Look.HEALTH: ("console.today", N_("Health"), "health"),
    Look.CREDIT_MEMOS: ("console.credit_memos", N_("Credit memos of the period"), None),
    Look.RECEIVED_NOT_CREDITED: ("console.received_not_credited", N_("Received and not credited"), None),
    Look.CREDITED_NOT_RECEIVED: ("console.credited_not_received", N_("Credited and not received"), None),
}


def _team() -> Team:
    """The team that is asked for, else the first one of who asks that has a list."""
    wanted = request.args.get("team", "")
    if wanted in list(Team):
        return Team(wanted)
    own = [team for team in Team if team in actor().teams and points_of(Rhythm.DAILY, team)]
    return own[0] if own else Team.FINANCE


def _day(rhythm: Rhythm) -> date:
    try:
        return span_of(rhythm, date.fromisoformat(request.args.get("day", "")))
    except ValueError:
        pass
    today = _local_day()
    if rhythm is Rhythm.MONTH_END and today.day <= _MONTH_END_UNTIL:
        today = today.replace(day=1) - timedelta(days=1)
    return span_of(rhythm, today)


def _local_day() -> date:
    """The day that it is in the first store's time zone."""
    now: datetime = g.now
    zones = [store.rules.time_zone for store in config().stores.values()]
    return now.astimezone(zones[0] if zones else UTC).date()
