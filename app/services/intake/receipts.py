"""Receipts: which return a warehouse's message is about, and its number among that return's receipts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.calls import CallError
from app.db.codec import dump
from app.db.engine import transaction
from app.db.tables.ledger import LedgerRow
from app.db.tables.mirrors import ItemRow
from app.db.tables.returns import ReceiptRow, ReturnRow
from app.domain.blockers import Code
from app.domain.model import Receipt, ReceiptLine
from app.domain.policy import Kind, Phase
from app.domain.saying import say
from app.services.exceptions.dead_letters import close_exceptions, open_exception
from app.services.facts.catalogue import Aliases, aliases_of, meant, returned_skus
from app.services.facts.dossiers import receipt_of
from app.services.history import Notes
from app.services.intake.returns import Fetched, ReturnKey, Stored, fetch, is_absent, store_returns, versions_of
from app.services.outside import Outside
from app.services.privacy.erased import allow_erasing, without_notes

_SOONEST, _LATEST = timedelta(seconds=3), timedelta(minutes=1)
"""How often the return of a receipt that has none is looked for: soon at first, for it may come beside it."""
_UNANSWERED = timedelta(seconds=10)
"""How soon it is looked for again when BlueCherry or Reveni gave no answer: that says nothing of the return."""
_SLICE = 100


def possible_returns(session: Session, receipts: Sequence[Receipt], outside: Outside) -> list[list[ReturnKey]]:
    """Where each receipt may belong, best first: by return id, then by return authorisation, then by tracking number.

    A return id that is not known here may be any store's whose goods come to the site: each is asked. One that is
    known, but only in a store that does not list the site, is that return all the same: it says `unmapped_site`.
    """
    by_id = _by_id(session, {receipt.return_id for receipt in receipts if receipt.return_id})
    by_ra = _by_authorisation(session, {receipt.ra_num for receipt in receipts if receipt.ra_num})
    by_tracking = _by_tracking(session, {receipt.tracking_number for receipt in receipts if receipt.tracking_number})
    upcs = upcs_of(session, receipts) if by_tracking else {}
    stores_tracked = {row.store for rows in by_tracking.values() for row in rows}
    aliases = aliases_of(session, stores_tracked) if stores_tracked else {}
    found = []
    for receipt in receipts:
        stores = outside.config.sites[receipt.site].stores
        keys: list[ReturnKey] = []
        if receipt.return_id:
            known = sorted(key for key in by_id if key[1] == receipt.return_id)
            keys += (
                [key for key in known if key[0] in stores] or known or [(store, receipt.return_id) for store in stores]
            )
        keys += [key for key in by_ra.get(receipt.ra_num or "", []) if key[0] in stores]
        rows = [row for row in by_tracking.get(receipt.tracking_number or "", []) if row.store in stores]
        keys += _settled_by_sku(rows, receipt, upcs, aliases)
        found.append(list(dict.fromkeys(keys)))
    return found


def _by_id(session: Session, ids: set[str]) -> set[ReturnKey]:
    if not ids:
        return set()
    statement = select(ReturnRow.store, ReturnRow.id).where(ReturnRow.id.in_(ids))
    return {(store, return_id) for store, return_id in session.execute(statement)}


def _by_authorisation(session: Session, ra_nums: set[str]) -> dict[str, list[ReturnKey]]:
    if not ra_nums:
        return {}
    statement = (
        select(LedgerRow.number, ReturnRow.store, ReturnRow.id)
        .join(ReturnRow, ReturnRow.pk == LedgerRow.return_pk)
        .where(LedgerRow.number.in_(ra_nums), LedgerRow.kind == Kind.RETURN_AUTHORISATION)
    )
    found: dict[str, list[ReturnKey]] = {}
    for number, store, return_id in session.execute(statement):
        found.setdefault(number or "", []).append((store, return_id))
    return found


def _by_tracking(session: Session, numbers: set[str]) -> dict[str, list[ReturnRow]]:
    if not numbers:
        return {}
    statement = select(ReturnRow).where(
        ReturnRow.tracking_number.in_(numbers), ReturnRow.phase.not_in((Phase.INCOMPLETE, Phase.CANCELLED))
    )
    found: dict[str, list[ReturnRow]] = {}
    for row in session.scalars(statement.order_by(ReturnRow.pk)):
        found.setdefault(row.tracking_number or "", []).append(row)
    return found


def upcs_of(session: Session, receipts: Sequence[Receipt]) -> dict[str, str]:
    """The SKU of each scanned code that is a UPC in the item master, also where it came as a SKU."""
    codes = {code_of(line) for receipt in receipts for line in receipt.lines}
    known = session.execute(select(ItemRow.upc, ItemRow.sku).where(ItemRow.upc.in_(codes)))
    return {upc: sku for upc, sku in known if upc is not None}


def code_of(line: ReceiptLine) -> str:
    """What stood on the goods: a SKU or UPC."""
    return line.sku or line.upc or ""


def _settled_by_sku(
    rows: list[ReturnRow], receipt: Receipt, upcs: Mapping[str, str], aliases: Aliases
) -> list[ReturnKey]:
    """Of several open returns with the tracking number, the one that announces every SKU of the receipt."""
    if len(rows) > 1:
        named = [{code, upcs.get(code, code)} for code in map(code_of, receipt.lines)]
        rows = [row for row in rows if _announces(row, named, aliases)]
    return [(rows[0].store, rows[0].id)] if len(rows) == 1 else []


def _announces(row: ReturnRow, named: Iterable[set[str]], aliases: Aliases) -> bool:
    """Whether a return has goods for each line; `named`: what a line's code may mean."""
    skus = returned_skus(row, aliases)
    return all(meant(names, row.store, aliases) & skus for names in named)


