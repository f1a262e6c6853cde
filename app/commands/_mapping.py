"""A mapping as a person reads it."""

from __future__ import annotations

from dataclasses import asdict

import click

from app.commands._shown import cell, show_table
from app.config.windows import text_of
from app.domain.policy import Place, StoreRules
from app.services.facts.mappings import MappingView


def show_mapping(rules: StoreRules, view: MappingView) -> None:
    """Print a mapping: what each key means for the store's goods, codes and days."""
    feed = "warehouse feed" if rules.warehouse_feed else "no warehouse feed"
    default = f", default site {rules.default_site}" if rules.default_site else ""
    since = f", first used {cell(view.first_used_at)}" if view.first_used_at else ""
    force = ", in force" if view.in_force else ""
    click.echo(f"Store {rules.name}: version {view.version}{force}{since}")
    click.echo(f"  {rules.time_zone.key}, judge {rules.judge}, {feed}{default}")
    sites = list(rules.sites.values())
    show_table(
        "Sites",
        ("site", "location", "division", "quarantine", "destinations in Reveni"),
        [
            (
                *(site.name, _at(Place(site.location, site.lot)), site.division or "(the order's)"),
                *(_at(site.quarantine), ", ".join(sorted(site.reveni_location_ids))),
            )
            for site in sites
        ],
    )
    show_table(
        "Where goods of a grade go",
        ("grade", "accepted", "reject reason", *(site.name for site in sites)),
        [
            (
                *(grade.name, "yes" if grade.accepts else "no", None if grade.accepts else grade.reject_reason),
                *(_at(rules.place(site, grade.name)) for site in sites),
            )
            for grade in rules.grades.values()
        ]
        + [("(any other)", "no judgement", None, *(_at(site.quarantine) for site in sites))],
    )
    show_table("Reasons", ("in Reveni", "in BlueCherry"), sorted(rules.reasons.items()))
    show_table("Statuses of returns", ("in Reveni", "meaning"), sorted(rules.statuses.items()))
    show_table("Statuses of items", ("in Reveni", "meaning"), sorted(rules.item_statuses.items()))
    posting = [(kind, _when(text_of(rules.posting[kind]))) for kind in sorted(rules.posting)]
    show_table("Posting", ("document", "when"), posting)
    show_table("Policy", ("key", "value"), list(asdict(rules.policy).items()))


def _at(place: Place | None) -> str:
    if place is None:
        return ""
    return f"{place.location} lot {place.lot}" if place.lot else place.location


def _when(posting: str | list[str]) -> str:
    return posting if isinstance(posting, str) else f"at {', '.join(posting)}"
