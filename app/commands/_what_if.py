"""What another mapping would have led to, as tables, JSON and lines of a CSV."""

from __future__ import annotations

from collections.abc import Iterator

import click

from app.commands._shown import show_table
from app.domain.what_if import Change, Difference, Totals, Turn
from app.services.trial.what_if import WhatIf

COLUMNS = ("store", "return", "turn", "what", "name", "field", "before", "after")


def show(result: WhatIf) -> None:
    """Print the comparison: in all, then return by return."""
    for each in result.stores:
        click.echo(f"store {each.store}: version {each.in_force} in force, {each.other} in the other file")
    for name in result.left_out:
        click.echo(f"! store {name} is not in the other file: left out", err=True)
    click.echo(f"{result.looked_at} returns looked at, {len(result.different)} would have been different.")
    if not result.different:
        return
    show_table("In all", ("what", "in force", "other", "difference"), list(_in_all(result)))
    rows = [
        (f"{each.store}/{each.return_id}", difference.turn, difference.what, difference.name, _text(difference))
        for each in result.different
        for difference in each.differences
    ]
    show_table("Return by return", ("return", "turn", "what", "document, or exception", "difference"), rows)


def rows(result: WhatIf) -> Iterator[tuple[object, ...]]:
    """One line for each thing that would be different."""
    for each in result.different:
        for difference in each.differences:
            for change in difference.changes or (Change("", "", ""),):
                yield (
                    *(each.store, each.return_id, difference.turn.value, difference.what, difference.name),
                    *(change.field, change.before, change.after),
                )


def report(result: WhatIf) -> dict[str, object]:
    """All of it for another program; amounts are decimal strings."""
    return {
        "stores": [{"store": x.store, "in_force": x.in_force, "other": x.other} for x in result.stores],
        "left_out": result.left_out,
        "looked_at": result.looked_at,
        "different": len(result.different),
        "in_force": _totals(result.before),
        "other": _totals(result.after),
        "returns": [
            {
                "store": each.store,
                "return_id": each.return_id,
                "differences": [_difference(difference) for difference in each.differences],
            }
            for each in result.different
        ],
    }


def _difference(each: Difference) -> dict[str, object]:
    named = {"code": each.what, "message": each.name} if each.is_exception else {"kind": each.what, "key": each.name}
    changes = [{"field": x.field, "before": x.before, "after": x.after} for x in each.changes]
    return {"turn": each.turn.value, **named, "changes": changes}


def _totals(totals: Totals) -> dict[str, object]:
    money: dict[str, dict[str, str]] = {}
    for (kind, currency), amount in sorted(totals.money.items()):
        money.setdefault(kind, {})[currency] = format(amount, "f")
    return {
        "documents": dict(sorted(totals.documents.items())),
        "units": dict(sorted(totals.units.items())),
        "amounts": money,
        "places": dict(sorted(totals.places.items())),
        "exceptions": dict(sorted(totals.exceptions.items())),
    }


def _in_all(result: WhatIf) -> Iterator[tuple[object, ...]]:
    before, after = result.before, result.after
    for what, old, new in (
        ("documents: {}", before.documents, after.documents),
        ("units: {}", before.units, after.units),
        ("units moved into {}", before.places, after.places),
        ("exceptions: {}", before.exceptions, after.exceptions),
    ):
        for name in sorted({*old, *new}):
            if old[name] != new[name]:
                yield what.format(name), old[name], new[name], f"{new[name] - old[name]:+}"
    for kind, currency in sorted({*before.money, *after.money}):
        was, then = before.money.get((kind, currency), 0), after.money.get((kind, currency), 0)
        if was != then:
            yield f"{currency}: {kind}", was, then, f"{then - was:+}"


def _text(difference: Difference) -> str:
    if difference.turn is not Turn.CHANGES:
        facts = [(x.field, x.before or x.after) for x in difference.changes]
        return ", ".join(f"{name} {value}" for name, value in facts if value)
    return ", ".join(f"{x.field} {x.before or '(none)'} → {x.after or '(none)'}" for x in difference.changes)
