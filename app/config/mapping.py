"""A store's mapping as data: the tables of the file that decide which documents are due, out of the rules and back.

A mapping is written with every default filled in, so that it explains a document also when defaults have changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace

from app.config.schema import MappingSchema
from app.config.statuses import ITEM_STATUSES, STATUSES
from app.config.windows import text_of
from app.domain.mapping_keys import key_of
from app.domain.policy import (
    ACCEPTED,
    REJECTED,
    Grade,
    ItemStatus,
    Kind,
    Phase,
    Place,
    Policy,
    Site,
    StoreRules,
    fold_status,
)
from app.toml_schema import Table


def rules_of(store: str, entry: Table, sites: Mapping[str, Site]) -> StoreRules:
    """The rules that a store's table makes; it has been read by the schema."""
    grades = {grade: _grade(grade, at) for grade, at in entry["grades"].items()}
    if not entry["warehouse_feed"]:
        grades.setdefault(ACCEPTED, Grade(ACCEPTED, accepts=True))
    statuses = {fold_status(text): Phase(meaning) for text, meaning in entry["statuses"].items()}
    items = {fold_status(text): ItemStatus(meaning) for text, meaning in entry["item_statuses"].items()}
    rules = StoreRules(
        name=store,
        time_zone=entry["time_zone"],
        sites={site: sites[site] for site in entry["sites"]},
        default_site=entry.get("default_site"),
        judge=entry["judge"],
        warehouse_feed=entry["warehouse_feed"],
        grades=grades,
        reasons=entry["reasons"],
        statuses=STATUSES | statuses,
        item_statuses=ITEM_STATUSES | items,
        policy=Policy(**entry["policy"]),
        posting={Kind(kind): posting for kind, posting in entry["posting"].items()},
        version="",
    )
    return replace(rules, version=_digest(mapping_of(rules)))


def site_of(name: str, entry: Table) -> Site:
    """The site that a table makes; it has been read by the schema."""
    return Site(
        name=name,
        location=entry["location"],
        quarantine=Place(entry["quarantine"], entry.get("quarantine_lot")),
        lot=entry.get("lot"),
        division=entry.get("division"),
        reveni_location_ids=frozenset(entry["reveni_location_ids"]),
        grades={grade: Place(at["location"], at.get("lot")) for grade, at in entry["grades"].items()},
    )


def mapping_of(rules: StoreRules) -> Table:
    """The mapping of a store in the file's own words: the store's keys, and `sites` with those that it lists."""
    return {
        "time_zone": rules.time_zone.key,
        "judge": rules.judge,
        "warehouse_feed": rules.warehouse_feed,
        **_given(default_site=rules.default_site),
        "policy": asdict(rules.policy),
        "posting": {kind.value: text_of(posting) for kind, posting in sorted(rules.posting.items())},
        "reasons": dict(rules.reasons),
        "statuses": {spelling: phase.value for spelling, phase in rules.statuses.items()},
        "item_statuses": {spelling: status.value for spelling, status in rules.item_statuses.items()},
        "grades": {
            name: {
                "accepts": grade.accepts,
                **_given(location=grade.location, lot=grade.lot),
                "reject_reason": grade.reject_reason,
            }
            for name, grade in rules.grades.items()
        },
        "sites": {name: _site(site) for name, site in rules.sites.items()},
    }


def read_mapping(store: str, mapping: Table) -> StoreRules:
    """The rules of a mapping as `mapping_of` wrote it. Raises ValidationError for one that cannot be read any more."""
    entry: Table = MappingSchema().load(mapping)
    sites = {name: site_of(name, at) for name, at in entry["sites"].items()}
    return rules_of(store, {**entry, "sites": list(sites)}, sites)


def keys_of(stores: Mapping[str, StoreRules]) -> dict[str, str]:
    """Every key of mappings as the file spells it, and its value as TOML, defaults included."""
    found: dict[str, str] = {}
    for name, rules in stores.items():
        mapping = mapping_of(rules)
        sites = mapping.pop("sites")
        found |= _flat({**mapping, "sites": sorted(sites)}, ("stores", name))
        found |= _flat(sites, ("sites",))
    return found


def _flat(table: Table, path: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            found |= _flat(value, (*path, key))
        else:
            # JSON spells text, numbers, flags and lists of text as TOML does.
            found[key_of(*path, key)] = json.dumps(value, ensure_ascii=False)
    return found


def version_of(stores: Mapping[str, StoreRules]) -> str:
    """The version of all mappings together."""
    return _digest([rules.version for rules in stores.values()])


def _digest(parts: object) -> str:
    """Twelve hex digits that differ when the parts do."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]


def _site(site: Site) -> Table:
    return {
        "location": site.location,
        **_given(lot=site.lot, division=site.division),
        "quarantine": site.quarantine.location,
        **_given(quarantine_lot=site.quarantine.lot),
        "reveni_location_ids": sorted(site.reveni_location_ids),
        "grades": {name: {"location": place.location, **_given(lot=place.lot)} for name, place in site.grades.items()},
    }


def _given(**values: str | None) -> Table:
    return {key: value for key, value in values.items() if value is not None}


def _grade(name: str, entry: Table) -> Grade:
    return Grade(
        name=name,
        accepts=entry.get("accepts", name != REJECTED),
        location=entry.get("location"),
        lot=entry.get("lot"),
        reject_reason=entry["reject_reason"],
    )
