"""What every page of the console stands in: who is there, in what language, and what a browser may do with it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path
from secrets import token_hex
from urllib.parse import urlencode

from flask import Blueprint, Flask, abort, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask.wrappers import Response
from flask_wtf.csrf import CSRFProtect, generate_csrf

from app.config import Config
from app.permissions import Permission
from app.secret import Secret
from app.services.access.acts import note_act
from app.services.access.sessions import LONGEST, person_in_session
from app.services.exceptions.approvals import waiting
from app.services.mapping_edits import current
from app.services.outside import utc_now
from app.web.console import document_names, happenings, names, shown
from app.web.console.errors import answer_errors_as_pages, page_of_error
from app.web.console.language import LANGUAGE_NAMES, gettext, in_words, language, ngettext
from app.web.console.navigation import ENTRIES
from app.web.console.needs import allows, may
from app.web.console.preferences import chosen_theme
from app.web.settings import WebSettings

UNNOTED = frozenset({"console.preferences"})
"""What is no act: how somebody's own screen looks."""
TOLD = frozenset(
    "login role team teams active id ids code cause store kind sku target note reason action assignee until tag"
    " quantity order release mapping value point day".split()
)
"""Fields of forms that acts tell; what others hold may be secret or a customer's."""
PROVIDER_KEY = "BRIDGE_PROVIDER"
"""Where the application keeps the provider for the sign-in page."""
SESSION_KEY = "session"
"""Where the cookie has the session's token."""
OPEN = frozenset(
    {
        "console.static",
        "console.sign_in",
        "console.sign_in_submit",
        "console.sign_in_by_provider",
        "console.back_from_provider",
        "console.preferences",
    }
)
"""What can be had without a session."""
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
_YEAR = 365 * 24 * 3600
_STATIC = Path(__file__).parent / "static"


def put_into_frame(app: Flask, console: Blueprint, config: Config, settings: WebSettings) -> None:
    """Give a blueprint sessions, protection against forged requests, languages, headers and pages for errors."""
    csrf = _configure(app, config, settings)
    zones = {name: store.rules.time_zone for name, store in config.stores.items()}

    @console.before_request
    def enter() -> ResponseReturnValue | None:
        g.now, g.file_config, g.config, g.zones, g.person = utc_now(), config, config, zones, None
        if request.endpoint == "console.static":
            return None
        if _holds_nul():
            abort(HTTPStatus.BAD_REQUEST)
        if settings.console_secret is None:
            return page_of_error(
                HTTPStatus.SERVICE_UNAVAILABLE,
                gettext("The console is shut: set BRIDGE_CONSOLE_SECRET to a long random text and start again."),
            )
        token = session.get(SESSION_KEY)
        g.person = person_in_session(token, g.now) if isinstance(token, str) else None
        csrf.protect()
        if request.endpoint in OPEN:
            return None
        if g.person is None:
            return _to_sign_in()
        g.config = current(config)
        if not allows(current_app.view_functions[request.endpoint or ""]):
            abort(HTTPStatus.FORBIDDEN)
        return None

    console.after_request(_protect)
    console.after_request(_note)
    console.context_processor(_known_to_templates)
    answer_errors_as_pages(console)


def _configure(app: Flask, config: Config, settings: WebSettings) -> CSRFProtect:
    app.config["SECRET_KEY"] = (settings.console_secret or Secret(token_hex())).reveal()
    app.config["SESSION_COOKIE_NAME"] = "bridge"
    app.config["SESSION_COOKIE_PATH"] = "/console"
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
    app.config["SESSION_COOKIE_SECURE"] = (config.alerts.console_url or "").startswith("https://")
    app.config["PERMANENT_SESSION_LIFETIME"] = LONGEST
    # The receiver and the API have signatures and tokens of their own: only the console checks for forged requests.
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    return CSRFProtect(app)


def _protect(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    if request.endpoint == "console.static":
        # The address bears the content's digest.
        response.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
    else:
        response.headers["Cache-Control"] = "no-store"
        response.vary.add("Accept-Language")
    return response


def _note(response: Response) -> Response:
    """Whatever somebody who is signed in sent here is an act, refused or not."""
    if request.method == "POST" and g.person is not None and request.endpoint not in UNNOTED:
        unasked = g.get("unasked", frozenset())
        form = {name: value for name, value in request.form.items() if name in TOLD and name not in unasked}
        what = (request.endpoint or "").partition(".")[2].replace("_", " ")
        note_act(g.person.login, what, request.path, answer=response.status_code, **form)
    return response


def _known_to_templates() -> dict[str, object]:
    return {
        "act_name": happenings.act_name,
        "action_name": names.action_name,
        "approval_state": names.approval_state,
        "argument_name": names.argument_name,
        "asset": _asset,
        "batch_state": document_names.batch_state,
        "closed_how": happenings.closed_how,
        "document_kind": document_names.state_kind,
        "document_name": document_names.document_name,
        "document_state": document_names.document_state,
        "moment_sort": document_names.moment_sort,
        "state_kind": document_names.state_kind,
        "why_due": document_names.why_due,
        "details": happenings.details,
        "happening": happenings.happening,
        "in_words": in_words,
        "sign_name": names.sign_name,
        "code_name": names.code_name,
        "csrf_token": generate_csrf,
        "entries": [entry for entry in ENTRIES if may(entry.permission)],
        "may": may,
        "permissions": Permission,
        "here": here,
        "approvals_waiting": waiting,
        "with_arguments": with_arguments,
        "kind_name": names.kind_name,
        "language": language,
        "languages": LANGUAGE_NAMES,
        "shown": shown,
        "role_name": names.role_name,
        "state_name": names.state_name,
        "team_name": names.team_name,
        "team_names": names.team_names,
        "theme": chosen_theme,
    }


def here(**changes: object) -> str:
    """The address of this page with other arguments; None takes one away."""
    return _with(url_for(request.endpoint or "console.home", **(request.view_args or {})), changes)


def with_arguments(endpoint: str, **changes: object) -> str:
    """The address of another page with this page's arguments, some of them changed."""
    return _with(url_for(endpoint), changes)


def _with(address: str, changes: Mapping[str, object]) -> str:
    """Arguments are written behind the address by hand: some names mean something of their own to `url_for`."""
    arguments = {**request.args.to_dict(), **changes}
    query = urlencode({name: value for name, value in arguments.items() if value is not None})
    return f"{address}?{query}" if query else address


def _holds_nul() -> bool:
    """Whether something was sent that PostgreSQL keeps in no text."""
    sent = (*request.args.items(multi=True), *request.form.items(multi=True))
    return "\0" in request.path or any("\0" in word for pair in sent for word in pair)


def _to_sign_in() -> ResponseReturnValue:
    here = request.full_path.rstrip("?") if request.method == "GET" else None
    if request.headers.get("HX-Request"):
        # A redirect would put the sign-in page into a corner of this one.
        return Response(status=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": url_for("console.sign_in")})
    return redirect(url_for("console.sign_in", next=here))


@cache
def _asset(name: str) -> str:
    digest = hashlib.sha256((_STATIC / name).read_bytes()).hexdigest()[:12]
    return url_for("console.static", filename=name, v=digest)
