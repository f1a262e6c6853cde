"""Actions on exceptions, by name: what the desk does at once, in slices, or after a second person's word."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, or_, select, update

from app.db.among import among
from app.db.engine import transaction
from app.db.tables.exceptions import ExceptionRow
from app.domain.saying import say
from app.permissions import Permission
from app.services.exceptions import mapping_remedies, remedies
from app.services.exceptions.remedies import NotPossible
from app.services.history import Notes
from app.services.outside import file_config, utc_now

Arguments = Mapping[str, str]


class Action(StrEnum):
    """What can be done to exceptions."""

    RETRY = "retry"
    RESOLVE = "resolve"
    RELEASE = "release"
    CHOOSE_ORDER = "choose_order"
    CORRECT_QUANTITY = "correct_quantity"
    NEXT_PERIOD = "next_period"
    MAP_CODE = "map_code"
    ASSIGN = "assign"
    SNOOZE = "snooze"
    TAG = "tag"


NEEDED: Mapping[Action, Permission] = {Action.RELEASE: Permission.RELEASE_CREDIT}
"""What an action needs beside handling exceptions of one's own teams."""
MOVES_MONEY = frozenset({Action.RELEASE, Action.CHOOSE_ORDER, Action.CORRECT_QUANTITY, Action.NEXT_PERIOD})
"""What changes how much is credited, of which order or in which period, whatever the exception is worth."""
REASONED = MOVES_MONEY | {Action.RESOLVE}
"""What nobody does without saying why."""


def needs_second_person(action: Action, exception_ids: Sequence[int]) -> bool:
    """Whether somebody else must agree: it moves money, may mean acceptance, or ends what holds some money up.

    An amount that nobody knows, as of goods without a return, is not taken to be nothing.
    """
    if action in MOVES_MONEY:
        return True
    if action is Action.MAP_CODE:
        return mapping_remedies.may_mean_credit(file_config(), *_cause(exception_ids))
    if action is not Action.RESOLVE:
        return False
    at_stake = or_(ExceptionRow.amount.is_(None), ExceptionRow.amount > 0)
    count = select(func.count()).where(among(ExceptionRow.id, exception_ids), at_stake)
    with transaction() as session:
        return bool(session.scalar(count))


def perform(action: Action, exception_ids: Sequence[int], arguments: Arguments, by: str) -> int:
    """Do it; how many it was done to. Raises NotPossible, with nothing done."""
    return _PERFORM[action](exception_ids, arguments, by)


def _retry(ids: Sequence[int], arguments: Arguments, by: str) -> int:
    return remedies.retry(ids, by)


def _resolve(ids: Sequence[int], arguments: Arguments, by: str) -> int:
    return remedies.resolve(ids, by, arguments.get("reason"))


def _release(ids: Sequence[int], arguments: Arguments, by: str) -> int:
    return remedies.resolve(ids, by, arguments.get("reason"), release=True)


def _choose_order(ids: Sequence[int], arguments: Arguments, by: str) -> int:
    return remedies.choose_order(ids, arguments.get("order", ""), by, arguments.get("reason"))


def _correct_quantity(ids: Sequence[int], arguments: Arguments, by: str) -> int:
    try:
        units = int(arguments.get("quantity", ""))
    except ValueError:
        raise NotPossible(say("Write the quantity as a whole number.")) from None
    return remedies.correct_quantity(ids, arguments.get("item", ""), units, by, arguments.get("reason"))


def _next_period(ids: Sequence[int], arguments: Arguments, by: str) -> int:
    return remedies.post_in_next_period(ids, by, arguments.get("reason"))


def _map_code(ids: Sequence[int], arguments: Arguments, by: str) -> int:
    code, cause = _cause(ids)
    mapping_remedies.map_code(file_config(), code, cause, arguments.get("value", ""), by, utc_now())
    return len(ids)


def _cause(ids: Sequence[int]) -> tuple[str, str]:
    """Code and cause of exceptions. Raises NotPossible where they are of several, or none is there."""
    query = select(ExceptionRow.code, ExceptionRow.cause).where(among(ExceptionRow.id, ids)).distinct()
    with transaction() as session:
        found = session.execute(query.limit(2)).all()
    if len(found) != 1:
        raise NotPossible(say("Map one cause at a time."))
    return found[0].code, found[0].cause


def _assign(ids: Sequence[int], arguments: Arguments, by: str) -> int:
    return _mark(ids, by, "assigned", assigned_to=arguments.get("assignee") or None)


def _snooze(ids: Sequence[int], arguments: Arguments, by: str) -> int:
    until = arguments.get("until")
    moment = datetime.fromisoformat(until) if until else None
    if moment is not None and moment.tzinfo is None:
        raise NotPossible(say("A time to snooze until needs its zone."))
    return _mark(ids, by, "snoozed", snoozed_until=moment)


def _mark(ids: Sequence[int], by: str, what: str, **values: str | datetime | None) -> int:
    (value,) = values.values()
    statement = (
        update(ExceptionRow)
        .where(among(ExceptionRow.id, ids), ExceptionRow.closed_at.is_(None))
        .values(values)
        .returning(ExceptionRow.return_pk, ExceptionRow.document_key, ExceptionRow.code)
    )
    with transaction() as session:
        rows = session.execute(statement).all()
        notes = Notes()
        for row in rows:
            told = value.isoformat() if isinstance(value, datetime) else value
            notes.add(row.return_pk, what, row.document_key, code=row.code, to=told, by=by)
        notes.write(session)
    return len(rows)


def _tag(ids: Sequence[int], arguments: Arguments, by: str) -> int:
    """Add a tag to all, or take it away with ``remove``."""
    tag = " ".join(arguments.get("tag", "").split()).lower()[:40]
    if not tag:
        raise NotPossible(say("Write the tag."))
    tags = func.array_remove(ExceptionRow.tags, tag)
    if not arguments.get("remove"):
        tags = func.array_append(tags, tag)
    statement = update(ExceptionRow).where(among(ExceptionRow.id, ids)).values(tags=tags).returning(ExceptionRow.id)
    with transaction() as session:
        return len(session.execute(statement).all())


_PERFORM: Mapping[Action, Callable[[Sequence[int], Arguments, str], int]] = {
    Action.RETRY: _retry,
    Action.RESOLVE: _resolve,
    Action.RELEASE: _release,
    Action.CHOOSE_ORDER: _choose_order,
    Action.CORRECT_QUANTITY: _correct_quantity,
    Action.NEXT_PERIOD: _next_period,
    Action.MAP_CODE: _map_code,
    Action.ASSIGN: _assign,
    Action.SNOOZE: _snooze,
    Action.TAG: _tag,
}
