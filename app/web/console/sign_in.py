"""Signing in and out."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, current_app, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from app.config import Config
from app.services.access.acts import note_act
from app.services.access.people import Person, person_by_password
from app.services.access.sessions import close_session, open_session
from app.services.access.sign_in_throttle import forget_failures, note_failure, seconds_to_wait
from app.web.console.frame import PROVIDER_KEY, SESSION_KEY
from app.web.console.language import gettext, ngettext
from app.web.console.needs import ANYBODY, needs
from app.web.console.preferences import local_address


def add_pages(console: Blueprint, config: Config) -> None:
    """Add the sign-in page and signing out."""

    @console.get("/sign-in")
    def sign_in() -> ResponseReturnValue:
        return sign_in_page(request.args.get("next"))

    @console.post("/sign-in")
    def sign_in_submit() -> ResponseReturnValue:
        login, password = request.form.get("login", ""), request.form.get("password", "")
        address = request.remote_addr or ""
        after = request.form.get("next")
        seconds = seconds_to_wait(login, address, g.now)
        if seconds:
            problem = ngettext("Too many tries: wait %(num)s second.", "Too many tries: wait %(num)s seconds.", seconds)
            page = sign_in_page(after, problem, login)
            return page, HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": str(seconds)}
        person = person_by_password(login, password)
        if person is None:
            note_failure(login, address, g.now)
            problem = gettext("Login and password do not match.")
            return sign_in_page(after, problem, login), HTTPStatus.UNAUTHORIZED
        forget_failures(login)
        begin_session(person)
        return redirect(local_address(after))

    @console.post("/sign-out")
    @needs(ANYBODY)
    def sign_out() -> ResponseReturnValue:
        close_session(session[SESSION_KEY])
        session.clear()
        return redirect(url_for("console.sign_in"))


def begin_session(person: Person) -> None:
    """Let this browser be a person's from now on; what its cookie held before is gone, the forms' token too."""
    session.clear()
    session.permanent = True
    session[SESSION_KEY] = open_session(person, g.now)
    note_act(person.login, "sign in")


def sign_in_page(after: str | None, problem: str | None = None, login: str = "") -> str:
    """The page. `after`: where to go then; `problem`: why it stands there again."""
    provider = current_app.config.get(PROVIDER_KEY)
    return render_template("console/sign_in.html", after=after, problem=problem, login=login, provider=provider)
