"""Returns: found by whatever somebody has at hand, and everything about one of them; its documents, one by one."""

from __future__ import annotations

from http import HTTPStatus

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.permissions import Permission
from app.services.access.acts import note_act
from app.services.page import Page
from app.services.views.document_view import NoSuchDocument, trace
from app.services.views.return_page import raw_of, return_page
from app.services.views.return_search import NoKey, search_returns
from app.services.views.return_view import NoSuchReturn, ReturnLine, list_returns
from app.web.console.language import gettext
from app.web.console.needs import actor
from app.web.console.pages import Pages, config, world

pages = Pages()
add_pages = pages.add_to
_PER_PAGE = 50
_STATES = ("held", "working", "waiting", "settled", "ignored", "new")


@pages.get("/returns", Permission.READ_RETURNS)
def returns() -> ResponseReturnValue:
    """Returns that a word names, or the newest ones in a state."""
    text = request.args.get("text", "").strip()
    after = request.args.get("after", type=int)
    if text:
        page = search_returns(text, config(), after)
        if len(page.rows) == 1 and after is None:
            (only,) = page.rows
            return redirect(url_for("console.return_", store=only.store, return_id=only.id))
        return _list(page, text)
    store, state = request.args.get("store") or None, request.args.get("state") or None
    return _list(list_returns(store=store, state=state, before=after, limit=_PER_PAGE), "")


@pages.post("/returns", Permission.READ_RETURNS)
def find_returns() -> ResponseReturnValue:
    """Search; an e-mail is answered here, so that it stands in no address."""
    text = request.form.get("text", "").strip()
    if "@" not in text:
        return redirect(url_for("console.returns", text=text or None))
    try:
        return _list(search_returns(text, config(), limit=500), "")
    except NoKey:
        problem = gettext("Nobody is found by e-mail here: BRIDGE_PERSONAL_KEY is not set.")
        return _list(Page((), None), "", problem)


@pages.get("/returns/<store>/<return_id>", Permission.READ_RETURNS)
def return_(store: str, return_id: str) -> ResponseReturnValue:
    """Everything about one return but what is personal."""
    try:
        page = return_page(store, return_id, world())
    except NoSuchReturn:
        abort(HTTPStatus.NOT_FOUND)
    return render_template("console/return.html", page=page, known=page.view.known)


@pages.get("/returns/<store>/<return_id>/raw", Permission.READ_PERSONAL)
def raw(store: str, return_id: str) -> ResponseReturnValue:
    """The raw events and the customer, for who may see them; that they did is kept."""
    try:
        found = raw_of(store, return_id)
    except NoSuchReturn:
        abort(HTTPStatus.NOT_FOUND)
    note_act(actor().name, "read raw events", f"{store}/{return_id}")
    return render_template("console/raw.html", raw=found, store=store, return_id=return_id)


@pages.get("/documents/<key>", Permission.READ_RETURNS)
def document(key: str) -> ResponseReturnValue:
    """A document, by its key or BlueCherry's number, with all that led to it and what was answered."""
    try:
        traces = trace(key)
    except NoSuchDocument:
        abort(HTTPStatus.NOT_FOUND)
    return render_template("console/document.html", traces=traces, key=key)


def _list(page: Page[ReturnLine], text: str, problem: str | None = None) -> str:
    return render_template(
        "console/returns.html",
        page=page,
        text=text,
        problem=problem,
        found=request.method == "POST" or bool(text),
        states=_STATES,
        stores=sorted(config().stores),
    )
