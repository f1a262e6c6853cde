"""How ``bridge shadow`` shows documents and comparisons: tables, CSV, a report in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

import click

from app.commands._shown import show_table
from app.domain.comparison import Compared, Outcome, Side
from app.domain.money import Money
from app.services.trial.shadow import ShadowDocument
from app.services.trial.shadow_comparison import Comparison

DOCUMENT_COLUMNS = (
    *("store", "key", "kind", "return", "order", "locations", "units"),
    *("net", "tax", "freight", "fee", "total", "currency", "date", "at", "mapping_version"),
)
COMPARED_COLUMNS = (
    *("outcome", "kind", "returns", "orders", "units_bridge", "units_by_hand", "sum_bridge", "sum_by_hand"),
    *("documents_bridge", "documents_by_hand"),
)
_WORDS = {
    Outcome.SAME: "the same",
    Outcome.DIFFERS: "differs",
    Outcome.ONLY_BRIDGE: "only the bridge",
    Outcome.ONLY_BY_HAND: "only by hand",
}
_DIFFERENCE_COLUMNS = (
    *("found", "kind", "return", "order"),
    *("units: bridge / by hand", "sum: bridge / by hand", "numbers by hand"),
)


def show_documents(documents: Sequence[ShadowDocument]) -> None:
    """Print documents as a table."""
    show_table(
        f"Not posted: {len(documents)} documents",
        ("key", "kind", "order", "where", "units", "money", "date", "mapping"),
        [
            (d.key, d.kind, d.ord_num, ", ".join(d.locations), d.units, _money(d.total), d.date, d.mapping_version)
            for d in documents
        ],
    )


def show_comparison(found: Comparison) -> None:
    """Print the differences and the summary."""
    differences = [each for each in found.compared if each.outcome is not Outcome.SAME]
    if differences:
        show_table("Differences", _DIFFERENCE_COLUMNS, [_difference(each) for each in differences])
    for line in _summary_lines(found):
        click.echo(line)


def _difference(each: Compared) -> tuple[str, ...]:
    return (
        _WORDS[each.outcome],
        each.kind.value,
        ", ".join(sorted(each.returns)),
        ", ".join(sorted(each.orders)),
        f"{_units(each.bridge)} / {_units(each.by_hand)}",
        f"{_sums(each.bridge) or '–'} / {_sums(each.by_hand) or '–'}",
        ", ".join(each.by_hand.numbers),
    )


def _summary_lines(found: Comparison) -> list[str]:
    counts = found.summary.counts
    told = ", ".join(f"{counts[outcome]} {words}" for outcome, words in _WORDS.items())
    lines = [f"Store {found.store}, returns first seen since {found.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC: {told}."]
    bridge, by_hand = found.summary.credited_by_bridge, found.summary.credited_by_hand
    for currency in sorted({*bridge, *by_hand}):
        ours, theirs = (sums.get(currency, Money.zero(currency)) for sums in (bridge, by_hand))
        lines.append(f"Credited in {currency}: bridge {ours}, by hand {theirs}, difference {ours - theirs}.")
    if found.waiting:
        lines.append(f"{found.waiting} documents of the bridge are due and not made yet: compare again after them.")
    if found.unread:
        lines.append(
            f"{found.unread} rows of BlueCherry's list cannot be read and stand on neither side: "
            "bridge reconcile names them."
        )
    return lines


def report_of(found: Comparison) -> str:
    """Summary and differences as Markdown."""
    lines = [f"# Shadow of store {found.store}", "", *(f"- {line}" for line in _summary_lines(found)), ""]
    for outcome, words in _WORDS.items():
        rows = [each for each in found.compared if each.outcome is outcome]
        if not rows or outcome is Outcome.SAME:
            continue
        lines += [f"## {words.capitalize()}: {len(rows)}", "", f"| {' | '.join(_DIFFERENCE_COLUMNS)} |"]
        lines.append("|---" * len(_DIFFERENCE_COLUMNS) + "|")
        lines += [f"| {' | '.join(_plain(text) for text in _difference(each))} |" for each in rows]
        lines.append("")
    return "\n".join(lines)


def _plain(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _units(side: Side) -> str:
    return str(side.units) if side.numbers else "–"


def _sums(side: Side) -> str:
    return " + ".join(f"{money} {currency}" for currency, money in sorted(side.sums.items()))


def _money(money: Money | None) -> str | None:
    return None if money is None else f"{money} {money.currency}"


def document_row(each: ShadowDocument) -> tuple[object, ...]:
    """A document in `DOCUMENT_COLUMNS`."""
    return (
        *(each.store, each.key, each.kind.value, each.return_id, each.ord_num, " ".join(each.locations), each.units),
        *(each.net, each.tax, each.freight, each.fee, each.total, each.currency),
        *(each.date, each.at.astimezone(UTC).isoformat(timespec="seconds"), each.mapping_version),
    )


def compared_row(each: Compared) -> tuple[object, ...]:
    """A comparison in `COMPARED_COLUMNS`."""
    return (
        *(each.outcome.value, each.kind.value, " ".join(sorted(each.returns)), " ".join(sorted(each.orders))),
        *(each.bridge.units, each.by_hand.units, _sums(each.bridge), _sums(each.by_hand)),
        *(" ".join(each.bridge.numbers), " ".join(each.by_hand.numbers)),
    )
