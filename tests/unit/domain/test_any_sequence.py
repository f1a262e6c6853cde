"""Any sequence of changes, receipts, regrades, memos by hand and calls leaves BlueCherry's books right."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Literal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    multiple,
    precondition,
    rule,
)

from app.domain.documents import State
from app.domain.model import Exchange, Order, Return, ReturnItem
from app.domain.money import Money, minor_unit
from app.domain.policy import Grade, Kind, Policy
from tests.unit.domain import build
from tests.unit.domain.bluecherry import Refused
from tests.unit.domain.play import Play, share
from tests.unit.domain.sandbox import BothBlueCherrys

MOST_RETURNS = 4
SKUS = ("X", "Y", "FREE")
STATUSES = ("pending", "accepted", "rejected", "for_review", "strange")
PHASES = (
    "in_progress",
    "in_progress",
    "received",
    "accepted",
    "partially_accepted",
    "rejected",
    "cancelled",
    "strange",
    "incomplete",
)


@st.composite
def an_order(draw: st.DrawFn) -> Order:
    """A SKU on two lines at two prices, another on one, and one for nothing."""
    currency = draw(st.sampled_from(["EUR", "JPY", "KWD"]))
    step = minor_unit(currency)

    def money(most: int) -> str:
        return str(draw(st.integers(0, most)) * step)

    lines = [
        build.line(
            seq, sku, draw(st.integers(1, 3)), money(most), money(most // 4), money(most // 3), currency=currency
        )
        for seq, sku, most in ((1, "X", 20_000), (2, "X", 10), (3, "Y", 3_000), (4, "FREE", 0))
    ]
    return build.order(*lines, freight=money(500), freight_tax=money(100))


def exchanges(units: int) -> st.SearchStrategy[Exchange | None]:
    uneven = st.builds(build.swap, st.just("NEW"), st.just(units), st.sampled_from([None, "1", "500"]))
    return st.one_of(st.none(), uneven)


@st.composite
def a_return(draw: st.DrawFn, order: Order, return_id: str, *, instant: bool) -> Return:
    items: list[ReturnItem] = []
    for number in range(1, draw(st.integers(1, 2)) + 1):
        sku, units = draw(st.sampled_from(SKUS)), draw(st.integers(1, 2))
        sold = next(line for line in order.lines if line.sku == sku)
        price = (sold.paid.amount / sold.qty_inv).quantize(minor_unit(order.currency))
        items.append(
            ReturnItem(f"i{number}", sku, units, price, "pending", "too_small", exchange=draw(exchanges(units)))
        )
    fees = draw(st.sampled_from(["0", "1", "100000"]))
    return build.ret(*items, return_id=return_id, instant=instant, currency=order.currency, fees=Decimal(fees))


class AnySequence(RuleBasedStateMachine):
    """Two returns of one order, those of what came in exchange, and all that can happen to them."""

    ids: Bundle[str] = Bundle("ids")

    @initialize(target=ids, data=st.data())
    def begin(self, data: st.DataObject) -> MultipleResults[str]:
        policy = Policy(
            freight=data.draw(st.sampled_from(["never", "all_back"])),
            fees=data.draw(st.sampled_from(["beside", "on_memo"])),
            rejected_goods=data.draw(st.sampled_from(["journal", "journal", "send_back"])),
        )
        feed = data.draw(st.sampled_from([True, True, False]))
        judges: list[Literal["reveni", "warehouse"]] = ["reveni", "warehouse"] if feed else ["reveni"]
        order = data.draw(an_order())
        returns = [
            data.draw(a_return(order, return_id, instant=data.draw(st.booleans()))) for return_id in ("r1", "r2")
        ]
        self.play = Play(
            build.rules(judge=data.draw(st.sampled_from(judges)), feed=feed, policy=policy),
            order,
            *returns,
            bluecherry=BothBlueCherrys,
        )
        return multiple("r1", "r2")

    @rule(return_id=ids, status=st.sampled_from(PHASES))
    def the_return_changes(self, return_id: str, status: str) -> None:
        self.play.change(return_id, status=status)

    @rule(return_id=ids, which=st.integers(0, 1))
    def an_item_is_accepted(self, return_id: str, which: int) -> None:
        items = self.play.book(return_id).ret.items
        self.play.change_item(items[which % len(items)].item_id, return_id, status="accepted")

    @rule(return_id=ids)
    def the_return_goes_on(self, return_id: str) -> None:
        self.play.change(return_id, status="in_progress")

    @rule(return_id=ids, status=st.sampled_from(STATUSES), which=st.integers(0, 2))
    def an_item_is_judged(self, return_id: str, status: str, which: int) -> None:
        items = self.play.book(return_id).ret.items
        self.play.change_item(items[which % len(items)].item_id, return_id, status=status)

    @rule(return_id=ids, status=st.sampled_from(["accepted", "rejected"]))
    def all_is_judged(self, return_id: str, status: str) -> None:
        items = tuple(replace(item, status=status) for item in self.play.book(return_id).ret.items)
        self.play.change(return_id, status=status, items=items)

    @rule(return_id=ids, which=st.integers(0, 2), units=st.integers(1, 2), data=st.data())
    def an_item_changes(self, return_id: str, which: int, units: int, data: st.DataObject) -> None:
        items = self.play.book(return_id).ret.items
        item = items[which % len(items)]
        exchange = data.draw(exchanges(units))
        self.play.change_item(item.item_id, return_id, quantity=units, exchange=exchange)

    @rule(return_id=ids, refunded=st.booleans())
    def the_refund_changes(self, return_id: str, refunded: bool) -> None:
        refund = build.ret(refunded_at=self.play.now).refund if refunded else None
        self.play.change(return_id, refund=refund)

    @precondition(lambda self: self.play.rules.warehouse_feed)
    @rule(return_id=ids, which=st.integers(0, 1), units=st.integers(1, 2), grade=st.sampled_from(["A", "A", "B", "??"]))
    def announced_goods_come(self, return_id: str, which: int, units: int, grade: str) -> None:
        items = self.play.book(return_id).ret.items
        self.play.receive((items[which % len(items)].sku, units, grade), return_id=return_id)

    @precondition(lambda self: self.play.rules.warehouse_feed)
    @rule(
        return_id=ids,
        units=st.lists(
            st.tuples(
                st.sampled_from([*SKUS, "STRANGE"]), st.integers(1, 3), st.sampled_from(["A", "B", "rejected", "??"])
            ),
            min_size=1,
            max_size=3,
        ),
        site=st.sampled_from(["madrid", "madrid", "lyon", "nowhere"]),
    )
    def goods_come(self, return_id: str, units: list[tuple[str, int, str]], site: str) -> None:
        self.play.receive(*units, return_id=return_id, site=site)

    @precondition(lambda self: self.play.rules.warehouse_feed)
    @rule(
        return_id=ids,
        sku=st.sampled_from(SKUS),
        units=st.integers(1, 3),
        grades=st.tuples(*[st.sampled_from(["A", "B", "rejected", "??"])] * 2),
    )
    def goods_are_regraded(self, return_id: str, sku: str, units: int, grades: tuple[str, str]) -> None:
        self.play.regrade(sku, units, *grades, return_id=return_id)

    @rule(return_id=ids, which=st.integers(0, 9), outcome=st.sampled_from(["posted", "posted", "made", "lost"]))
    def a_document_is_sent(self, return_id: str, which: int, outcome: str) -> None:
        ready = self.play.ready(return_id)
        if ready:
            self.play.send(ready[which % len(ready)], return_id, outcome)

    @rule(which=st.integers(0, 9))
    def a_doubtful_one_is_looked_up(self, which: int) -> None:
        doubtful = list(self.play.in_flight)
        if doubtful:
            self.play.look_up(*doubtful[which % len(doubtful)])

    @rule(
        line_seq=st.integers(1, 4), units=st.integers(1, 2), named=st.sampled_from([None, "r1", "r2"]), data=st.data()
    )
    def somebody_credits_by_hand(self, line_seq: int, units: int, named: str | None, data: st.DataObject) -> None:
        order = self.play.erp.orders["SO1"]
        sold = order.line(line_seq)
        parts = [p for memo in self.play.erp.memos_on("SO1") for p in memo.lines if p.ord_line_seq == line_seq]
        before = sum(part.qty for part in parts)
        uneven = data.draw(st.booleans())
        amounts = []
        for name in ("net", "tax", "disc"):
            whole = getattr(sold, name).amount
            gone = sum((getattr(part, name).amount for part in parts), Decimal(0))
            most = whole if uneven else share(whole, min(before + units, sold.qty_inv), sold.qty_inv, order.currency)
            amounts.append(Money(max(most - gone, Money.zero(order.currency).amount), order.currency))
        net, tax, disc = amounts
        memo = build.memo((line_seq, units, "0", "0"), return_id=named, currency=order.currency)
        part = replace(memo.lines[0], net=net, tax=tax, disc=disc)
        try:
            self.play.credit_by_hand(replace(memo, lines=(part,), total=net + tax), uneven=uneven)
        except Refused:
            return

    @rule()
    def the_exchanges_are_shipped(self) -> None:
        self.play.ship_exchanges()

    @precondition(lambda self: len(self.play.books) < MOST_RETURNS)
    @rule(target=ids, which=st.integers(0, 9), units=st.integers(1, 2), instant=st.booleans(), data=st.data())
    def what_came_by_an_exchange_comes_back(
        self, which: int, units: int, instant: bool, data: st.DataObject
    ) -> MultipleResults[str]:
        shipped = [key for key, status in self.play.erp.exchange_status.items() if status == "I"]
        if not shipped:
            return multiple()
        document = self.play.erp.exchanges[shipped[which % len(shipped)]]
        line = document.lines[which % len(document.lines)]
        item = ReturnItem(
            "i1",
            line.sku,
            min(units, line.qty),
            (line.price or Decimal(0)) / line.qty,
            "pending",
            "too_small",
            exchange=data.draw(exchanges(units)),
        )
        currency = self.play.erp.orders["SO1"].currency
        returned = build.ret(item, return_id=f"r{len(self.play.books) + 1}", instant=instant, currency=currency)
        self.play.return_exchange(document.key, returned)
        return multiple(returned.id)

    @rule()
    def the_unknown_grade_is_mapped(self) -> None:
        grade = Grade("??", accepts=True, location="MENDED")
        self.play.change_rules(grades={**self.play.rules.grades, "??": grade}, version="v2")

    @rule(return_id=ids)
    def a_month_goes_by(self, return_id: str) -> None:
        self.play.now += build.days(31)
        self.play.plan(return_id)

    @rule(return_id=ids)
    def finance_releases_what_never_came(self, return_id: str) -> None:
        self.play.decide("not_received", return_id, "release", return_id)

    @rule(return_id=ids)
    def finance_releases_what_was_rejected(self, return_id: str) -> None:
        self.play.decide("refunded_rejected", return_id, "release", return_id)

    @rule()
    def all_is_posted(self) -> None:
        self.play.post_all()

    def teardown(self) -> None:
        if not hasattr(self, "play"):
            return
        self.play.post_all(lambda keys: keys[-1])
        for return_id, book in self.play.books.items():
            posted = {key for key, entry in book.entries.items() if entry.state is State.POSTED}
            self.play.plan(return_id)
            assert posted == {key for key, entry in book.entries.items() if entry.state is State.POSTED}
            assert not [entry for entry in book.of(Kind.CREDIT_MEMO) if entry.state is State.DUE]


EXAMPLES = 5000 if settings.get_current_profile_name() == "long" else 40
AnySequence.TestCase.settings = settings(max_examples=EXAMPLES, stateful_step_count=25, deadline=None)
TestAnySequence = AnySequence.TestCase
