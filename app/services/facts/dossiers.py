"""Dossiers: everything that the rules need to know of returns, read in a few statements for a whole slice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session

from app.db.among import among
from app.db.codec import load
from app.db.entries import entry_of, rows_of_returns
from app.db.tables.base import Base
from app.db.tables.exceptions import DecisionRow
from app.db.tables.ledger import LedgerRow
from app.db.tables.mirrors import ItemRow, OrderRow
from app.db.tables.returns import ReceiptRow, ReturnRow
from app.domain.blockers import Code, Side
from app.domain.documents import Entry, State
from app.domain.dossier import Decision, Dossier, SkuState, corrected
from app.domain.model import MemoOnOrder, Order, RaOnOrder, Receipt, Return
from app.domain.money import Money
from app.domain.policy import Kind
from app.domain.saying import Said, say
from app.services.facts.catalogue import Aliases, Division, aliases_of, items_of, wanted_skus
from app.services.facts.order_files import OrderFile, Orders
from app.services.outside import Outside


@dataclass(slots=True)
class Slice:
    """Returns that are looked at together, with their rows. Who plans holds locks on the returns and their orders."""

    returns: dict[int, ReturnRow]
    ledger: dict[int, list[LedgerRow]]
    receipts: dict[int, list[ReceiptRow]]
    orders: Orders
    decisions: dict[int, list[DecisionRow]]
    aliases: Aliases
    items: Mapping[Division, Mapping[str, ItemRow]]
    outside: Outside

    def dossier(self, pk: int) -> Dossier:
        """The dossier of one return of the slice, as its rows are now."""
        row = self.returns[pk]
        connection = self.outside.store(row.store).connection
        decisions = decided(self.decisions.get(pk, []))
        ret = corrected(load(Return, row.data), decisions)
        file = self.orders.get((connection, row.ord_num or ""))
        entries = [entry_of(each) for each in self.ledger.get(pk, [])]
        chain, origins = self._chain(row.store, connection, file)
        files = [each for each in [file, *origins] if each is not None]
        aliases = self.aliases.get(row.store, {})
        catalogue, upcs = self._catalogue(connection, file)
        problem = Code(row.order_problem) if row.order_problem else None
        lost = ret.id if self.may_lack_documents(row) else None
        return Dossier(
            ret=ret,
            order=file.order if file else None,
            problem=problem,
            problem_detail=_why(ret, problem),
            orders={each.order.ord_num: each.order for each in files},
            chain=chain,
            catalogue=catalogue,
            upcs=upcs,
            aliases=aliases,
            receipts=tuple(receipt_of(each) for each in self.receipts.get(pk, [])),
            entries=tuple(entries),
            taken=file.taken(pk, lost) if file else {},
            memos={each.order.ord_num: each.memos_of_others(pk, lost) for each in files},
            reserved={target: units for each in files for target, units in each.reserved(pk).items()},
            decisions=decisions,
            accepted_since=row.accepted_since,
            inactive_returnable=self.outside.bluecherry[connection].profile.inactive_returnable,
        )

    def may_lack_documents(self, row: ReturnRow) -> bool:
        """Whether BlueCherry may have documents of a return that the ledger lost in a restore."""
        restore = self.outside.restores.last()
        return restore is not None and not row.shadow and restore.may_have_lost(load(Return, row.data).created)

    def note(self, pk: int) -> None:
        """Tell the orders of the slice what the ledger holds of a return now."""
        self.tell(pk, [entry_of(each) for each in self.ledger.get(pk, [])])

    def tell(self, pk: int, entries: Sequence[Entry]) -> None:
        """Tell the orders of the slice that these are a return's entries on them."""
        connection = self.outside.store(self.returns[pk].store).connection
        for ord_num in {entry.document.ord_num for entry in entries}:
            file = self.orders.get((connection, ord_num))
            if file is not None:
                file.entries[pk] = list(entries)

    def _catalogue(self, connection: str, file: OrderFile | None) -> tuple[dict[str, SkuState], dict[str, str]]:
        if file is None:
            return {}, {}
        states: dict[str, SkuState] = {}
        upcs: dict[str, str] = {}
        for sku, item in self.items.get((connection, file.order.division), {}).items():
            state = SkuState.ACTIVE if item.active else SkuState.INACTIVE
            states[sku] = state if item.known else SkuState.UNKNOWN
            if item.upc:
                upcs[item.upc] = sku
        return states, upcs

    def _chain(
        self, store: str, connection: str, file: OrderFile | None
    ) -> tuple[dict[int, tuple[str, int]], list[OrderFile]]:
        """For lines of a zero-value exchange order, the lines that they were exchanged for, as far back as it takes."""
        chain: dict[int, tuple[str, int]] = {}
        origins: dict[str, OrderFile] = {}
        if file is None or file.order.ord_type != "E":
            return {}, []
        for line in file.order.lines:
            at, seq = file, line.line_seq
            while at.order.ord_type == "E" and not at.order.line(seq).paid:
                made = self._exchange(at)
                origin = next((x for x in made.document.lines if x.seq == seq), None) if made else None
                following = self.orders.get((connection, made.document.ord_num)) if made else None
                if origin is None or following is None:
                    break
                at, seq = following, origin.ord_line_seq or 0
            else:
                if at is not file:
                    chain[line.line_seq] = (at.order.ord_num, seq)
                    origins[at.order.ord_num] = at
        return chain, list(origins.values())

    def _exchange(self, file: OrderFile) -> Entry | None:
        """The ledger's entry that made an exchange order."""
        for other in self.orders.values():
            for entries in other.entries.values():
                for entry in entries:
                    if entry.key == file.order.aux_ref_num and entry.document.kind is Kind.EXCHANGE_ORDER:
                        return entry
        return None