class Authorised(NamedTuple):
    """By the number of the authorisation: the return that BlueCherry has it for, and those it gave no answer for."""

    found: dict[str, ReturnKey]
    unanswered: set[str]


def returns_by_authorisation(receipts: Iterable[Receipt], outside: Outside) -> Authorised:
    """For receipts that name an authorisation the ledger may not know: the return that BlueCherry has it for."""
    found: dict[str, ReturnKey] = {}
    unanswered: set[str] = set()
    for receipt in receipts:
        if receipt.ra_num is None or receipt.ra_num in found:
            continue
        for store in outside.config.sites[receipt.site].stores:
            try:
                ra = outside.erp(store).ra(receipt.ra_num)
            except CallError:
                unanswered.add(receipt.ra_num)  # the receipt waits as one without a return and is looked at again
                continue
            if ra is not None and ra.ref_num2:
                found[receipt.ra_num] = (store, ra.ref_num2)
                break
    return Authorised(found, unanswered - set(found))


def attach(
    session: Session,
    receipts: Sequence[tuple[Receipt, datetime, Sequence[ReturnKey]]],
    stored: Stored,
    notes: Notes,
    outside: Outside,
) -> None:
    """Store receipts with the return that they belong to, once.

    Each comes with the time when the bridge got it and the returns that it may belong to, best first. Goods whose
    return nobody knows are kept, and become an exception.
    """
    if not receipts:
        return
    values = [
        {
            "site": receipt.site,
            "external_id": receipt.id,
            "kind": receipt.kind,
            "data": dump(receipt),
            "received_at": receipt.received_at,
            "taken_at": taken_at,
            "next_look_at": outside.now() + _SOONEST,
        }
        for receipt, taken_at, _ in receipts
    ]
    made = insert(ReceiptRow).values(values).on_conflict_do_nothing().returning(ReceiptRow)
    kept = {(row.site, row.external_id): row for row in session.scalars(made).all()}
    homes: list[tuple[ReceiptRow, ReturnRow]] = []
    for receipt, _, keys in receipts:
        row = kept.pop((receipt.site, receipt.id), None)
        home = next((stored.rows[key] for key in keys if key in stored.rows), None)
        if row is not None and home is not None:
            homes.append((row, home))
        elif row is not None:
            _without_return(session, row, receipt)
    _give_homes(session, homes, stored, notes, outside)


def _give_homes(
    session: Session,
    homes: Sequence[tuple[ReceiptRow, ReturnRow]],
    stored: Stored,
    notes: Notes,
    outside: Outside,
) -> None:
    """Give receipts to their returns, each with the next number. The returns are locked."""
    if not homes:
        return
    newest = (
        select(ReceiptRow.return_pk, func.max(ReceiptRow.n))
        .where(ReceiptRow.return_pk.in_({home.pk for _, home in homes}))
        .group_by(ReceiptRow.return_pk)
    )
    numbers = {pk: n for pk, n in session.execute(newest) if pk is not None and n is not None}
    if any(home.erased_at is not None for _, home in homes):
        allow_erasing(session)
    for row, home in homes:
        numbers[home.pk] = numbers.get(home.pk, 0) + 1
        row.return_pk, row.store, row.n, row.next_look_at = home.pk, home.store, numbers[home.pk], None
        if home.erased_at is not None:
            row.data = without_notes(row)
        home.pending, home.wake_at = True, outside.now() + outside.config.sweep.stalled_after
        stored.changed.add(home.pk)
        units = sum(line.quantity for line in receipt_of(row).lines)
        notes.add(home.pk, row.kind, site=row.site, receipt=row.external_id, units=units)
    session.flush()


