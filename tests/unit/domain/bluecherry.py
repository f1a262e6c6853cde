"""BlueCherry's own rules, as small as the contract allows: what it refuses, and what its books say afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from app.domain.documents import Amounts, Document
from app.domain.model import CreditedLine, MemoOnOrder, Order
from app.domain.money import Money, total
from app.domain.policy import Kind

NONE = Decimal(0)


class Refused(Exception):
    """A document that BlueCherry does not take; its code."""


@dataclass(slots=True)
class Authorisation:
    """A return authorisation: units announced and received per line, by line number."""

    return_id: str
    ord_num: str
    lines: dict[int, tuple[int, str, int]]
    received: Counter[int] = field(default_factory=Counter)
    status: str = "A"

    def held(self, ord_line_seq: int) -> int:
        """Units of an order line that no other authorisation may have."""
        if self.status == "X":
            return 0
        return sum(
            self.received[seq] if self.status == "C" else qty
            for seq, (origin, _, qty) in self.lines.items()
            if origin == ord_line_seq
        )


class BlueCherry:
    """Orders, and what was posted on them. Keys stand for numbers."""

    def __init__(self, *orders: Order) -> None:
        self.orders = {order.ord_num: order for order in orders}
        self.ras: dict[str, Authorisation] = {}
        self.stock: Counter[tuple[str, str, str | None]] = Counter()
        self.memos: dict[str, tuple[str, MemoOnOrder]] = {}
        self.exchanges: dict[str, Document] = {}
        self.exchange_status: dict[str, str] = {}
        self.told: dict[str, Document] = {}

    def make(self, document: Document, amounts: Amounts | None, return_id: str) -> None:
        """Take a document into the books. Raises Refused."""
        match document.kind:
            case Kind.RETURN_AUTHORISATION:
                self._authorise(document, return_id)
            case Kind.INVENTORY_JOURNAL:
                self._move(document)
            case Kind.CREDIT_MEMO:
                assert amounts is not None
                self._credit(document, amounts, return_id)
            case Kind.EXCHANGE_ORDER:
                self._new(document.key, self.exchanges)
                assert document.lines
                assert all(line.qty > 0 for line in document.lines)
                self.exchanges[document.key] = document
                self.exchange_status[document.key] = "O"
            case Kind.ORDER_CANCEL:
                if self.exchange_status[document.source or ""] == "I":
                    raise Refused("ORDER_SHIPPED")
                self.exchange_status[document.source or ""] = "X"
            case Kind.RA_CANCEL | Kind.RA_CLOSE:
                self._end(self.ras[document.source or ""], document.kind)
            case Kind.VERDICT:
                self._new(document.key, self.told)
                self.told[document.key] = document

    def ship(self, key: str) -> None:
        """An open exchange order is shipped and invoiced."""
        self.exchange_status[key] = "I"

    def number_of(self, key: str) -> str:
        """The number under which an exchange order stands."""
        return f"N-{key}"

    def compare(self) -> None:
        """Compare with other books, where there are any."""

    def memos_on(self, ord_num: str) -> list[MemoOnOrder]:
        """All memos on an order, those made by hand included."""
        return [memo for number, memo in self.memos.values() if number == ord_num]

    def by_hand(self, memo: MemoOnOrder, ord_num: str) -> None:
        """Somebody types a memo in. Raises Refused."""
        self._check_memo(memo, self.orders[ord_num])
        self.memos[f"hand-{len(self.memos)}"] = (ord_num, memo)

    def free(self, ord_num: str, line_seq: int, but: str = "") -> int:
        """Units of an order line that are on no live authorisation."""
        held = sum(ra.held(line_seq) for key, ra in self.ras.items() if ra.ord_num == ord_num and key != but)
        return self.orders[ord_num].line(line_seq).qty_inv - held

    @staticmethod
    def _new(key: str, known: Iterable[str]) -> None:
        assert key not in known, f"{key} was made twice"

    def _authorise(self, document: Document, return_id: str) -> None:
        self._new(document.key, self.ras)
        if not document.lines:
            raise Refused("BAD_REQUEST")
        order = self.orders[document.ord_num]
        wanted: Counter[int] = Counter()
        for line in document.lines:
            if order.line(line.ord_line_seq or 0).sku != line.sku:
                raise Refused("SKU_NOT_ON_ORDER")
            wanted[line.ord_line_seq or 0] += line.qty
        if any(units > self.free(document.ord_num, seq) for seq, units in wanted.items()):
            raise Refused("QTY_EXCEEDS_SHIPPED")
        lines = {line.seq: (line.ord_line_seq or 0, line.sku, line.qty) for line in document.lines}
        self.ras[document.key] = Authorisation(return_id, document.ord_num, lines)

    def _move(self, document: Document) -> None:
        self._new(document.key, self.told)
        ra = self.ras[document.after[0]]
        if ra.status == "X":
            raise Refused("RA_CANCELLED")
        if sum(line.qty for line in document.lines if line.rec_type == "SA"):
            raise Refused("TOTAL_MISMATCH")
        for line in document.lines:
            if line.rec_type == "RT":
                seq = line.ra_line_seq or 0
                if line.qty < 1 or ra.received[seq] + line.qty > ra.lines[seq][2] or ra.lines[seq][1] != line.sku:
                    raise Refused("QTY_EXCEEDS_RA")
                ra.received[seq] += line.qty
            assert line.qty
            self.stock[line.sku, line.location or "", line.lot] += line.qty
        self.told[document.key] = document
        # BlueCherry does not mind, but nobody can take goods from where none lie.
        assert min(self.stock.values(), default=0) >= 0, f"{document.key} takes goods from where none lie"
        if ra.status != "C" and any(line.rec_type == "RT" for line in document.lines):
            whole = all(ra.received[seq] == qty for seq, (_, _, qty) in ra.lines.items())
            ra.status = "R" if whole else "P"

    def _end(self, ra: Authorisation, kind: Kind) -> None:
        if kind is Kind.RA_CANCEL and ra.status in ("P", "R", "C"):
            raise Refused("RA_RECEIVED")
        if kind is Kind.RA_CLOSE and ra.status == "X":
            raise Refused("RA_CANCELLED")
        ra.status = "X" if kind is Kind.RA_CANCEL else "C"

    def _credit(self, document: Document, amounts: Amounts, return_id: str) -> None:
        self._new(document.key, self.memos)
        units: Counter[int] = Counter()
        for line in document.lines:
            units[line.ord_line_seq or 0] += line.qty
        lines = tuple(CreditedLine(part.seq, units[part.seq], part.net, part.disc, part.tax) for part in amounts.lines)
        assert set(units) == {part.seq for part in amounts.lines}
        memo = MemoOnOrder(
            document.key,
            document.after[0],
            return_id,
            document.key,
            lines,
            amounts.freight,
            amounts.freight_tax,
            amounts.fee,
            amounts.total,
        )
        order = self.orders[document.ord_num]
        goods = total([part.net + part.tax for part in lines], order.currency)
        gross = goods + amounts.freight + amounts.freight_tax
        if gross - amounts.fee != amounts.total or amounts.total < Money.zero(order.currency):
            raise Refused("TOTAL_MISMATCH")
        self._check_memo(memo, order)
        assert gross, f"{document.key} is a memo over nothing"
        self.memos[document.key] = (document.ord_num, memo)

    def _check_memo(self, memo: MemoOnOrder, order: Order) -> None:
        if order.ord_status != "I":
            raise Refused("ORDER_NOT_INVOICED")
        standing = [*self.memos_on(order.ord_num), memo]
        for sold in order.lines:
            parts = [part for each in standing for part in each.lines if part.ord_line_seq == sold.line_seq]
            if sum(part.qty for part in parts) > sold.qty_inv:
                raise Refused("ALREADY_CREDITED")
            for name in ("net", "disc", "tax"):
                if sum((getattr(part, name).amount for part in parts), NONE) > getattr(sold, name).amount:
                    raise Refused("ALREADY_CREDITED")
        for name in ("freight", "freight_tax"):
            if sum((getattr(each, name).amount for each in standing), NONE) > getattr(order, name).amount:
                raise Refused("ALREADY_CREDITED")
