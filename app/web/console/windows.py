"""Windows and batches: what waits, what was posted when and what came of it; post now, hold, release."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from flask import abort, flash, render_template, request
from flask.typing import ResponseReturnValue

from app.domain.policy import Kind
from app.permissions import Permission
from app.services.exceptions.remedies import NotPossible
from app.services.ledger import window_holds
from app.services.ledger.windows import post_now
from app.services.views import window_view
from app.web.console.language import gettext, in_words, ngettext
from app.web.console.needs import actor
from app.web.console.pages import Pages, config, world
from app.web.console.preferences import back

pages = Pages()
add_pages = pages.add_to
_KINDS = (Kind.RETURN_AUTHORISATION, Kind.INVENTORY_JOURNAL, Kind.CREDIT_MEMO, Kind.EXCHANGE_ORDER)


@pages.get("/windows", Permission.READ_FIGURES)
def windows() -> ResponseReturnValue:
    """What waits for which window, what is held, and what was posted."""
    return render_template(
        "console/windows.html",
        waiting=window_view.waiting(),
        holds=window_holds.list_holds(),
        page=window_view.posted(request.args.get("after", type=int)),
        stores=sorted(config().stores),
        kinds=_KINDS,
    )


@pages.get("/windows/<int:number>", Permission.READ_FIGURES)
def window(number: int) -> ResponseReturnValue:
    """One window: its batches with their acknowledgements, and the documents in them."""
    try:
        file = window_view.window_file(number, request.args.get("after", 0, type=int))
    except window_view.NoSuchWindow:
        abort(HTTPStatus.NOT_FOUND)
    return render_template("console/window.html", file=file)


@pages.post("/windows/post", Permission.POST_WINDOW)
def post_window() -> ResponseReturnValue:
    """Post now what waits for the windows of a store and kind."""
    store, kind = _which()
    try:
        count = post_now(store, kind, world(), actor().name)
    except NotPossible as problem:
        flash(in_words(problem.said), "problem")
        return back()
    flash(ngettext("%(num)s document is posted within seconds.", "%(num)s documents are posted within seconds.", count))
    return back()


@pages.post("/windows/hold", Permission.POST_WINDOW)
def hold_window() -> ResponseReturnValue:
    """Keep the windows of a store and kind shut."""
    store, kind = _which()
    return _done(
        lambda: window_holds.hold(store, kind, request.form.get("reason", ""), actor().name),
        gettext("Held: nothing is posted in these windows until somebody releases them."),
    )


@pages.post("/windows/release", Permission.POST_WINDOW)
def release_window() -> ResponseReturnValue:
    """Open the windows of a store and kind again."""
    store, kind = _which()
    return _done(lambda: window_holds.release(store, kind, actor().name), gettext("Released."))


def _done(change: Callable[[], None], message: str) -> ResponseReturnValue:
    try:
        change()
    except NotPossible as problem:
        flash(in_words(problem.said), "problem")
    else:
        flash(message)
    return back()


def _which() -> tuple[str, Kind]:
    store, kind = request.form.get("store", ""), request.form.get("kind", "")
    if store not in config().stores or kind not in _KINDS:
        abort(HTTPStatus.BAD_REQUEST)
    return store, Kind(kind)
