"""The check of the books: what the script says must stand there, against what does.

Document by document here; the money by orders in `credits`, the books as a whole in `sums`, the exception queue in
`queue`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from app.demo.books import Books, Document, ExceptionRow, JournalRow, MemoRow, OrderRow, RaRow, VerdictRow
from app.demo.cents import minor
from app.demo.credits import check_credits
from app.demo.expect import Authorisation, ExchangeLine, ExchangeOrder, Outcome, RaLine, StockPlace
from app.demo.findings import Check, by_return, tally, without_copies
from app.demo.queue import check_exceptions
from app.demo.script import Script
from app.demo.sums import check_sums


class Keyed(Protocol):
    """A document that the script names by its key."""

    @property
    def key(self) -> str: ...


D = TypeVar("D", bound=Document)
E = TypeVar("E", bound=Keyed)

_RA, _JOURNAL, _MEMO, _EXCHANGE, _VERDICT = (
    "return_authorisation",
    "inventory_journal",
    "credit_memo",
    "exchange_order",
    "verdict",
)


def recount(
    script: Script, books: Books, verdicts: Sequence[VerdictRow], exceptions: Sequence[ExceptionRow] | None
) -> Check:
    """Counts everything again. Without `exceptions` (None) the queue is left out.

    The sums that were compared stand in the check.
    """
    check = Check()
    orders = [order for order in books["sales_orders"] if order["ord_type"] == "E"]
    ras, journals = by_return(books["return_authorisations"]), by_return(books["inventory_journals"])
    memos, exchanges = by_return(books["credit_memos"]), by_return(orders)
    told: dict[str, list[VerdictRow]] = defaultdict(list)
    for verdict in verdicts:
        told[verdict["return_id"]].append(verdict)
    for name, found in ((_RA, ras), (_JOURNAL, journals), (_MEMO, memos), (_EXCHANGE, exchanges), (_VERDICT, told)):
        for return_id in found.keys() - script.outcomes.keys():
            check.add("wrong", name, return_id, "nobody told of such a return")
    for return_id, outcome in script.outcomes.items():
        _named(check, _RA, outcome, outcome.authorisations, ras.get(return_id, []), _check_ra)
        _named(check, _EXCHANGE, outcome, outcome.exchanges, exchanges.get(return_id, []), _check_exchange)
        numbers = {ra["ra_num"] for ra in ras.get(return_id, [])}
        _check_journals(check, outcome, journals.get(return_id, []), numbers)
        _check_memos(check, outcome, memos.get(return_id, []), numbers)
        _check_verdicts(check, outcome, told.get(return_id, []))
    _check_stock(check, script, books)
    check_credits(check, script, books["credit_memos"])
    check.sums = check_sums(check, script, books)
    if exceptions is not None:
        check_exceptions(check, script, exceptions)
    return check


def _named(
    check: Check,
    name: str,
    outcome: Outcome,
    due: Sequence[E],
    found: Sequence[D],
    compare: Callable[[Check, E, D], None],
) -> None:
    """Documents whose key the script knows."""
    left = {document["aux_ref_num"]: document for document in without_copies(check, name, found)}
    for each in due:
        if (document := left.pop(each.key, None)) is None:
            check.add("missing", name, outcome.return_id, f"there is no {each.key} ({outcome.kind})")
        else:
            compare(check, each, document)
    for key in left:
        check.add("doubled" if due else "wrong", name, outcome.return_id, f"{key} should not be there ({outcome.kind})")


def _check_ra(check: Check, due: Authorisation, found: RaRow) -> None:
    lines = frozenset(
        RaLine(line["ord_line_seq"], line["sku"], line["qty"], line["qty_rcv"], line["reason_code"])
        for line in found["lines"]
    )
    check.same(_RA, due.key, "order", found["ord_num"], due.ord_num)
    check.same(_RA, due.key, "location", found["location"], due.location)
    check.same(_RA, due.key, "lines", lines, due.lines)
    if found["ra_status"] not in due.states:
        check.same(_RA, due.key, "state", found["ra_status"], due.states)


def _check_exchange(check: Check, due: ExchangeOrder, found: OrderRow) -> None:
    lines: set[ExchangeLine] = set()
    for line in found["lines"]:
        net, tax = minor(line["net_amt"]), minor(line["tax_amt"])
        lines.add(ExchangeLine(line["sku"], line["qty_ord"], net + tax, line["tax_code"]))
        # To a minor unit either way: how the price is split into net and tax is rounded once or twice.
        digits = line["tax_rate"].partition(".")[2]
        if abs(net * int(digits or "0") - tax * 10 ** len(digits)) > 10 ** len(digits):
            check.add("wrong", _EXCHANGE, due.key, f"tax is {line['tax_amt']} on {line['net_amt']}")
    check.same(_EXCHANGE, due.key, "lines", lines, set(due.lines))
    original = due.original
    wanted = (original.ord_num, due.ref_num1, original.store.division, original.customer, original.store.currency)
    given = (found["orig_ord_num"], found["ref_num1"], found["division"], found["customer"], found["currency"])
    check.same(_EXCHANGE, due.key, "original order, shop's id, division, customer, currency", given, wanted)
    if found["ord_status"] not in due.states:
        check.same(_EXCHANGE, due.key, "state", found["ord_status"], due.states)


def _check_journals(check: Check, outcome: Outcome, found: Sequence[JournalRow], ra_nums: set[str]) -> None:
    journals = without_copies(check, _JOURNAL, found)
    of = f"{outcome.return_id} ({outcome.kind})"
    if not check.number(_JOURNAL, of, len(journals), *outcome.journals):
        return
    lines = [line for journal in journals for line in journal["lines"]]
    division = next(iter(outcome.stock)).division if outcome.stock else ""
    places = tally(
        (StockPlace(division, line["sku"], line["location"], line["lot"] or ""), line["qty"]) for line in lines
    )
    received = tally((line["sku"], line["qty"]) for line in lines if line["rec_type"] == "RT")
    check.same_counts(_JOURNAL, of, "units", places, outcome.stock)
    # A transfer moves what was received once; it never receives it again.
    check.same_counts(_JOURNAL, of, "units received", received, outcome.received)
    for journal in journals:
        if journal["ra_num"] is not None and journal["ra_num"] not in ra_nums:
            check.add("wrong", _JOURNAL, of, f"names {journal['ra_num']}, an authorisation of another return")


def _check_memos(check: Check, outcome: Outcome, found: Sequence[MemoRow], ra_nums: set[str]) -> None:
    memos = without_copies(check, _MEMO, found)
    of = f"{outcome.return_id} ({outcome.kind})"
    if not check.number(_MEMO, of, len(memos), *outcome.memos):
        return
    units = tally(((memo["ord_num"], line["ord_line_seq"]), line["qty"]) for memo in memos for line in memo["lines"])
    check.same_counts(_MEMO, of, "units credited", units, outcome.credited)
    check.same(_MEMO, of, "fee", sum(minor(memo["fee_amt"]) for memo in memos), outcome.fee)
    for memo in memos:
        if memo["ra_num"] not in ra_nums:
            check.add("wrong", _MEMO, of, f"names {memo['ra_num']}, an authorisation of another return")


def _check_verdicts(check: Check, outcome: Outcome, found: Sequence[VerdictRow]) -> None:
    taken = [part for verdict in found if verdict["status"] == 200 for part in verdict["body"]["items"]]
    units = tally(((part["item_id"], part["status"]), part["quantity"]) for part in taken)
    for key in {**units, **outcome.verdicts}:
        check.number(_VERDICT, f"{outcome.return_id} {key}", units[key], outcome.verdicts[key], outcome.verdicts[key])


def _check_stock(check: Check, script: Script, books: Books) -> None:
    """The sandbox's own stock, all returns together."""
    due = tally(pair for outcome in script.outcomes.values() for pair in outcome.stock.items())
    found = tally(
        (
            StockPlace(row["division"], row["sku"], row["location"], row["lot"]),
            row["movements"].get("RT", 0) + row["movements"].get("SA", 0),
        )
        for row in books["stock"]
    )
    check.same_counts("stock", "all returns", "units", found, due)
