"""The result of a day, for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from app.demo.cents import amount
from app.demo.findings import PARTS, Finding, Sums
from app.demo.report import Report, percentile

_SHOWN = 20


def show(report: Report, console: Console) -> None:
    """Prints the tables, and what is wrong with the books, if anything."""
    _counts(console, "Returns by state", report.states)
    _counts(console, "Documents in BlueCherry", report.documents)
    _counts(console, "Open exceptions", report.exceptions)
    _counts(console, "Faults that BlueCherry made", report.faults)
    p50, p95 = (percentile(report.latencies, percent) for percent in (50, 95))
    console.print(f"Receipt to journal: p50 {p50} s, p95 {p95} s, over {len(report.latencies)} receipts")
    console.print(f"The day took {report.seconds:.1f} s.\n")
    _check(console, report)


def _counts(console: Console, title: str, counts: Mapping[str, int]) -> None:
    table = Table(title=title, title_justify="left", show_header=False, min_width=44)
    table.add_column()
    table.add_column(justify="right")
    for name, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        table.add_row(name, str(count))
    table.add_section()
    table.add_row("together", str(sum(counts.values())))
    console.print(table)


def _check(console: Console, report: Report) -> None:
    check = report.check
    counts = ", ".join(f"{check.count(what)} {what}" for what in ("missing", "doubled", "wrong"))
    if check.sums is not None:
        _sums(console, check.sums)
    console.print(f"[bold]BlueCherry's books, counted again from the script: {counts}[/bold]")
    _findings(console, "Books", [each for each in check.findings if each.document != "exception"])
    _findings(console, "Exception queue", [each for each in check.findings if each.document == "exception"])
    if report.unsettled:
        console.print(f"[red]The bridge was not done: {report.unsettled}[/red]")
    for return_id in report.without_end[:_SHOWN]:
        console.print(f"[red]Without an end: {return_id}[/red]")
    for stalled in report.stalled[:_SHOWN]:
        console.print(f"[red]Waited in vain in a scene of {stalled.kind}: {stalled.step}[/red]")


def _sums(console: Console, sums: Sums) -> None:
    table = Table(title="Credited, by BlueCherry's books and by the script", title_justify="left")
    table.add_column("")
    for _ in range(2):
        table.add_column("", justify="right")
    for currency, both in sums.credited.items():
        for part in PARTS:
            table.add_row(f"{currency} {part}", amount(both.found[part]), amount(both.due[part]))
    console.print(table)
    console.print(
        f"Compared: {sums.order_lines} order lines that are credited, and {sums.places} places of stock, each on hand "
        f"({sums.on_hand[0]} units by the books, {sums.on_hand[1]} by the script) and open to sell "
        f"({sums.open_to_sell[0]}, {sums.open_to_sell[1]})."
    )


def _findings(console: Console, title: str, findings: Sequence[Finding]) -> None:
    if not findings:
        return
    table = Table(title=title, title_justify="left")
    for column in ("What", "Document", "Of", "Why"):
        table.add_column(column, overflow="fold")
    for finding in findings[:_SHOWN]:
        table.add_row(finding.what, finding.document, finding.of, finding.why)
    console.print(table)
    if len(findings) > _SHOWN:
        console.print(f"… and {len(findings) - _SHOWN} more; --report FILE has them all.")