def decided(rows: Iterable[DecisionRow]) -> tuple[Decision, ...]:
    """Decisions as the rules see them, in their order."""
    return tuple(
        Decision(
            *(each.code, each.cause, each.receipt_id, each.action, each.value),
            amount=Money.of(each.amount, each.currency) if each.amount is not None and each.currency else None,
            side=Side(each.side) if each.side else None,
        )
        for each in rows
    )


def receipt_of(row: ReceiptRow) -> Receipt:
    """A receipt as the rules see it."""
    return replace(load(Receipt, row.data), site=row.site, n=row.n or 0)


def _why(ret: Return, problem: Code | None) -> Said:
    if problem is Code.ORDER_AMBIGUOUS:
        return say(
            "Several orders in BlueCherry bear the shop's order id %(order)r and fit the return.",
            order=ret.order_external_id,
        )
    return say("BlueCherry has no order with the shop's order id %(order)r in ref_num1.", order=ret.order_external_id)


def lock_returns(session: Session, pks: Iterable[int]) -> None:
    """Take the locks on returns: always the first that a transaction takes, so that none waits for the other."""
    session.execute(
        select(ReturnRow.pk).where(among(ReturnRow.pk, sorted(set(pks)))).order_by(ReturnRow.pk).with_for_update()
    )


def load_slice(session: Session, pks: Iterable[int], outside: Outside, *, lock: bool = True) -> Slice:
    """Read and lock returns, their ledger rows and their orders, always in the same order of rows.

    Returns of stores that are gone from the configuration are left out. Without `lock`, for those who only look.
    """
    wanted = sorted(set(pks))
    statement = _locked(select(ReturnRow).where(ReturnRow.pk.in_(wanted)).order_by(ReturnRow.pk), lock)
    returns = {row.pk: row for row in session.scalars(statement) if row.store in outside.config.stores}
    orders = _load_orders(session, returns.values(), outside, lock)
    return slice_of(session, returns, orders, outside, lock=lock)


