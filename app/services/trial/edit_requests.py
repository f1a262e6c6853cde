"""Edits of the mapping as people make them: in force at once, or when a second person agrees to what they change."""

from __future__ import annotations

from dataclasses import dataclass

from app.config import Config
from app.config.overlay import overlaid_rules, settled
from app.domain.what_if import Outcome
from app.services import mapping_edits
from app.services.exceptions.edit_approvals import ProposedEdit, ask_for_edit
from app.services.outside import Outside
from app.services.trial.what_if import what_if
from app.toml_schema import Table

TRIED = 200
"""Returns of each store over which an edit is tried before it is saved."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of an edit: its number, or that of the approval which waits for a second person."""

    edit: int | None = None
    approval: int | None = None


def save_or_ask(
    file: Config,
    outside: Outside,
    overlay: Table,
    based_on: int,
    by: str,
    note: str | None,
    reverts: int | None = None,
) -> Sent:
    """Put an overlay into force, or ask for a second person's word where a key of it changes money.

    `file`: the configuration without any overlay; `outside`: the world by the mapping in force. What is asked for
    bears the result of trying it over known returns, and `note` as its reason.

    Raises OverlayError, Overtaken, and NotPossible where it needs a reason and has none.
    """
    number, in_force = mapping_edits.in_force(file)
    if number != based_on:
        raise mapping_edits.Overtaken(mapping_edits.Overtaken.__doc__)
    overlay = settled({name: store.rules for name, store in file.stores.items()}, overlay, in_force)
    changed = mapping_edits.differences(file, in_force, overlay)
    if not any(each.money for each in changed):
        return Sent(edit=mapping_edits.save(file, overlay, based_on, by, outside.now(), note, reverts))
    outcome = try_overlay(file, outside, overlay)
    return Sent(
        approval=ask_for_edit(ProposedEdit(overlay, based_on, reverts, tuple(changed), outcome), note or "", by)
    )


def try_overlay(file: Config, outside: Outside, overlay: Table) -> Outcome:
    """What an overlay would have led to over the returns that are known last, of the stores that it changes.

    Raises OverlayError.
    """
    theirs = overlaid_rules({name: store.rules for name, store in file.stores.items()}, overlay)
    in_force = outside.config.stores
    stores = [name for name in in_force if theirs[name].version != in_force[name].rules.version]
    return what_if(theirs, outside, stores=stores, newest=TRIED).outcome()
