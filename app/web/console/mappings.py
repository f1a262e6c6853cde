"""Mappings: what decides where goods and money of a store go; edited above the file, checked, tried, kept, reverted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.config import Config
from app.config.mapping import mapping_of
from app.config.overlay import OverlayError, overlaid_rules, with_mapping
from app.domain.policy import ItemStatus, Phase, StoreRules
from app.domain.what_if import Outcome
from app.permissions import Permission
from app.services import mapping_edits
from app.services.exceptions.remedies import NotPossible
from app.services.trial.edit_requests import TRIED, save_or_ask, try_overlay
from app.toml_schema import Problem, Table
from app.web.console import mapping_form
from app.web.console.language import gettext, in_words
from app.web.console.needs import actor
from app.web.console.pages import Pages, config, world

pages = Pages()
add_pages = pages.add_to


@pages.get("/mappings", Permission.READ_MAPPINGS)
def mappings() -> ResponseReturnValue:
    """The stores with the versions in force, and the edits."""
    before = request.args.get("after", type=int)
    number, overlay = mapping_edits.newest_overlay()
    return render_template(
        "console/mappings.html",
        stores=list(config().stores.values()),
        edits=mapping_edits.list_edits(before),
        newest=number,
        problems=_problems(overlay),
    )


@pages.get("/mappings/<store>", Permission.READ_MAPPINGS)
def mapping(store: str) -> ResponseReturnValue:
    """The mapping of a store, to be read or edited."""
    return _page(_rules(store), mapping_of(_rules(store)), mapping_edits.newest_overlay()[0])


@pages.post("/mappings/<store>", Permission.EDIT_MAPPINGS)
def check_mapping(store: str) -> ResponseReturnValue:
    """Check what was entered, and show what it would change."""
    g.unasked = frozenset(request.form)  # a table of names and codes: the first of each column says nothing
    rules = _rules(store)
    wanted = mapping_form.mapping_in(request.form, mapping_of(rules))
    number, overlay = mapping_edits.in_force(_file())
    proposed = with_mapping(overlay, _file().stores[store].rules, wanted)
    try:
        changed = mapping_edits.differences(_file(), overlay, proposed)
    except OverlayError as error:
        return _page(rules, wanted, number, error.problems), HTTPStatus.UNPROCESSABLE_ENTITY
    return _checked(store, proposed, number, changed)


@pages.post("/mappings/<store>/save", Permission.EDIT_MAPPINGS)
def save_mapping(store: str) -> ResponseReturnValue:
    """Try what was checked over known returns; put it into force, or ask for a second person's word."""
    _rules(store)
    try:
        proposed, based_on = mapping_form.overlay_in(request.form), int(request.form.get("based_on", ""))
        overlay = mapping_edits.in_force(_file())[1]
        changed = mapping_edits.differences(_file(), overlay, proposed)
    except (ValueError, RecursionError):
        abort(HTTPStatus.BAD_REQUEST)
    if request.form.get("action") == "edit":
        return _page(_rules(store), mapping_of(_overlaid(proposed)[store]), based_on)
    if request.form.get("action") == "try":
        return _checked(store, proposed, based_on, changed, try_overlay(_file(), world(), proposed))
    saved = gettext("Saved. Every process has it within seconds; returns that waited for it are set going.")
    _save(proposed, based_on, saved)
    return redirect(url_for("console.mapping", store=store), HTTPStatus.SEE_OTHER)


@pages.post("/mappings/revert", Permission.EDIT_MAPPINGS)
def revert_mapping() -> ResponseReturnValue:
    """Put an earlier edit into force again, or ask for a second person's word about it; 0 is the file alone."""
    try:
        number, based_on = int(request.form.get("edit", "")), int(request.form.get("based_on", ""))
        overlay = mapping_edits.overlay_of(number)
        asked = _save(overlay, based_on, gettext("Reverted. All edits are kept."), number or None)
    except OverlayError as error:
        flash(
            gettext("That edit does not fit the file any more: %(problem)s", problem=in_words(error.problems[0].said))
        )
        asked = True
    except (ValueError, LookupError):
        abort(HTTPStatus.BAD_REQUEST)
    if not asked:
        return redirect(url_for("console.mapping_edit", number=number), HTTPStatus.SEE_OTHER)
    return redirect(url_for("console.mappings"), HTTPStatus.SEE_OTHER)


def _save(overlay: Table, based_on: int, saved: str, reverts: int | None = None) -> bool:
    """Save an edit, or ask for it, and say what came of it; False where a reason is missing. Raises OverlayError."""
    note = request.form.get("note") or None
    try:
        sent = save_or_ask(_file(), world(), overlay, based_on, actor().name, note, reverts)
    except mapping_edits.Overtaken:
        flash(gettext("Somebody else edited the mapping meanwhile. Look at theirs, and edit again."))
    except NotPossible as problem:
        flash(in_words(problem.said), "problem")
        return False
    else:
        flash(saved if sent.approval is None else gettext("This changes money, so it waits for a second person now."))
    return True


@pages.get("/mappings/edits/<int:number>", Permission.READ_MAPPINGS)
def mapping_edit(number: int) -> ResponseReturnValue:
    """What an edit stands for: the keys in which it differs from the file; and what reverting to it would change."""
    try:
        overlay = mapping_edits.overlay_of(number)
    except LookupError:
        abort(HTTPStatus.NOT_FOUND)
    newest, in_force = mapping_edits.in_force(_file())
    problems = _problems(overlay)
    changed = [] if problems else mapping_edits.differences(_file(), {}, overlay)
    back = [] if problems else mapping_edits.differences(_file(), in_force, overlay)
    return render_template(
        "console/mapping_edit.html", number=number, newest=newest, changed=changed, problems=problems, back=back
    )


def _page(rules: StoreRules, shown: Table, number: int, problems: tuple[Problem, ...] = ()) -> str:
    return render_template(
        "console/mapping.html",
        rules=rules,
        mapping=shown,
        number=number,
        problems=problems,
        choices=mapping_form,
        phases=[each.value for each in Phase if each is not Phase.UNKNOWN],
        item_phases=[each.value for each in ItemStatus if each is not ItemStatus.UNKNOWN],
    )


def _checked(
    store: str, proposed: Table, number: int, changed: list[mapping_edits.Changed], tried: Outcome | None = None
) -> str:
    return render_template(
        "console/mapping_checked.html",
        store=store,
        overlay=json.dumps(proposed, ensure_ascii=False),
        number=number,
        changed=changed,
        asks=any(each.money for each in changed),
        note=request.form.get("note", ""),
        tried=tried,
        most=TRIED,
    )


def _problems(overlay: Table) -> tuple[Problem, ...]:
    try:
        _overlaid(overlay)
    except OverlayError as error:
        return error.problems
    return ()


def _overlaid(overlay: Table) -> Mapping[str, StoreRules]:
    return overlaid_rules({name: each.rules for name, each in _file().stores.items()}, overlay)


def _rules(store: str) -> StoreRules:
    found = config().stores.get(store)
    if found is None:
        abort(HTTPStatus.NOT_FOUND)
    return found.rules


def _file() -> Config:
    """The configuration of the file, without any edit."""
    found: Config = g.file_config
    return found
