"""The people of the console: accounts, roles, what everybody did; and each one's own account."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from app.domain.blockers import Team
from app.domain.saying import say
from app.permissions import Permission, Role
from app.services.access import people as accounts
from app.services.access.acts import list_acts
from app.services.access.people import PersonProblem
from app.services.access.sessions import close_all_sessions
from app.web.console.language import gettext, in_words
from app.web.console.needs import ANYBODY
from app.web.console.pages import Pages

_ROLES = [role.value for role in Role if role is not Role.SERVICE]


pages = Pages()
add_pages = pages.add_to


@pages.get("/people", Permission.MANAGE_PEOPLE)
def people() -> ResponseReturnValue:
    """Everybody, with their roles."""
    return _page()


@pages.post("/people", Permission.MANAGE_PEOPLE)
def add_person() -> ResponseReturnValue:
    """Make an account."""
    form = request.form
    return _changed(
        lambda: accounts.add_person(
            form.get("login", ""), form.get("name", ""), _role(), _teams(), form.get("password") or None
        )
    )


@pages.post("/people/<login>/role", Permission.MANAGE_PEOPLE)
def change_role(login: str) -> ResponseReturnValue:
    """Give somebody another role."""
    return _changed(lambda: accounts.change_role(login, _role(), _teams()))


@pages.post("/people/<login>/password", Permission.MANAGE_PEOPLE)
def change_persons_password(login: str) -> ResponseReturnValue:
    """Give somebody another password."""
    return _changed(lambda: accounts.change_password(login, request.form.get("password", "")))


@pages.post("/people/<login>/active", Permission.MANAGE_PEOPLE)
def set_active(login: str) -> ResponseReturnValue:
    """Let somebody in no more, or again."""
    return _changed(lambda: accounts.set_active(login, request.form.get("active") == "yes"))


@pages.get("/people/acts", Permission.MANAGE_PEOPLE)
def acts() -> ResponseReturnValue:
    """What people did, the newest first."""
    after = request.args.get("after", type=int)
    by = request.args.get("by") or None
    return render_template("console/acts.html", page=list_acts(by, after), by=by)


@pages.get("/me", ANYBODY)
def me() -> ResponseReturnValue:
    """One's own account."""
    return render_template("console/me.html")


@pages.post("/me/password", ANYBODY)
def change_my_password() -> ResponseReturnValue:
    """Take another password; every session ends."""
    person = g.person
    if accounts.person_by_password(person.login, request.form.get("old_password", "")) is None:
        return render_template("console/me.html", problem=gettext("The old password is another one.")), 422
    try:
        accounts.change_password(person.login, request.form.get("password", ""))
    except PersonProblem as problem:
        return render_template("console/me.html", problem=in_words(problem.said)), 422
    session.clear()
    flash(gettext("The password is changed. Sign in with the new one."))
    return redirect(url_for("console.sign_in"))


@pages.post("/me/sign-out-everywhere", ANYBODY)
def sign_out_everywhere() -> ResponseReturnValue:
    """End all of one's own sessions."""
    close_all_sessions(g.person.id)
    session.clear()
    return redirect(url_for("console.sign_in"))


def _changed(change: Callable[[], accounts.Person]) -> ResponseReturnValue:
    try:
        person = change()
    except PersonProblem as problem:
        return _page(in_words(problem.said)), 422
    flash(gettext("%(login)s is changed.", login=person.login))
    return redirect(url_for("console.people"))


def _page(problem: str | None = None) -> str:
    return render_template(
        "console/people.html",
        people=accounts.list_people(),
        roles=_ROLES,
        teams=[team.value for team in Team],
        problem=problem,
        shortest=accounts.SHORTEST_PASSWORD,
    )


def _role() -> Role:
    try:
        return Role(request.form.get("role", ""))
    except ValueError:
        raise PersonProblem(say("There is no such role.")) from None


def _teams() -> list[Team]:
    known = {team.value for team in Team}
    return [Team(each) for each in request.form.getlist("teams") if each in known]
