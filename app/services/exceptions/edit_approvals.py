"""Edits of the mapping that change money: asked for by one person, in force when another one agrees."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.config.overlay import OverlayError
from app.db.codec import dump, load
from app.db.engine import transaction
from app.db.tables.desk import ApprovalRow
from app.domain.blockers import Team
from app.domain.saying import say
from app.domain.what_if import Outcome
from app.services import mapping_edits
from app.services.exceptions.remedies import NotPossible
from app.services.history import Notes
from app.services.mapping_edits import Changed
from app.services.outside import file_config, utc_now
from app.toml_schema import Table

EDIT_MAPPING = "edit_mapping"
"""What an approval of an edit is for, where others name what is done to exceptions."""


@dataclass(frozen=True, slots=True)
class ProposedEdit:
    """An edit that waits: what would be in force, and all that both people see of it.

    `based_on`: the edit that was in force when it was asked for. `reverts`: the earlier edit whose overlay it is.
    """

    overlay: Table
    based_on: int
    reverts: int | None
    changed: tuple[Changed, ...]
    outcome: Outcome


def ask_for_edit(edit: ProposedEdit, reason: str, by: str) -> int:
    """Ask for a second person's word about an edit; the number of the approval. Raises NotPossible without a reason."""
    if not reason.strip():
        raise NotPossible(say("Say why: whoever approves it, and whoever looks later, needs the reason."))
    with transaction() as session:
        row = ApprovalRow(
            action=EDIT_MAPPING,
            exception_ids=[],
            edit=dump(edit),
            team=Team.INTEGRATION,
            units=0,
            reason=reason.strip(),
            asked_by=by,
        )
        session.add(row)
        session.flush()
        note_edit(session, "approval asked for", row, by)
        return row.id


def edit_of(row: ApprovalRow) -> ProposedEdit | None:
    """The edit that an approval is about; None for one about exceptions."""
    return None if row.edit is None else load(ProposedEdit, row.edit)


def put_edit_into_force(session: Session, edit: ProposedEdit, by: str, note: str) -> None:
    """Do what was agreed to, in the commit of the agreement; who calls it calls `mapping_edits.forget` after that.

    Raises NotPossible where the file or the mapping was changed since it was asked for.
    """
    config = file_config()
    try:
        changed = mapping_edits.differences(config, mapping_edits.in_force(config)[1], edit.overlay)
        if tuple(changed) != edit.changed:
            raise mapping_edits.Overtaken
        mapping_edits.put_into_force(session, config, edit.overlay, edit.based_on, by, utc_now(), note, edit.reverts)
    except (OverlayError, mapping_edits.Overtaken):
        raise NotPossible(
            say(
                "The mapping was changed since, so this is about something else by now: refuse it, and have it "
                "asked for again."
            )
        ) from None


def note_edit(session: Session, what: str, row: ApprovalRow, by: str) -> None:
    """Write into the history what became of an approval of an edit."""
    notes = Notes()
    notes.add(None, what, str(row.id), action=row.action, approval=row.id, by=by, note=row.reason)
    notes.write(session)