def slice_of(
    session: Session, returns: dict[int, ReturnRow], orders: Orders, outside: Outside, *, lock: bool = False
) -> Slice:
    """The slice of returns and orders that are at hand, with what else the database has about them."""
    ledger = rows_of_returns(session, returns, lock=lock)
    aliases = aliases_of(session, {row.store for row in returns.values()})
    wanted = wanted_items(returns, orders, aliases, outside)
    return Slice(
        returns,
        ledger,
        _receipts(session, returns),
        orders,
        _decisions(session, returns),
        aliases,
        items_of(session, wanted),
        outside,
    )


_Row = TypeVar("_Row", bound=Base)


def _locked(statement: Select[tuple[_Row]], lock: bool) -> Select[tuple[_Row]]:
    return statement.with_for_update() if lock else statement


def _load_orders(session: Session, returns: Collection[ReturnRow], outside: Outside, lock: bool) -> Orders:
    """The orders of returns, and those that exchanges led away from, locked; with every ledger entry on them."""
    files: Orders = {}
    wanted = {(outside.store(r.store).connection, r.ord_num) for r in returns if r.ord_num}
    while wanted:
        statement = select(OrderRow).where(tuple_(OrderRow.connection, OrderRow.ord_num).in_(sorted(wanted)))
        found = session.scalars(_locked(statement.order_by(OrderRow.pk), lock)).all()
        for row in found:
            files[row.connection, row.ord_num] = OrderFile(
                load(Order, row.data),
                [load(RaOnOrder, each) for each in row.ras],
                [load(MemoOnOrder, each) for each in row.memos],
            )
        origins = {
            (row.connection, files[row.connection, row.ord_num].order.orig_ord_num or "")
            for row in found
            if files[row.connection, row.ord_num].order.ord_type == "E"
        }
        wanted = {key for key in origins if key[1] and key not in files}
    add_entries(session, files, returns)
    return files


def add_entries(session: Session, files: Orders, returns: Iterable[ReturnRow]) -> None:
    """Tell orders every ledger entry on them, and which returns are in shadow: those of the entries, and `returns`."""
    if files:
        on_orders = (
            select(LedgerRow, ReturnRow.id)
            .join(ReturnRow, ReturnRow.pk == LedgerRow.return_pk)
            .where(tuple_(LedgerRow.connection, LedgerRow.ord_num).in_(sorted(files)))
        )
        standing = on_orders.where(LedgerRow.state != State.WITHDRAWN).order_by(LedgerRow.id)
        for entry_row, return_id in session.execute(standing):
            file = files[entry_row.connection, entry_row.ord_num]
            file.entries[entry_row.return_pk].append(entry_of(entry_row))
            if entry_row.shadow:
                file.shadow[entry_row.return_pk] = return_id
    in_shadow = {row.pk: row.id for row in returns if row.shadow}
    for file in files.values():
        file.shadow |= in_shadow


def _receipts(session: Session, pks: Iterable[int]) -> dict[int, list[ReceiptRow]]:
    found: dict[int, list[ReceiptRow]] = defaultdict(list)
    for row in session.scalars(select(ReceiptRow).where(ReceiptRow.return_pk.in_(list(pks))).order_by(ReceiptRow.n)):
        found[row.return_pk or 0].append(row)
    return found


def _decisions(session: Session, pks: Iterable[int]) -> dict[int, list[DecisionRow]]:
    found: dict[int, list[DecisionRow]] = defaultdict(list)
    for row in session.scalars(select(DecisionRow).where(DecisionRow.return_pk.in_(list(pks)))):
        found[row.return_pk].append(row)
    return found


def wanted_items(
    returns: Mapping[int, ReturnRow], orders: Orders, aliases: Aliases, outside: Outside
) -> dict[Division, set[str]]:
    """The SKUs of returns by connection and division: those of their orders."""
    wanted: dict[Division, set[str]] = defaultdict(set)
    skus = wanted_skus(returns.values(), aliases)
    for pk, row in returns.items():
        connection = outside.store(row.store).connection
        file = orders.get((connection, row.ord_num or ""))
        if file is not None:
            wanted[connection, file.order.division] |= skus[pk]
    return wanted
