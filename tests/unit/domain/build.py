"""Builders of what the rules look at: small orders, returns, receipts and dossiers, whose details a test names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from app.domain.blockers import Code
from app.domain.documents import Amounts, Document, Entry, State
from app.domain.dossier import Dossier, SkuState
from app.domain.due import Due
from app.domain.model import (
    CreditedLine,
    Exchange,
    MemoOnOrder,
    Order,
    OrderLine,
    Receipt,
    ReceiptLine,
    Refund,
    Return,
    ReturnItem,
)
from app.domain.money import Money
from app.domain.policy import (
    AtOnce,
    Daily,
    Grade,
    ItemStatus,
    Kind,
    Phase,
    Place,
    Policy,
    Site,
    StoreRules,
)

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MADRID = Site("madrid", "MAD01", Place("MADQ"), reveni_location_ids=frozenset({"loc-madrid"}))
LYON = Site(
    "lyon",
    "LYO01",
    Place("LYOQ", "Q1"),
    lot="L0",
    division="020",
    reveni_location_ids=frozenset({"loc-lyon"}),
    grades={"B": Place("LYOB", "B7")},
)
GRADES = {
    "A": Grade("A", accepts=True),
    "B": Grade("B", accepts=True, location="SECONDS"),
    "accepted": Grade("accepted", accepts=True),
    "rejected": Grade("rejected", accepts=False, location="REJ"),
}


def rules(
    *,
    judge: Literal["reveni", "warehouse"] = "reveni",
    feed: bool = True,
    policy: Policy | None = None,
    **changes: object,
) -> StoreRules:
    """The rules of the store `es`, with two sites; without a feed Reveni's item status is the receipt."""
    made = StoreRules(
        name="es",
        time_zone=ZoneInfo("Europe/Madrid"),
        sites={"madrid": MADRID, "lyon": LYON},
        default_site="madrid",
        judge=judge,
        warehouse_feed=feed,
        grades=GRADES,
        reasons={"too_small": "SZ", "damaged": "DA"},
        statuses={phase.value: phase for phase in Phase if phase is not Phase.UNKNOWN},
        item_statuses={status.value: status for status in ItemStatus if status is not ItemStatus.UNKNOWN},
        policy=policy or Policy(),
        posting={
            Kind.RETURN_AUTHORISATION: AtOnce(),
            Kind.INVENTORY_JOURNAL: AtOnce(),
            Kind.EXCHANGE_ORDER: AtOnce(),
            Kind.CREDIT_MEMO: Daily((time(20, 0),)),
        },
        version="v1",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def line(
    seq: int,
    sku: str,
    units: int = 1,
    net: str = "100.00",
    tax: str = "21.00",
    disc: str = "0",
    *,
    currency: str = "EUR",
    rate: str = "0.21",
) -> OrderLine:
    """A line of an order, invoiced in full: `net`, `tax` and `disc` are amounts of all its units."""
    money = [Money.of(Decimal(each), currency) for each in (net, tax, disc)]
    gross = money[0] + money[2]
    price = (gross.amount / units).quantize(Decimal("0.0001")) if units else Decimal(0)
    return OrderLine(
        seq, sku, f"upc-{sku}", units, units, price, gross, money[2], money[0], "IVA", Decimal(rate), money[1]
    )


def order(
    *lines: OrderLine,
    ord_num: str = "SO1",
    ord_type: str = "S",
    status: str = "I",
    freight: str = "0",
    freight_tax: str = "0",
    orig: str | None = None,
) -> Order:
    """An invoiced sale."""
    currency = lines[0].net.currency
    return Order(
        ord_num=ord_num,
        ref_num1=f"shop-{ord_num}",
        ref_num2=None,
        aux_ref_num=None,
        orig_ord_num=orig,
        division="010",
        customer="WEB",
        store="0001",
        ord_type=ord_type,
        ord_status=status,
        currency=currency,
        freight=Money.of(freight, currency),
        freight_tax=Money.of(freight_tax, currency),
        lines=lines,
    )


def item(
    item_id: str = "i1",
    sku: str = "X",
    units: int = 1,
    price: str = "121.00",
    status: str = "pending",
    *,
    exchange: Exchange | None = None,
    reason: str = "too_small",
) -> ReturnItem:
    """A line of a return."""
    return ReturnItem(item_id, sku, units, Decimal(price), status, reason, exchange=exchange)


def swap(sku: str = "NEW", units: int = 1, price: str | None = None) -> Exchange:
    """What the customer gets in place of an item; even unless a price is named."""
    return Exchange(sku, units, None if price is None else Decimal(price))


def ret(
    *items: ReturnItem,
    status: str = "in_progress",
    return_id: str = "r1",
    instant: bool = False,
    currency: str = "EUR",
    refunded_at: datetime | None = None,
    **changes: object,
) -> Return:
    """A return of the order `shop-SO1`."""
    refund = Refund("original", "done", None, refunded_at) if refunded_at else None
    made = Return(
        store="es",
        id=return_id,
        status=status,
        type="refund",
        instant=instant,
        created=NOW,
        updated=NOW,
        currency=currency,
        amount=sum((each.price * each.quantity for each in items if each.exchange is None), Decimal(0)),
        order_external_id="shop-SO1",
        items=items,
        refund=refund,
        location_id="loc-madrid",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def receipt(
    n: int,
    *units: tuple[str, int, str],
    site: str = "madrid",
    receipt_id: str | None = None,
) -> Receipt:
    """The `n`-th message of a warehouse: goods as (sku, units, grade)."""
    lines = tuple(ReceiptLine(count, grade, sku=sku) for sku, count, grade in units)
    return Receipt(receipt_id or f"g{n}", site, "receipt", NOW, lines, n=n)


def regrade(n: int, sku: str, units: int, before: str, after: str, *, site: str = "madrid") -> Receipt:
    """The `n`-th message of a warehouse: goods that were graded anew."""
    lines = (ReceiptLine(units, after, sku=sku, from_grade=before),)
    return Receipt(f"g{n}", site, "regrade", NOW, lines, n=n)


def dossier(
    returned: Return,
    on: Order | None,
    *receipts: Receipt,
    entries: Iterable[Entry] = (),
    others: Iterable[Order] = (),
    states: dict[str, SkuState] | None = None,
    **changes: object,
) -> Dossier:
    """A dossier in which every SKU is active but those that `states` names."""
    skus = {each.sku for each in returned.items} | {each.exchange.sku for each in returned.items if each.exchange}
    orders = {each.ord_num: each for each in [*([on] if on else []), *others]}
    skus |= {each.sku for known in orders.values() for each in known.lines}
    made = Dossier(
        ret=returned,
        order=on,
        problem=None if on else Code.UNKNOWN_ORDER,
        orders=orders,
        catalogue=dict.fromkeys(skus, SkuState.ACTIVE) | (states or {}),
        upcs={f"upc-{sku}": sku for sku in skus},
        receipts=receipts,
        entries=tuple(entries),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def entry(document: Document, state: State = State.POSTED, amounts: Amounts | None = None) -> Entry:
    """A row of the ledger for a document, posted unless another state is named."""
    sent = state in (State.SENDING, State.DOUBTFUL, State.POSTED)
    number = f"N-{document.key}" if state is State.POSTED else None
    return Entry(document, state, sent, number, amounts)


def memo(
    *lines: tuple[int, int, str, str],
    return_id: str | None = None,
    ra_num: str | None = None,
    currency: str = "EUR",
) -> MemoOnOrder:
    """A memo that somebody made by hand: (order line, units, net, tax)."""
    nothing = Money.zero(currency)
    parts = tuple(
        CreditedLine(seq, units, Money.of(net, currency), nothing, Money.of(tax, currency))
        for seq, units, net, tax in lines
    )
    whole = nothing
    for part in parts:
        whole = whole + part.net + part.tax
    return MemoOnOrder("BYHAND", ra_num, return_id, None, parts, nothing, nothing, nothing, whole)


def of_kind(due: Due, kind: Kind) -> list[Document]:
    """The documents of a kind that are due."""
    return [document for document in due.documents if document.kind is kind]


def codes(due: Due) -> list[Code]:
    """The codes of the blockers, sorted."""
    return sorted(blocker.code for blocker in due.blockers)


def days(count: float) -> timedelta:
    """A distance in days."""
    return timedelta(days=count)
