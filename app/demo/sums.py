"""The books as a whole: what must have been credited, and what must lie where, worked out from the script alone.

The returns one by one are the matter of `recount`, the steps in which an order was credited that of `credits`. Here
nothing is taken from the books but the figures that are compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from app.demo.books import Books, MemoRow, OrderRow
from app.demo.cents import after, minor
from app.demo.expect import ExchangeOrder, StockPlace
from app.demo.findings import PARTS, Check, Sum, Sums, tally
from app.demo.script import Script
from app.demo.world import Line, Order


def check_sums(check: Check, script: Script, books: Books) -> Sums:
    """Compares every order line's credit, every currency's sums and every place's stock with the script."""
    memos = books["credit_memos"]
    units = tally((key, count) for outcome in script.outcomes.values() for key, count in outcome.credited.items())
    units.update(tally(((each.order.ord_num, each.line.seq), each.units) for each in script.world.hand_memos))
    lines = _lines_due(script, units)
    check.same_counts("credit_memo", "all memos", "amount", _lines_found(memos), lines)
    due = _credited_due(script, units, lines)
    found = _credited_found(memos)
    check.same_counts("credit_memo", "all memos", "sum", found, due)
    currencies = sorted({order.store.currency for order in script.world.orders})
    hand, sell, places = _check_places(check, script, books)
    return Sums(
        {
            currency: Sum(
                {part: found[currency, part] for part in PARTS}, {part: due[currency, part] for part in PARTS}
            )
            for currency in currencies
        },
        len({key[:2] for key, amount in lines.items() if amount}),
        places,
        hand,
        sell,
    )


_LineKey = tuple[str, int, str]
"""Order, line, and net, discount or tax."""


def _lines_due(script: Script, units: Mapping[tuple[str, int], int]) -> Counter[_LineKey]:
    due: Counter[_LineKey] = Counter()
    for order in script.world.orders:
        for line in order.lines:
            count = units.get((order.ord_num, line.seq), 0)
            for part, whole in _parts(line).items():
                due[order.ord_num, line.seq, part] = after(whole, count, line.qty)
    return due


def _parts(line: Line) -> dict[str, int]:
    return {"net": line.net, "discount": line.disc, "tax": line.tax}


def _lines_found(memos: list[MemoRow]) -> Counter[_LineKey]:
    return tally(
        ((memo["ord_num"], line["ord_line_seq"], part), minor(text))
        for memo in memos
        for line in memo["lines"]
        for part, text in (("net", line["net_amt"]), ("discount", line["disc_amt"]), ("tax", line["tax_amt"]))
    )


def _credited_due(
    script: Script, units: Mapping[tuple[str, int], int], lines: Mapping[_LineKey, int]
) -> Counter[tuple[str, str]]:
    due: Counter[tuple[str, str]] = Counter()
    currency_of = {order.ord_num: order.store.currency for order in script.world.orders}
    for (ord_num, _, part), amount in lines.items():
        due[currency_of[ord_num], part] += amount
    for order in script.world.orders:
        if _all_back(order, units):
            due[order.store.currency, "freight"] += order.freight
            due[order.store.currency, "freight tax"] += order.freight_tax
    currencies = {order.store.name: order.store.currency for order in script.world.orders}
    for outcome in script.outcomes.values():
        if outcome.fee:
            due[currencies[outcome.store], "fees"] += outcome.fee
    return due


def _all_back(order: Order, units: Mapping[tuple[str, int], int]) -> bool:
    paid = [line for line in order.lines if line.paid]
    touched = any((order.ord_num, line.seq) in units for line in paid)
    whole = all(units.get((order.ord_num, line.seq), 0) == line.qty for line in paid)
    return touched and whole and order.store.freight == "all_back"


def _credited_found(memos: list[MemoRow]) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for memo in memos:
        currency = memo["currency"]
        for line in memo["lines"]:
            found[currency, "net"] += minor(line["net_amt"])
            found[currency, "discount"] += minor(line["disc_amt"])
            found[currency, "tax"] += minor(line["tax_amt"])
        found[currency, "freight"] += minor(memo["freight_amt"])
        found[currency, "freight tax"] += minor(memo["freight_tax_amt"])
        found[currency, "fees"] += minor(memo["fee_amt"])
    return found


def _check_places(check: Check, script: Script, books: Books) -> tuple[tuple[int, int], tuple[int, int], int]:
    """On hand: what returns brought less what was invoiced. Open to sell: less, too, what is open on orders."""
    brought = tally(pair for outcome in script.outcomes.values() for pair in outcome.stock.items())
    invoiced, ordered = _sold(script, books["sales_orders"])
    places = {*brought, *invoiced, *ordered}
    hand_due = Counter({place: brought[place] - invoiced[place] for place in places})
    sell_due = Counter({place: hand_due[place] - ordered[place] for place in places})
    rows = [(StockPlace(r["division"], r["sku"], r["location"], r["lot"]), r["qoh"], r["ots"]) for r in books["stock"]]
    hand, sell = Counter({p: qoh for p, qoh, _ in rows}), Counter({p: ots for p, _, ots in rows})
    check.same_counts("stock", "all places", "units on hand", hand, hand_due)
    check.same_counts("stock", "all places", "units open to sell", sell, sell_due)
    together = (sum(hand.values()), sum(hand_due.values())), (sum(sell.values()), sum(sell_due.values()))
    return *together, len({*places, *hand})


def _sold(script: Script, orders: list[OrderRow]) -> tuple[Counter[StockPlace], Counter[StockPlace]]:
    """Units invoiced and units open on orders, where the orders ship from: an exchange from where the original did.

    Where the script leaves an exchange order more than one state, that in which it is counts.
    """
    invoiced: Counter[StockPlace] = Counter()
    ordered: Counter[StockPlace] = Counter()
    for order in script.world.orders:
        for line in order.lines:
            (invoiced if order.invoiced else ordered)[_ships_from(order, line.item.sku)] += line.qty
    states = {row["aux_ref_num"]: row["ord_status"] for row in orders if row["ord_type"] == "E"}
    for outcome in script.outcomes.values():
        for due in outcome.exchanges:
            state = _state(due, states.get(due.key))
            for wanted in due.lines:
                if state in ("I", "O"):
                    counts = invoiced if state == "I" else ordered
                    counts[_ships_from(due.original, wanted.sku)] += wanted.qty
    return invoiced, ordered


def _state(due: ExchangeOrder, found: str | None) -> str:
    return found if found is not None and found in due.states else due.states[0]


def _ships_from(order: Order, sku: str) -> StockPlace:
    return StockPlace(order.store.division, sku, order.store.site.home.location, "")
