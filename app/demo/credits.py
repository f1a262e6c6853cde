"""The money, order by order: what all memos of an order credit, against what was paid for those units."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from app.demo.books import MemoRow
from app.demo.cents import after, minor
from app.demo.findings import Check, tally
from app.demo.script import Script
from app.demo.world import Line, Order

_MEMO = "credit_memo"


def check_credits(check: Check, script: Script, memos: Sequence[MemoRow]) -> None:
    """Whatever steps the units came back in: credited after k of n units is total × k ÷ n, to the minor unit.

    Memos made by hand count. Differences in units are the matter of the returns; the amounts of such orders are
    checked against the units that the memos do hold.
    """
    orders = {order.ord_num: order for order in script.world.orders}
    by_order: dict[str, list[MemoRow]] = defaultdict(list)
    for memo in memos:
        by_order[memo["ord_num"]].append(memo)
        _check_sum(check, memo)
    for ord_num, found in by_order.items():
        if (order := orders.get(ord_num)) is None:
            check.add("wrong", _MEMO, ord_num, "credits an order that the day does not have")
        else:
            _check_order(check, order, found)


def _check_sum(check: Check, memo: MemoRow) -> None:
    lines = sum(minor(line["net_amt"]) + minor(line["tax_amt"]) for line in memo["lines"])
    total = lines + minor(memo["freight_amt"]) + minor(memo["freight_tax_amt"]) - minor(memo["fee_amt"])
    check.same(_MEMO, memo["memo_num"], "total", minor(memo["total_amt"]), total)


def _check_order(check: Check, order: Order, memos: Sequence[MemoRow]) -> None:
    units: Counter[int] = tally((line["ord_line_seq"], line["qty"]) for memo in memos for line in memo["lines"])
    known = {line.seq: line for line in order.lines}
    for seq in units.keys() - known.keys():
        check.add("wrong", _MEMO, order.ord_num, f"credits line {seq}, which the order does not have")
    for seq in units.keys() & known.keys():
        _check_line(check, order, known[seq], units[seq], memos)
    for memo in memos:
        check.same(_MEMO, memo["memo_num"], "currency", memo["currency"], order.store.currency)
    due = _freight(order, units)
    check.same(_MEMO, order.ord_num, "freight", _sum(memo["freight_amt"] for memo in memos), due[0])
    check.same(_MEMO, order.ord_num, "freight tax", _sum(memo["freight_tax_amt"] for memo in memos), due[1])


def _check_line(check: Check, order: Order, line: Line, units: int, memos: Sequence[MemoRow]) -> None:
    found = [each for memo in memos for each in memo["lines"] if each["ord_line_seq"] == line.seq]
    of = f"{order.ord_num} line {line.seq}, {units} of {line.qty} units"
    if units > line.qty:
        check.add("doubled", _MEMO, of, "more is credited than was sold")
        return
    check.same(_MEMO, of, "net", _sum(each["net_amt"] for each in found), after(line.net, units, line.qty))
    check.same(_MEMO, of, "discount", _sum(each["disc_amt"] for each in found), after(line.disc, units, line.qty))
    check.same(_MEMO, of, "tax", _sum(each["tax_amt"] for each in found), after(line.tax, units, line.qty))
    check.same(
        _MEMO, of, "SKUs and tax codes", {(e["sku"], e["tax_code"]) for e in found}, {(line.item.sku, line.tax_code)}
    )
    for each in found:
        check.same(_MEMO, of, "gross", minor(each["gross_amt"]), minor(each["net_amt"]) + minor(each["disc_amt"]))


def _freight(order: Order, units: Counter[int]) -> tuple[int, int]:
    """In full once every unit that cost something is credited, where the store does so; else nothing."""
    everything = all(units[line.seq] == line.qty for line in order.lines if line.paid)
    return (order.freight, order.freight_tax) if everything and order.store.freight == "all_back" else (0, 0)


def _sum(amounts: Iterable[str]) -> int:
    return sum(minor(text) for text in amounts)
