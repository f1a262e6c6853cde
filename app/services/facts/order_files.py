"""Order files: an order with all that stands on it, as one return or another has to reckon with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from app.domain.documents import Entry, State, is_key_of
from app.domain.memo_amounts import own_memos, units_by_line
from app.domain.model import MemoOnOrder, Order, RaOnOrder
from app.domain.policy import Kind


@dataclass(slots=True)
class OrderFile:
    """An order with all that stands on it: BlueCherry's authorisations and memos, the ledger's entries by return.

    `shadow`: the ids of returns in shadow by their row. For a live return the order is as BlueCherry has it. For one in
    shadow it is as it would be had the bridge posted all: with the documents in shadow, without what people entered
    for the returns that these are of.
    """

    order: Order
    ras: Sequence[RaOnOrder]
    memos: Sequence[MemoOnOrder]
    entries: dict[int, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    shadow: dict[int, str] = field(default_factory=dict)

    def taken(self, return_pk: int, lost: str | None = None) -> dict[int, int]:
        """Units per line on live return authorisations other than this return's own; on a closed one, what came.

        `lost`: the return's id where the ledger may have lost documents of it: what BlueCherry has of them is its own.
        """
        taken: dict[int, int] = defaultdict(int)
        keys = set()
        for pk, entries in self._standing(return_pk):
            keys |= {entry.key for entry in entries}
            for ord_line_seq, units in self._announced(entries) if pk != return_pk else ():
                taken[ord_line_seq] += units
        replaced = self._replaced(return_pk)
        for ra in self.ras:
            own = ra.aux_ref_num in keys or (lost is not None and is_key_of(ra.aux_ref_num, lost))
            if not own and ra.status != "X" and ra.ref_num2 not in replaced:
                for line_seq, qty, qty_rcv in ra.lines:
                    taken[line_seq] += qty_rcv if ra.status == "C" else qty
        return dict(taken)

    def _standing(self, return_pk: int) -> list[tuple[int, list[Entry]]]:
        """The ledger's entries that a return has to reckon with: those in shadow are nothing to a live one."""
        everything = return_pk in self.shadow
        return [(pk, entries) for pk, entries in self.entries.items() if everything or pk not in self.shadow]

    def _replaced(self, return_pk: int) -> frozenset[str]:
        """Returns whose documents in shadow take the place of what people entered for them, as one return sees it."""
        return frozenset(self.shadow.values()) if return_pk in self.shadow else frozenset()

    def _announced(self, entries: Sequence[Entry]) -> list[tuple[int, int]]:
        """Order lines and units that one return's authorisations hold on this order."""
        undone = _undone(entries)
        held = []
        for entry in entries:
            document = entry.document
            live = entry.live and entry.state is not State.REFUSED and entry.key not in undone[Kind.RA_CANCEL]
            if document.kind is not Kind.RETURN_AUTHORISATION or not live or document.ord_num != self.order.ord_num:
                continue
            came = _received(entries) if entry.key in undone[Kind.RA_CLOSE] else None
            held += [(x.ord_line_seq or 0, x.qty if came is None else came.get(x.seq, 0)) for x in document.lines]
        return held

    def memos_of_others(self, return_pk: int, lost: str | None = None) -> tuple[MemoOnOrder, ...]:
        """Memos on the order but this return's own: those made by hand, and those of other returns.

        `lost`: as for `taken`.
        """
        standing, replaced = self._standing(return_pk), self._replaced(return_pk)
        ours = {entry.key for _, entries in standing for entry in entries}
        their_ras = {ra.ra_num for ra in self.ras if ra.ref_num2 in replaced}
        others = [
            memo
            for memo in self.memos
            if memo.aux_ref_num not in ours
            and not (lost is not None and is_key_of(memo.aux_ref_num, lost))
            and memo.ref_num2 not in replaced
            and memo.ra_num not in their_ras
        ]
        for pk, entries in standing:
            if pk != return_pk:
                others += own_memos(entries, self.order.ord_num)
        return tuple(others)

    def reserved(self, return_pk: int) -> dict[tuple[str, int], int]:
        """Units per line that unsent memos of other returns hold."""
        reserved: dict[tuple[str, int], int] = defaultdict(int)
        for pk, entries in self._standing(return_pk):
            for entry in entries:
                unsent = entry.live and not entry.fixed and entry.document.kind is Kind.CREDIT_MEMO
                if pk != return_pk and unsent and entry.document.ord_num == self.order.ord_num:
                    for line_seq, units in units_by_line(entry.document).items():
                        reserved[self.order.ord_num, line_seq] += units
        return dict(reserved)


def _received(entries: Iterable[Entry]) -> dict[int, int]:
    """Units that journals received, per line of the return authorisation."""
    came: dict[int, int] = defaultdict(int)
    for entry in entries:
        if entry.document.kind is Kind.INVENTORY_JOURNAL and entry.fixed:
            for line in entry.document.lines:
                came[line.ra_line_seq or 0] += line.qty if line.rec_type == "RT" else 0
    return came


def _undone(entries: Iterable[Entry]) -> dict[Kind, set[str]]:
    undone: dict[Kind, set[str]] = defaultdict(set)
    for entry in entries:
        if entry.state is State.POSTED and entry.document.source:
            undone[entry.document.kind].add(entry.document.source)
    return undone


Orders = dict[tuple[str, str], OrderFile]
"""Orders by connection and number."""
