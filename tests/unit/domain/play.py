"""A play of returns on orders: the ledger as the bridge keeps it, against BlueCherry's rules, in memory.

After each change the return is planned anew and everything that must hold at any moment is checked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from app.domain.authorisation import authorise
from app.domain.documents import Amounts, Document, Entry, State
from app.domain.dossier import Decision, Dossier, item_status
from app.domain.due import Due, documents_due
from app.domain.exchange import price_exchange
from app.domain.memo_amounts import own_memos, price_next_memo, units_by_line
from app.domain.model import MemoOnOrder, Order, OrderLine, Receipt, ReceiptLine, Return, ReturnItem
from app.domain.money import Money, minor_unit
from app.domain.policy import ACCEPTED, REJECTED, ItemStatus, Kind, StoreRules
from app.domain.receiving import Arrivals, arrivals, disposition
from tests.unit.domain import build
from tests.unit.domain.bluecherry import BlueCherry, Refused

_IN_FLIGHT = (State.SENDING, State.DOUBTFUL)
_UNDO = (Kind.RA_CANCEL, Kind.RA_CLOSE, Kind.ORDER_CANCEL)


@dataclass(slots=True)
class Book:
    """What the bridge knows of one return."""

    ret: Return
    ord_num: str
    chain: dict[int, tuple[str, int]] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    receipts: list[Receipt] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    accepted_since: datetime | None = None

    def of(self, kind: Kind) -> list[Entry]:
        """The live entries of a kind."""
        return [entry for entry in self.entries.values() if entry.document.kind is kind and entry.live]


class Play:
    """Returns, their ledgers, and BlueCherry."""

    def __init__(
        self, rules: StoreRules, order: Order, *returns: Return, bluecherry: type[BlueCherry] = BlueCherry
    ) -> None:
        self.rules = rules
        self.erp = bluecherry(order)
        self.now = build.NOW
        self.books = {each.id: Book(each, order.ord_num) for each in returns}
        self.in_flight: dict[tuple[str, str], bool] = {}
        self.uneven: set[tuple[str, int]] = set()
        """Order lines of which somebody credited some other amount by hand than the rule's."""
        for each in returns:
            self.plan(each.id)

    def book(self, return_id: str = "r1") -> Book:
        """The book of a return."""
        return self.books[return_id]

    # What happens outside.

    def change(self, return_id: str = "r1", **changes: object) -> Due:
        """Reveni has the return otherwise now."""
        book = self.books[return_id]
        book.ret = replace(book.ret, updated=self.now, **changes)  # type: ignore[arg-type]
        accepted = any(item_status(item, self.rules) is ItemStatus.ACCEPTED for item in book.ret.items)
        book.accepted_since = (book.accepted_since or self.now) if accepted else None
        return self.plan(return_id)

    def change_item(self, item_id: str = "i1", return_id: str = "r1", **changes: object) -> Due:
        """Reveni has one item otherwise now."""
        items = tuple(
            replace(item, **changes) if item.item_id == item_id else item  # type: ignore[arg-type]
            for item in self.books[return_id].ret.items
        )
        return self.change(return_id, items=items)

    def move(self, ord_num: str, *lines: OrderLine, return_id: str = "r1") -> Due:
        """Reveni names another order of the return now, which sold these lines."""
        self.erp.orders[ord_num] = build.order(*lines, ord_num=ord_num)
        self.books[return_id].ord_num = ord_num
        return self.change(return_id, order_external_id=f"shop-{ord_num}")

    def receive(self, *units: tuple[str, int, str], return_id: str = "r1", site: str = "madrid") -> Due:
        """Goods come: (sku, units, grade)."""
        return self._message(build.receipt(self._next(return_id), *units, site=site), return_id)

    def regrade(self, sku: str, units: int, before: str, after: str, return_id: str = "r1") -> Due:
        """Goods are graded anew."""
        return self._message(build.regrade(self._next(return_id), sku, units, before, after), return_id)

    def decide(self, code: str, cause: str, action: str, return_id: str = "r1") -> Due:
        """A person decides about a blocker."""
        self.books[return_id].decisions.append(Decision(code, cause, "", action))
        return self.plan(return_id)

    def ship_exchanges(self) -> None:
        """BlueCherry ships and invoices the open exchange orders."""
        for key, status in self.erp.exchange_status.items():
            if status == "O":
                self.erp.ship(key)

    def return_exchange(self, key: str, returned: Return) -> None:
        """The customer sends back what came by a shipped exchange order: a return on that order."""
        document = self.erp.exchanges[key]
        original = self.erp.orders[document.ord_num]
        order = _order_of(self.erp.number_of(key), document, original)
        self.erp.orders[order.ord_num] = order
        book = Book(returned, order.ord_num)
        for line in order.lines:
            origin = document.lines[line.line_seq - 1].ord_line_seq or 0
            if original.ord_type == "S" or original.line(origin).paid:
                book.chain[line.line_seq] = (original.ord_num, origin)
            else:
                before = next(each for each in self.books.values() if each.ord_num == original.ord_num)
                book.chain[line.line_seq] = before.chain[origin]
        self.books[returned.id] = book
        self.plan(returned.id)

    def change_rules(self, **changes: object) -> None:
        """The mapping is another now: every return is planned anew."""
        self.rules = replace(self.rules, **changes)  # type: ignore[arg-type]
        for return_id in self.books:
            self.plan(return_id)

    def credit_by_hand(self, memo: MemoOnOrder, ord_num: str = "SO1", *, uneven: bool = False) -> None:
        """Somebody makes a memo in BlueCherry; nobody tells the bridge, which sees it when it looks again."""
        self.erp.by_hand(memo, ord_num)
        if uneven:
            self.uneven |= {(ord_num, part.ord_line_seq) for part in memo.lines}

    def _next(self, return_id: str) -> int:
        return len(self.books[return_id].receipts) + 1

    def _message(self, message: Receipt, return_id: str) -> Due:
        self.books[return_id].receipts.append(message)
        return self.plan(return_id)

    # The bridge.

    def dossier(self, return_id: str = "r1") -> Dossier:
        """All that is known of a return."""
        book = self.books[return_id]
        order = self.erp.orders[book.ord_num]
        reserved: Counter[tuple[str, int]] = Counter()
        for other_id, other in self.books.items():
            for entry in other.of(Kind.CREDIT_MEMO):
                if other_id != return_id and not entry.fixed:
                    for seq, units in units_by_line(entry.document).items():
                        reserved[entry.document.ord_num, seq] += units
        others = [each for num, each in self.erp.orders.items() if num != book.ord_num]
        return build.dossier(
            book.ret,
            order,
            *book.receipts,
            entries=book.entries.values(),
            others=others,
            chain=book.chain,
            taken=self._taken(return_id),
            memos={num: self._memos_of_others(return_id, num) for num in self.erp.orders},
            reserved=reserved,
            decisions=tuple(book.decisions),
            aliases=book.aliases,
            accepted_since=book.accepted_since,
        )

    def _taken(self, return_id: str) -> dict[int, int]:
        taken: Counter[int] = Counter()
        for other_id, other in self.books.items():
            for entry in other.of(Kind.RETURN_AUTHORISATION):
                made = self.erp.ras.get(entry.key)
                over = made is not None and made.status in ("C", "X")
                if other_id == return_id or over or entry.document.ord_num != self.books[return_id].ord_num:
                    continue
                for line in entry.document.lines:
                    taken[line.ord_line_seq or 0] += line.qty
        for ra in self.erp.ras.values():
            if ra.return_id != return_id and ra.status == "C":
                for seq, (origin, _, _) in ra.lines.items():
                    taken[origin] += ra.received[seq]
        return dict(taken)

    def _memos_of_others(self, return_id: str, ord_num: str) -> tuple[MemoOnOrder, ...]:
        found = [memo for memo in self.erp.memos_on(ord_num) if memo.aux_ref_num is None]
        for other_id, other in self.books.items():
            if other_id != return_id:
                found += own_memos(other.entries.values(), ord_num)
        return tuple(found)

    def plan(self, return_id: str = "r1") -> Due:
        """Bring the ledger in line with what is due, twice: the second time changes nothing."""
        if not self.rules.warehouse_feed:
            self._receive_by_status(return_id)
        due = documents_due(self.dossier(return_id), self.rules, self.now)
        self._sync(self.books[return_id], due)
        again = documents_due(self.dossier(return_id), self.rules, self.now)
        assert again.documents == due.documents
        assert again.blockers == due.blockers
        self.check(return_id, due)
        return due

    def _receive_by_status(self, return_id: str) -> None:
        book = self.books[return_id]
        for item in book.ret.items:
            status = item_status(item, self.rules)
            name = f"es:{return_id}:{item.item_id}"
            judged = status in (ItemStatus.ACCEPTED, ItemStatus.REJECTED)
            if judged and all(each.id != name for each in book.receipts):
                grade = ACCEPTED if status is ItemStatus.ACCEPTED else REJECTED
                line = ReceiptLine(item.quantity, grade, sku=item.sku, item_id=item.item_id)
                n = self._next(return_id)
                book.receipts.append(Receipt(name, "madrid", "receipt", self.now, (line,), n=n))

    @staticmethod
    def _sync(book: Book, due: Due) -> None:
        for document in due.documents:
            known = book.entries.get(document.key)
            unsent = known is not None and known.state in (State.DUE, State.REFUSED)
            if known is None or known.state is State.WITHDRAWN or (unsent and known.document != document):
                book.entries[document.key] = build.entry(document, State.DUE)
        keys = {document.key for document in due.documents}
        for key, entry in book.entries.items():
            if key not in keys and entry.state in (State.DUE, State.REFUSED):
                book.entries[key] = replace(entry, state=State.WITHDRAWN)

    def ready(self, return_id: str) -> list[str]:
        """Keys of documents that can be sent now."""
        book = self.books[return_id]
        posted = {key for key, entry in book.entries.items() if entry.state is State.POSTED}
        return [
            key
            for key, entry in book.entries.items()
            if entry.state is State.DUE and posted.issuperset(entry.document.after)
        ]

    def send(self, key: str, return_id: str = "r1", outcome: str = "posted") -> None:
        """Send a document: `posted`, or no answer comes and it was `made` or `lost`."""
        book = self.books[return_id]
        kind = book.entries[key].document.kind
        if kind in (Kind.CREDIT_MEMO, Kind.RETURN_AUTHORISATION):
            # What is free on the order may have changed with another return.
            self.plan(return_id)
            busy = kind is Kind.CREDIT_MEMO and self._memo_in_flight(book.entries[key].document.ord_num)
            if busy or key not in self.ready(return_id):
                return
        document = book.entries[key].document
        amounts = self._price(document, return_id)
        entry = Entry(document, State.SENDING, True, None, amounts)
        book.entries[key] = entry
        if outcome == "lost":
            self.in_flight[return_id, key] = False
        else:
            self._make(book, entry, return_id)
            if outcome == "made" and book.entries[key].state is State.POSTED:
                book.entries[key] = replace(entry, state=State.DOUBTFUL)
                self.in_flight[return_id, key] = True
        self.plan(return_id)

    def look_up(self, return_id: str, key: str) -> None:
        """What is doubtful is looked up: it was made, or it is due again."""
        book = self.books[return_id]
        entry = book.entries[key]
        if self.in_flight.pop((return_id, key)):
            book.entries[key] = replace(entry, state=State.POSTED, number=f"N-{key}")
        else:
            book.entries[key] = build.entry(entry.document, State.DUE)
        self.plan(return_id)

    def _memo_in_flight(self, ord_num: str) -> bool:
        return any(
            entry.state in _IN_FLIGHT and entry.document.ord_num == ord_num
            for book in self.books.values()
            for entry in book.of(Kind.CREDIT_MEMO)
        )

    def _price(self, document: Document, return_id: str) -> Amounts | None:
        order = self.erp.orders[document.ord_num]
        if document.kind is Kind.EXCHANGE_ORDER:
            return price_exchange(document, order)
        if document.kind is not Kind.CREDIT_MEMO:
            return None
        dossier = self.dossier(return_id)
        return price_next_memo(document, order, dossier, dossier.entries, self.rules.policy)

    def _make(self, book: Book, entry: Entry, return_id: str) -> None:
        try:
            self.erp.make(entry.document, entry.amounts, return_id)
        except Refused as refusal:
            # The goods left between the plan and the call: the one refusal that nobody can foresee.
            if str(refusal) != "ORDER_SHIPPED":
                raise AssertionError(f"{entry.document} was refused") from refusal
            book.entries[entry.key] = replace(entry, state=State.REFUSED, sent=False, error_code=str(refusal))
        else:
            book.entries[entry.key] = replace(entry, state=State.POSTED, number=f"N-{entry.key}")

    def post_all(self, choose: Callable[[list[str]], str] = lambda keys: keys[0], *, check: bool = True) -> None:
        """Look up what is doubtful and send what is due until nothing is left to do. It ends."""
        for _ in range(200):
            for return_id, key in list(self.in_flight):
                self.look_up(return_id, key)
            for return_id in self.books:
                self.plan(return_id)
            ready = [(return_id, self.ready(return_id)) for return_id in self.books]
            ready = [(return_id, keys) for return_id, keys in ready if keys]
            if not ready:
                break
            for return_id, keys in ready:
                self.send(choose(keys), return_id)
        else:
            raise AssertionError("there is always something more to post")
        if check:
            self.check_at_rest()

    # What must hold.

    def check(self, return_id: str, due: Due) -> None:
        """What holds at every moment."""
        keys = [document.key for document in due.documents]
        assert len(keys) == len(set(keys))
        assert all(len(each.key) <= 40 for each in due.documents if each.kind not in (*_UNDO, Kind.VERDICT))
        listed = {document.key: document for document in due.documents}
        for key, entry in self.books[return_id].entries.items():
            if entry.fixed:
                assert listed.get(key) == entry.document, (
                    f"{key} is {entry.state} and is not in the list as it was made"
                )
        for document in due.documents:
            assert set(document.after) <= set(keys), f"{document.key} waits for what is not due"
        self._check_credits()
        self._check_exchanges()

    def _check_credits(self) -> None:
        for ord_num, order in self.erp.orders.items():
            parts = [part for memo in self.erp.memos_on(ord_num) for part in memo.lines]
            for sold in order.lines:
                mine = [part for part in parts if part.ord_line_seq == sold.line_seq]
                units = sum(part.qty for part in mine)
                for name in ("net", "disc", "tax"):
                    credited = sum((getattr(part, name).amount for part in mine), Decimal(0))
                    whole: Decimal = getattr(sold, name).amount
                    assert credited <= whole
                    if (ord_num, sold.line_seq) not in self.uneven and units:
                        assert credited == share(whole, units, sold.qty_inv, order.currency), (ord_num, sold, name)

    def _check_exchanges(self) -> None:
        live: Counter[tuple[str, str | None]] = Counter()
        for return_id, book in self.books.items():
            for entry in book.of(Kind.EXCHANGE_ORDER):
                if self.erp.exchange_status.get(entry.key, "X") != "X":
                    live.update((return_id, line.item_id) for line in entry.document.lines)
        assert max(live.values(), default=0) <= 1, live

    def check_at_rest(self) -> None:
        """What holds when everything that can be posted is."""
        expected: Counter[tuple[str, str, str | None]] = Counter()
        for return_id, book in self.books.items():
            for entry in book.entries.values():
                waits = set(entry.document.after) - {k for k, e in book.entries.items() if e.state is State.POSTED}
                assert entry.state in (State.POSTED, State.WITHDRAWN, State.REFUSED) or waits
                assert entry.state is not State.DUE or any(book.entries[key].state is State.REFUSED for key in waits), (
                    f"{entry.key} waits for ever"
                )
            expected += self._stock_of(return_id)
        actual = Counter({where: units for where, units in self.erp.stock.items() if units})
        if self.rules.policy.rejected_goods == "send_back":
            gone = ("REJ", "SCRAP")
            expected = Counter({where: units for where, units in expected.items() if where[1] not in gone})
            actual = Counter({where: units for where, units in actual.items() if where[1] not in gone})
        assert actual == expected
        self.erp.compare()

    def _stock_of(self, return_id: str) -> Counter[tuple[str, str, str | None]]:
        """Where the units of a return lie: by the receipts, what they are graded now, and what Reveni says of them."""
        arrived = self.arrived(return_id)
        items = {item.item_id: item for item in self.books[return_id].ret.items}
        stock: Counter[tuple[str, str, str | None]] = Counter()
        for part in arrived.landed:
            item = items.get(part.item_id) or ReturnItem(part.item_id, "", 0, Decimal(0), "pending", "")
            how = disposition(part, item, self.rules)
            site = self.rules.sites[part.receipt.site]
            place = self.rules.place(site, how) or site.quarantine
            stock[part.line.sku, place.location, place.lot] += part.units
        return stock

    def arrived(self, return_id: str = "r1") -> Arrivals:
        """What arrived for a return, counted against the authorisation that stands."""
        dossier = self.dossier(return_id)
        return arrivals(dossier, self.rules, authorise(dossier, self.rules).standing)

    def credited(self, ord_num: str = "SO1") -> Money:
        """What all memos on an order add up to."""
        amount = Money.zero(self.erp.orders[ord_num].currency)
        for memo in self.erp.memos_on(ord_num):
            amount = amount + memo.total
        return amount


def _order_of(ord_num: str, document: Document, original: Order) -> Order:
    """The order that an exchange order is once it is shipped."""
    amounts = price_exchange(document, original)
    lines = tuple(
        replace(
            original.line(line.ord_line_seq or 0),
            line_seq=line.seq,
            sku=line.sku,
            upc=f"upc-{line.sku}",
            qty_ord=line.qty,
            qty_inv=line.qty,
            gross=part.net + part.disc,
            disc=part.disc,
            net=part.net,
            tax=part.tax,
            unit_price=(part.net.amount / line.qty).quantize(part.net.amount),
        )
        for line, part in zip(document.lines, amounts.lines, strict=True)
    )
    nothing = Money.zero(original.currency)
    return replace(
        original,
        ord_num=ord_num,
        aux_ref_num=document.key,
        orig_ord_num=original.ord_num,
        ord_type="E",
        ord_status="I",
        freight=nothing,
        freight_tax=nothing,
        lines=lines,
    )


def share(whole: Decimal, units: int, of: int, currency: str) -> Decimal:
    """whole × units ÷ of, rounded half up to the minor unit, in whole numbers: counted apart from the rules."""
    step = minor_unit(currency)
    minor = int(whole / step)
    return (2 * minor * units + of) // (2 * of) * step
