"""What works, but is seldom meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.domain.mapping_keys import key_part
from app.domain.policy import REJECTED, Grade, Place, Site, StoreRules
from app.toml_schema import Problem


def warnings_of(stores: Mapping[str, StoreRules], sites: Mapping[str, bool], file: str) -> Iterator[Problem]:
    """Every warning about a configuration that can be used. `sites`: whether each has a feed."""
    for store in stores.values():
        # One site beside others that send messages is received by hand on purpose; where none sends any, a secret may
        # have been forgotten.
        none_sends = store.warehouse_feed and not any(sites[site] for site in store.sites)
        for site in store.sites.values():
            yield from _places(store, site, file)
            if none_sends:
                yield Problem(
                    file,
                    f"sites.{site.name}.secret_env",
                    f"is missing, and stores.{store.name} waits for receipts: no message of this warehouse is taken",
                    "Name the variable of its secret, unless its goods are received at the console's station alone.",
                )
        if not store.reasons:
            yield Problem(
                file, f"stores.{store.name}.reasons", "is empty", "Every return will wait for its reason to be mapped."
            )
    for site_name in sites:
        if not any(site_name in store.sites for store in stores.values()):
            yield Problem(file, f"sites.{site_name}", "is in no store's sites", "Add it there, or take it out.")


def _places(rules: StoreRules, site: Site, file: str) -> Iterator[Problem]:
    rejecting = [g.name for g in rules.grades.values() if g.name == REJECTED or _rejects(rules, g)]
    for name in rejecting if rules.policy.rejected_goods == "journal" else []:
        if rules.place(site, name) == Place(site.location, site.lot):
            yield Problem(
                file,
                f"stores.{rules.name}.grades.{key_part(name)}",
                f"has no place of its own at sites.{site.name}: rejected goods become saleable stock there",
                f"Give it a location, or one at [sites.{site.name}.grades.{key_part(name)}].",
            )
    for grade in rules.grades.values():
        if grade.accepts and rules.place(site, grade.name) == site.quarantine:
            yield Problem(
                file,
                f"stores.{rules.name}.grades.{key_part(grade.name)}",
                f"lies in the quarantine of sites.{site.name}",
                "Goods of a known grade should not wait where unknown ones do: give one of them another place.",
            )


def _rejects(rules: StoreRules, grade: Grade) -> bool:
    return rules.judge == "warehouse" and not grade.accepts
