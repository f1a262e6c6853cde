"""The result of a day, for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from app.demo.findings import Finding
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
    console.print(f"[bold]BlueCherry's books, counted again from the script: {counts}[/bold]")
    _findings(console, "Books", [each for each in check.findings if each.document != "exception"])
    _findings(console, "Exception queue", [each for each in check.findings if each.document == "exception"])
    if report.unsettled:
        console.print(f"[red]The bridge was not done: {report.unsettled}[/red]")
    for stalled in report.stalled[:_SHOWN]:
        console.print(f"[red]Waited in vain in a scene of {stalled.kind}: {stalled.step}[/red]")


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