def _without_return(session: Session, kept: ReceiptRow, receipt: Receipt) -> None:
    named = receipt.return_id or receipt.ra_num or receipt.tracking_number
    units = sum(line.quantity for line in receipt.lines)
    message = say(
        "Receipt %(receipt)s of %(units)s units at site %(site)s names %(name)s, and no return is that.",
        receipt=receipt.id,
        units=units,
        site=receipt.site,
        name=named,
    )
    open_exception(session, Code.RECEIPT_WITHOUT_RETURN, f"{receipt.site}:{named}", message, kept, units=units)


def adopt(session: Session, stored: Stored, notes: Notes, outside: Outside) -> None:
    """Give receipts that came before their return to the returns that are known now."""
    if not stored.changed:
        return
    changed = [row for row in stored.rows.values() if row.pk in stored.changed]
    homes = [
        (kept, next(stored.rows[key] for key in mine if key in stored.rows))
        for kept, mine in lost_receipts(session, changed, outside, lock=True)
        if any(key in stored.rows for key in mine)
    ]
    _give_homes(session, homes, stored, notes, outside)
    for kept, _ in homes:
        close_exceptions(session, outside.now(), "its return is known now", receipt_pk=kept.pk)


def lost_receipts(
    session: Session, returns: Iterable[ReturnRow], outside: Outside, *, lock: bool = False
) -> list[tuple[ReceiptRow, list[ReturnKey]]]:
    """Receipts without a return that name one of these, and where each may belong, best first."""
    rows = list(returns)
    ids = [row.id for row in rows]
    tracking = [row.tracking_number for row in rows if row.tracking_number]
    lost = select(ReceiptRow).where(
        ReceiptRow.return_pk.is_(None),
        or_(ReceiptRow.data["return_id"].astext.in_(ids), ReceiptRow.data["tracking_number"].astext.in_(tracking)),
    )
    lost = lost.order_by(ReceiptRow.pk)
    waiting = session.scalars(lost.with_for_update() if lock else lost).all()
    waiting = [kept for kept in waiting if kept.site in outside.config.sites]
    keys = possible_returns(session, [receipt_of(kept) for kept in waiting], outside)
    return list(zip(waiting, keys, strict=True))


def find_homes(outside: Outside) -> list[int]:
    """Look again for the returns of receipts that have none; the returns that were found."""
    now = outside.now()
    with transaction() as session:
        lost = (
            select(ReceiptRow)
            .where(ReceiptRow.return_pk.is_(None), ReceiptRow.next_look_at <= now)
            .order_by(ReceiptRow.next_look_at)
            .limit(_SLICE)
            .with_for_update(skip_locked=True)
        )
        rows = [kept for kept in session.scalars(lost) if kept.site in outside.config.sites]
        for kept in rows:
            kept.next_look_at = now + min(_LATEST, max(_SOONEST, now - kept.taken_at))
        receipts = [receipt_of(kept) for kept in rows]
        if not receipts:
            return []
        possible = possible_returns(session, receipts, outside)
        versions = versions_of(session, [key for found in possible for key in found])
    by_ra = returns_by_authorisation(receipts, outside)
    for receipt, keys in zip(receipts, possible, strict=True):
        if receipt.ra_num in by_ra.found:
            keys.append(by_ra.found[receipt.ra_num])
    fetched: Fetched = fetch([key for found in possible for key in found], versions, outside)
    notes = Notes()
    with transaction() as session:
        stored = store_returns(session, fetched, notes, outside)
        for receipt, keys in zip(receipts, possible, strict=True):
            row = next((stored.rows[key] for key in keys if key in stored.rows), None)
            still = select(ReceiptRow).where(
                ReceiptRow.site == receipt.site, ReceiptRow.external_id == receipt.id, ReceiptRow.return_pk.is_(None)
            )
            kept_now = session.scalars(still.with_for_update()).one_or_none()
            if row is not None and kept_now is not None:
                _give_homes(session, [(kept_now, row)], stored, notes, outside)
                close_exceptions(session, now, "its return is known now", receipt_pk=kept_now.pk)
            elif kept_now is not None and (receipt.ra_num in by_ra.unanswered or _unanswered(keys, fetched, stored)):
                kept_now.next_look_at = min(now + _UNANSWERED, kept_now.next_look_at or now + _UNANSWERED)
        notes.write(session)
    return sorted(stored.changed)


def _unanswered(keys: Iterable[ReturnKey], fetched: Fetched, stored: Stored) -> bool:
    """Whether a return that goods may belong to could not be had, though it may well be there."""
    failures = (fetched.failures.get(key) for key in keys)
    no_answer = any(isinstance(error, CallError) and not is_absent(error) for error in failures)
    return no_answer or any(key in stored.stale for key in keys)
