"""Validation: the order of each return, and every SKU against the item master; then the plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from app.calls import CallError
from app.db.codec import load
from app.db.engine import transaction
from app.db.tables.exceptions import ExceptionRow
from app.db.tables.ledger import LedgerRow
from app.db.tables.mirrors import OrderRow
from app.db.tables.returns import ReturnRow
from app.domain.blockers import Code
from app.domain.documents import State
from app.domain.model import Item, Order
from app.domain.policy import Phase
from app.domain.saying import say
from app.services.exceptions.dead_letters import open_exception
from app.services.facts.catalogue import Aliases, Division, aliases_of, items_of, returned_skus, wanted_skus
from app.services.facts.dossiers import lock_returns
from app.services.facts.items import save_items, unanswered, unread_items
from app.services.facts.order_search import Found, assign_order, find_orders, not_asked, picked_orders
from app.services.facts.orders import look_at_orders, save_looks, save_orders
from app.services.ledger.planning import LOOK_AGAIN, MENDED_OUTSIDE, after_its_message, kinds_to_make, plan
from app.services.ledger.posting import Outcome
from app.services.outside import Outside
from app.services.retrying import backoff, counts

_CALM = 3
"""The delay after a question that was not answered is that of a third try: nothing hangs on it but time."""
_SEEN_LATELY = timedelta(seconds=5)
"""An answer of the item master that is younger than this is not asked for again."""

_Catalogue = dict[Division, set[str]]
"""SKUs by connection and division."""


def validate(pks: Iterable[int], outside: Outside) -> Outcome:
    """Find the order of returns that have none yet or do not fit theirs, ask for SKUs that the mirror lacks, and plan.

    A return whose order or SKUs could not be asked for leaves the slice and is tried again. One whose BlueCherry is
    away is left as it is: the sweep comes back to it.
    """
    away = outside.away().stores
    with transaction() as session:
        found_rows = session.scalars(select(ReturnRow).where(ReturnRow.pk.in_(list(pks)), _not_set_aside()))
        rows = [row for row in found_rows if row.store in outside.config.stores and row.store not in away]
        if not rows:
            return Outcome([])
        aliases = aliases_of(session, {row.store for row in rows})
        skus = wanted_skus(rows, aliases)
        held = _held(session, rows, outside)
        misfits = _misfits(session, rows, aliases, outside)
        open_order = [row for row in rows if row.ord_num is None or row.pk in misfits]
        without_order = [row for row in open_order if row.phase != Phase.INCOMPLETE]
        if not held and not without_order and not any(_unknown_to_mirror(session, rows, skus, outside).values()):
            return _plan(session, [row.pk for row in rows], outside)
    found = find_orders(without_order, outside)
    looked_at, _ = look_at_orders(held, outside)
    with transaction() as session:
        lock_returns(session, [row.pk for row in rows])
        _save(session, aliases, found)
        save_looks(session, looked_at)
        missing = _unknown_to_mirror(session, rows, skus, outside)
    failures = _ask_items(missing, outside)
    with transaction() as session:
        divisions = _divisions(session, rows, outside)
        for row in rows:
            failed = failures.get(divisions.get(row.pk, ("", "")))
            if failed is not None and skus[row.pk] & failed.skus:
                found.failed.setdefault(row.pk, failed.error)
        outcome = _plan(session, [row.pk for row in rows if row.pk not in found.failed], outside)
        outcome.again |= {pk: backoff(_CALM, error, outside) for pk, error in found.failed.items()}
        _try_again(session, found.failed, outcome.again, outside)
    return outcome


def _not_set_aside() -> ColumnElement[bool]:
    """A return that killed its worker again and again is not touched before a person retries it."""
    return ~exists().where(
        ExceptionRow.return_pk == ReturnRow.pk,
        ExceptionRow.code == Code.TASK_LOST,
        ExceptionRow.closed_at.is_(None),
    )


def _plan(session: Session, pks: list[int], outside: Outside) -> Outcome:
    """Plan; a return whose order nobody asked for, as it named another meanwhile, goes through all this again."""
    work = plan(session, pks, outside)
    unasked = {pk for pk, row in work.returns.items() if not_asked(row)}
    passed = [pk for pk in pks if pk not in unasked]
    return Outcome(passed, due=kinds_to_make(work, outside), again=dict.fromkeys(unasked, 0.0))


def _held(session: Session, rows: Sequence[ReturnRow], outside: Outside) -> set[tuple[str, str]]:
    """Orders of returns that are held by something that may have been mended in BlueCherry meanwhile."""
    open_ones = select(ExceptionRow.return_pk).where(
        ExceptionRow.return_pk.in_([row.pk for row in rows]),
        ExceptionRow.closed_at.is_(None),
        ExceptionRow.code.in_(MENDED_OUTSIDE),
    )
    held = set(session.scalars(open_ones))
    return {(outside.store(row.store).connection, row.ord_num) for row in rows if row.pk in held and row.ord_num}


def _misfits(session: Session, rows: Sequence[ReturnRow], aliases: Aliases, outside: Outside) -> set[int]:
    """Returns whose order has not invoiced all that comes back, and that nothing was made for: another may fit now."""
    chosen = {row.pk: row for row in rows if row.ord_num is not None}
    if not chosen:
        return set()
    made = exists().where(
        LedgerRow.return_pk == ReturnRow.pk, LedgerRow.state.in_((State.SENDING, State.DOUBTFUL, State.POSTED))
    )
    on = (
        select(ReturnRow.pk, OrderRow.connection, OrderRow.data)
        .join(OrderRow, OrderRow.ord_num == ReturnRow.ord_num)
        .where(ReturnRow.pk.in_(list(chosen)), ~made)
    )
    misfits = set()
    for pk, connection, data in session.execute(on):
        if connection == outside.store(chosen[pk].store).connection:
            invoiced = {line.sku for line in load(Order, data).lines if line.qty_inv > 0}
            misfits |= {pk} if returned_skus(chosen[pk], aliases) - invoiced else set()
    return misfits


def _save(session: Session, aliases: Aliases, found: Found) -> None:
    save_orders(session, found.fetched)
    locked = select(ReturnRow).where(ReturnRow.pk.in_(list(found.orders))).order_by(ReturnRow.pk).with_for_update()
    picked = picked_orders(session, found.orders)
    for row in session.scalars(locked):
        assign_order(row, aliases, found, picked.get(row.pk))


def _divisions(session: Session, rows: Sequence[ReturnRow], outside: Outside) -> dict[int, tuple[str, str]]:
    """Connection and division that each return's SKUs are looked up in: its order's."""
    fresh = session.execute(select(ReturnRow.pk, ReturnRow.ord_num).where(ReturnRow.pk.in_([row.pk for row in rows])))
    ord_nums = {pk: ord_num for pk, ord_num in fresh if ord_num}
    orders = session.execute(
        select(OrderRow.connection, OrderRow.ord_num, OrderRow.data["division"].astext).where(
            OrderRow.ord_num.in_(set(ord_nums.values()))
        )
    )
    known = {(connection, ord_num): division for connection, ord_num, division in orders}
    divisions = {}
    for row in rows:
        connection = outside.store(row.store).connection
        division = known.get((connection, ord_nums.get(row.pk, "")))
        if division is not None:
            divisions[row.pk] = (connection, division)
    return divisions


def _unknown_to_mirror(
    session: Session, rows: Sequence[ReturnRow], skus: dict[int, set[str]], outside: Outside
) -> _Catalogue:
    """SKUs that the mirror has not, or has as inactive or unknown since more than a moment: they are asked live."""
    wanted: _Catalogue = defaultdict(set)
    for pk, where in _divisions(session, rows, outside).items():
        wanted[where] |= skus[pk]
    for division, known in items_of(session, wanted).items():
        for item in known.values():
            if (item.known and item.active) or item.seen_at > outside.now() - _SEEN_LATELY:
                wanted[division].discard(item.sku)
    return wanted


class _Unanswered(NamedTuple):
    """SKUs of a division that BlueCherry gave no answer for, and why."""

    skus: set[str]
    error: CallError


def _ask_items(missing: _Catalogue, outside: Outside) -> dict[Division, _Unanswered]:
    failures: dict[Division, _Unanswered] = {}
    answers: list[tuple[str, str, set[str], list[Item]]] = []
    for (connection, division), names in missing.items():
        if not names:
            continue
        try:
            answer = outside.bluecherry[connection].lookup_items(division, sorted(names))
        except CallError as error:
            failures[connection, division] = _Unanswered(names, error)
            continue
        open_ones = unanswered(names, answer)
        if open_ones:
            failures[connection, division] = _Unanswered(open_ones, unread_items(answer))
        answers.append((connection, division, names - open_ones, list(answer.rows)))
    if answers:
        with transaction() as session:
            for connection, division, names, items in answers:
                save_items(session, connection, division, items, names, outside.now())
    return failures


def _try_again(session: Session, failed: dict[int, CallError], again: dict[int, float], outside: Outside) -> None:
    """Let the sweep come back to returns that could not be asked about; after the tries, a person."""
    statement = select(ReturnRow).where(ReturnRow.pk.in_(list(failed))).order_by(ReturnRow.pk).with_for_update()
    for row in session.scalars(statement):
        error = failed[row.pk]
        row.fetch_tries += 1 if counts(error) else 0
        row.wake_at = after_its_message(outside.now() + timedelta(seconds=again[row.pk]), outside.now())
        if row.fetch_tries >= outside.config.retry.tries:
            row.pending, row.wake_at, row.fetch_tries = False, outside.now() + LOOK_AGAIN, 0
            again.pop(row.pk)
            open_exception(
                session, Code.TRIES_USED_UP, "validate", say("BlueCherry could not be asked: %(why)s", why=error), row
            )
