"""The result of a chaos, for people."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from app.chaos.kinds import KINDS
from app.chaos.report import ChaosReport
from app.demo.table import show as show_day


def show(report: ChaosReport, console: Console) -> None:
    """Prints what was broken and what came of it."""
    table = Table(title="Faults made", title_justify="left")
    table.add_column("kind")
    table.add_column("what it does", overflow="fold")
    table.add_column("times", justify="right")
    table.add_column("hits", justify="right")
    for kind in KINDS:
        if kind.name in report.times:
            table.add_row(kind.name, kind.what, str(report.times[kind.name]), str(report.hits[kind.name]))
    table.add_section()
    table.add_row(f"{len(report.times)} kinds", "", str(sum(report.times.values())), str(sum(report.hits.values())))
    console.print(table)
    for name, why in report.impossible.items():
        console.print(f"Not made: {name} ({why})")
    show_day(report.day, console)
    retried = ", ".join(f"{count} × {code}" for code, count in sorted(report.retries.items())) or "none"
    console.print(f"Retries by a person: {retried}")
    differing = report.reconciled.differing
    console.print(f"Reconciliation: {report.reconciled.compared} documents compared, {len(differing)} differ")
    for each in differing:
        console.print(f"[red]{each.how} {each.key}: {each.message}[/red]")
    if report.heal_seconds is not None:
        console.print(f"Settled {report.heal_seconds:.1f} s after the last fault.")
