"""Approvals: what changes money is asked for by one person and done when another one says yes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.among import among
from app.db.engine import transaction
from app.db.tables.desk import ApprovalRow
from app.db.tables.exceptions import ExceptionRow
from app.domain.money import Money
from app.domain.saying import Said, say
from app.services import mapping_edits
from app.services.exceptions.bulk_jobs import add_job, carry_now
from app.services.exceptions.desk_actions import Action, Arguments, needs_second_person, perform
from app.services.exceptions.edit_approvals import ProposedEdit, edit_of, note_edit, put_edit_into_force
from app.services.exceptions.remedies import NotPossible, check_release
from app.services.facts.dossiers import lock_returns
from app.services.history import Notes
from app.services.outside import utc_now
from app.services.page import Page, page_of

APPROVALS_PER_PAGE = 50


class NoSuchApproval(LookupError):
    """Nothing of this number waits for a second person."""


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """Something that changes money, asked for and perhaps decided.

    `code` and `store` of the first exception that it is about; `edit` where it is about the mapping instead. `money`
    is the sum of what is known, and `unknown` counts the exceptions that are not in it, as nobody knows their amount.
    """

    id: int
    action: str
    exception_ids: tuple[int, ...]
    arguments: Arguments
    edit: ProposedEdit | None
    code: str | None
    team: str
    store: str | None
    units: int
    money: Money | None
    unknown: int
    reason: str
    asked_by: str
    asked_at: datetime
    state: str
    decided_by: str | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an action: to how many exceptions it was done, or which approval waits for a second person."""

    count: int
    approval: int | None = None


def do_or_ask(action: Action, exception_ids: Sequence[int], arguments: Arguments, by: str) -> Done:
    """Do it, or ask for a second person's word where it changes money: the same for whoever asks, and wherever.

    Raises NotPossible, with nothing done.
    """
    if needs_second_person(action, exception_ids):
        return Done(0, ask(action, exception_ids, arguments, by))
    return Done(perform(action, exception_ids, arguments, by))


def ask(action: Action, exception_ids: Sequence[int], arguments: Arguments, by: str) -> int:
    """Ask for a second person's word; the number of what waits.

    Raises NotPossible when none of the exceptions is open any more, something about one of them waits already, or money
    of two currencies is meant at once.
    """
    reason = (arguments.get("reason") or "").strip()
    if not reason:
        raise NotPossible(say("Say why: whoever approves it, and whoever looks later, needs the reason."))
    with transaction() as session:
        rows = _open_exceptions(session, exception_ids)
        about = (ApprovalRow.state == "open", ApprovalRow.exception_ids.overlap([row.id for row in rows]))
        before = session.scalar(select(func.min(ApprovalRow.id)).where(*about))
        if before is not None:
            raise NotPossible(say("Approval %(number)s waits about one of these already.", number=before))
        if action is Action.RELEASE:
            check_release(row.code for row in rows)
        currencies = {row.currency for row in rows if row.amount}
        if len(currencies) > 1:
            raise NotPossible(say("Ask for each currency by itself: an approval is over one sum."))
        known = {row.currency for row in rows if row.amount is not None}
        asked = ApprovalRow(
            action=action,
            exception_ids=sorted(row.id for row in rows),
            arguments=dict(arguments),
            team=rows[0].team,
            units=sum(row.units for row in rows),
            amount=_amount(rows) if known else None,
            currency=next(iter(currencies or known), None),
            unknown=_unknown(rows),
            reason=reason,
            asked_by=by,
        )
        session.add(asked)
        session.flush()
        _note(session, rows, "approval asked for", asked, by)
        return asked.id


def decide(number: int, approve: bool, by: str) -> ApprovalView:
    """Say yes or no to what somebody else asked for; a yes does it, in slices where it is much.

    Raises NoSuchApproval, or NotPossible when it is decided already, is one's own, or cannot be done any more.
    """
    with transaction() as session:
        row = _open(session, number)
        if _person(row.asked_by) == _person(by):
            raise NotPossible(say("Who asked for it cannot approve it: somebody else must look."))
        row.state, row.decided_by, row.decided_at = "approved" if approve else "refused", by, utc_now()
        view = _view(row, _noted(session, row, f"approval {row.state}", by))
        if not approve:
            return view
        # In the same commit: what was approved is done, whoever dies in between.
        job = _carry_out(session, row, f"{row.asked_by}, approved by {by}")
    if job is None:
        mapping_edits.forget()
        return view
    try:
        carry_now(job)
    except NotPossible:
        _reopen(number)
        raise
    return view


def _carry_out(session: Session, row: ApprovalRow, signed: str) -> int | None:
    """Put an edit into force, or write down the job that does it to exceptions; the job's number.

    Raises NotPossible.
    """
    edit = edit_of(row)
    if edit is not None:
        put_edit_into_force(session, edit, signed, row.reason)
        return None
    _check_size(row, _open_exceptions(session, row.exception_ids))
    return add_job(session, Action(row.action), row.exception_ids, row.arguments, signed)


def withdraw(number: int, by: str) -> None:
    """Take back what one asked for oneself. Raises NoSuchApproval, or NotPossible when it is another's."""
    with transaction() as session:
        row = _open(session, number)
        if row.asked_by != by:
            raise NotPossible(say("Only who asked for it can take it back."))
        row.state, row.decided_by, row.decided_at = "withdrawn", by, utc_now()
        _noted(session, row, "approval withdrawn", by)


