"""The result of a day, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.demo.books import Books, ExceptionRow
from app.demo.expect import Outcome
from app.demo.findings import Check
from app.demo.player import Stalled

_ENDS = ("settled", "waiting", "ignored")


@dataclass(frozen=True, slots=True)
class Report:
    """What came of the day. Times in seconds; `unsettled` is empty when the bridge had nothing left to do.

    `without_end`: returns (their ids) that are neither settled nor waiting, and have no open exception.
    """

    returns: int
    seed: int
    seconds: float
    states: Mapping[str, int]
    documents: Mapping[str, int]
    exceptions: Mapping[str, int]
    faults: Mapping[str, int]
    latencies: Sequence[float]
    check: Check
    unsettled: str
    stalled: Sequence[Stalled]
    without_end: Sequence[str] = ()

    @property
    def good(self) -> bool:
        """Whether the books are right and the bridge is done."""
        return self.check.clean and not (self.unsettled or self.stalled or self.without_end)

    def as_json(self) -> dict[str, object]:
        """The file that ``--report`` writes."""
        return {
            "returns": self.returns,
            "seed": self.seed,
            "states": dict(self.states),
            "documents": dict(self.documents),
            "exceptions": dict(self.exceptions),
            "missing": self.check.count("missing"),
            "doubled": self.check.count("doubled"),
            "wrong": self.check.count("wrong"),
            "sums": self.check.sums.as_json() if self.check.sums else None,
            "seconds": round(self.seconds, 1),
            "settled": not self.unsettled,
            "unsettled": self.unsettled,
            "receipt_to_journal_seconds": {
                "p50": percentile(self.latencies, 50),
                "p95": percentile(self.latencies, 95),
            },
            "faults": dict(self.faults),
            "findings": [finding.as_json() for finding in self.check.findings],
            "without_end": list(self.without_end),
            "stalled": [f"{each.kind}: {each.step}" for each in self.stalled],
        }


def count_documents(books: Books) -> Counter[str]:
    """Documents by kind; those made by hand before the day are not counted."""
    return Counter(
        {
            "return_authorisation": len(books["return_authorisations"]),
            "inventory_journal": len(books["inventory_journals"]),
            "credit_memo": sum(memo["aux_ref_num"] is not None for memo in books["credit_memos"]),
            "exchange_order": sum(order["ord_type"] == "E" for order in books["sales_orders"]),
        }
    )


def count_exceptions(exceptions: Iterable[ExceptionRow]) -> Counter[str]:
    """Open exceptions by code."""
    return Counter(row["code"] for row in exceptions)


def without_end(states: Mapping[str, str], exceptions: Iterable[ExceptionRow]) -> list[str]:
    """Returns that nobody will move any more: states by return id, against the open exceptions."""
    named = {return_id for row in exceptions for return_id in (row["return_id"], *row["return_ids"])}
    return sorted(each for each, state in states.items() if state not in _ENDS and each not in named)


def latencies(outcomes: Iterable[Outcome], books: Books, taken: Mapping[str, datetime]) -> list[float]:
    """Seconds from the receiver's answer to the journal, by receipt. Receipts that came before their return are left
    out: they wait for Reveni, not for the bridge."""
    posted = {row["aux_ref_num"]: datetime.fromisoformat(row["posted_at"]) for row in books["inventory_journals"]}
    return [
        (posted[key] - taken[receipt]).total_seconds()
        for outcome in outcomes
        if outcome.kind != "early_receipt"
        for number, receipt in enumerate(outcome.receipts, start=1)
        if (key := f"IJ-{outcome.return_id}-{number}") in posted and receipt in taken
    ]


def percentile(values: Sequence[float], percent: int) -> float | None:
    """The value that so many per cent do not exceed; None when there are none."""
    if not values:
        return None
    place = max(0, -(-len(values) * percent // 100) - 1)
    return round(sorted(values)[place], 2)