def get_approval(number: int) -> ApprovalView:
    """One of them, decided or not. Raises NoSuchApproval."""
    with transaction() as session:
        row = session.get(ApprovalRow, number)
        if row is None:
            raise NoSuchApproval(f"there is no approval {number}")
        return _view(row, session.get(ExceptionRow, row.exception_ids[0]) if row.exception_ids else None)


def list_approvals(open_only: bool, before: int | None = None, limit: int = APPROVALS_PER_PAGE) -> Page[ApprovalView]:
    """What was asked for, the newest first."""
    query = select(ApprovalRow, ExceptionRow).outerjoin(ExceptionRow, ExceptionRow.id == ApprovalRow.exception_ids[1])
    if open_only:
        query = query.where(ApprovalRow.state == "open")
    if before is not None:
        query = query.where(ApprovalRow.id < before)
    with transaction() as session:
        found = session.execute(query.order_by(ApprovalRow.id.desc()).limit(limit + 1)).all()
        views = [_view(row, first) for row, first in found]
    return page_of(views, limit, lambda view: view.id, lambda view: view)


def waiting() -> int:
    """How many wait for a second person."""
    with transaction() as session:
        return session.scalar(select(func.count()).where(ApprovalRow.state == "open")) or 0


def waiting_for(exception_ids: Sequence[int]) -> list[ApprovalView]:
    """What waits for a second person about any of these exceptions."""
    query = (
        select(ApprovalRow, ExceptionRow)
        .join(ExceptionRow, ExceptionRow.id == ApprovalRow.exception_ids[1])
        .where(ApprovalRow.state == "open", ApprovalRow.exception_ids.overlap(list(exception_ids)))
    )
    with transaction() as session:
        return [_view(row, first) for row, first in session.execute(query.order_by(ApprovalRow.id))]


def _open_exceptions(session: Session, numbers: Sequence[int]) -> Sequence[ExceptionRow]:
    """Those of these that are open, locked: of two who ask at once, one sees what the other asked. Raises NotPossible.

    Locked after their returns, as planning does it.
    """
    query = select(ExceptionRow).where(among(ExceptionRow.id, numbers), ExceptionRow.closed_at.is_(None))
    lock_returns(session, {row.return_pk for row in session.scalars(query) if row.return_pk is not None})
    rows = session.scalars(query.order_by(ExceptionRow.id).with_for_update()).all()
    if not rows:
        raise NotPossible(say("None of these is open any more."))
    return rows


def _check_size(asked: ApprovalRow, rows: Sequence[ExceptionRow]) -> None:
    """Raises NotPossible where more money or units are at stake by now than the second person sees."""
    currencies = {row.currency for row in rows if row.amount}
    more = (
        _amount(rows) > (asked.amount or 0)
        or _unknown(rows) > asked.unknown
        or sum(row.units for row in rows) > asked.units
    )
    if more or currencies - {asked.currency}:
        raise NotPossible(say("It is about more by now than was asked for: refuse it, and have it asked for again."))


def _amount(rows: Sequence[ExceptionRow]) -> Decimal:
    return sum((row.amount for row in rows if row.amount), Decimal(0))


def _unknown(rows: Sequence[ExceptionRow]) -> int:
    return sum(row.amount is None for row in rows)


def _reopen(number: int) -> None:
    with transaction() as session:
        row = session.get_one(ApprovalRow, number, with_for_update=True)
        row.state, row.decided_by, row.decided_at = "open", None, None


def _open(session: Session, number: int) -> ApprovalRow:
    row = session.get(ApprovalRow, number, with_for_update=True)
    if row is None:
        raise NoSuchApproval(f"there is no approval {number}")
    if row.state != "open":
        raise NotPossible(_decided(row.state))
    return row


def _person(signed: str) -> str:
    """Whose word it is, also where a token of the API vouches for them."""
    return signed.partition(" (token ")[0]


def _decided(state: str) -> Said:
    if state == "approved":
        return say("This is approved already.")
    return say("This is refused already.") if state == "refused" else say("This is withdrawn already.")


def _note(session: Session, rows: Sequence[ExceptionRow], what: str, asked: ApprovalRow, by: str) -> None:
    notes = Notes()
    for row in rows:
        notes.add(
            row.return_pk,
            what,
            row.document_key,
            code=row.code,
            action=asked.action,
            approval=asked.id,
            by=by,
            note=asked.reason,
        )
    notes.write(session)


def _noted(session: Session, row: ApprovalRow, what: str, by: str) -> ExceptionRow | None:
    """Write into the history what became of an approval; the first exception that it is about, if it is about any."""
    if row.edit is not None:
        note_edit(session, what, row, by)
        return None
    rows = session.scalars(select(ExceptionRow).where(among(ExceptionRow.id, row.exception_ids))).all()
    _note(session, rows, what, row, by)
    return rows[0]


def _view(row: ApprovalRow, first: ExceptionRow | None) -> ApprovalView:
    money = Money.rounded(row.amount, row.currency) if row.amount is not None and row.currency else None
    return ApprovalView(
        id=row.id,
        action=row.action,
        exception_ids=tuple(row.exception_ids),
        arguments=row.arguments,
        edit=edit_of(row),
        code=first.code if first is not None else None,
        team=row.team,
        store=first.store if first is not None else None,
        units=row.units,
        money=money,
        unknown=row.unknown,
        reason=row.reason,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        state=row.state,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
    )
