"""The overlay: keys of the mapping that were edited in the console and stand above those of the file.

It is a table in the file's own words, ``{"stores": {"es": {"reasons": {…}}}, "sites": {…}}``, with None for a key that
is taken away. What stands in the file and not in the overlay is the file's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from app.config.checks import problems_between_keys
from app.config.mapping import mapping_of, read_mapping, version_of
from app.config.model import Config
from app.config.schema import MappingSchema
from app.domain.policy import StoreRules
from app.domain.saying import say
from app.toml_schema import Problem, Table, load_table

STORE_KEYS = ("default_site", "reasons", "grades", "statuses", "item_statuses", "posting", "policy")
"""Keys of a store that can be edited."""
SITE_KEYS = ("location", "lot", "division", "quarantine", "quarantine_lot", "reveni_location_ids", "grades")
"""Keys of a site that can be edited. What names servers, secrets and which store has which site is the file's alone."""
_WHERE = "the mapping"


class OverlayError(ValueError):
    """An overlay that cannot be used. `problems` holds all that is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))


def merged(below: Table, above: Table) -> Table:
    """One table laid over another: tables are merged, values replaced, and None takes a key away."""
    result = dict(below)
    for key, value in above.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            under = result.get(key)
            result[key] = merged(under if isinstance(under, dict) else {}, value)
        else:
            result[key] = value
    return result


def difference(below: Table, wanted: Table) -> Table:
    """The smallest table that, laid over the first, makes the second."""
    result: Table = {key: None for key in below if key not in wanted}
    for key, value in wanted.items():
        under = below.get(key)
        if isinstance(value, dict) and isinstance(under, dict):
            if inner := difference(under, value):
                result[key] = inner
        elif key not in below or value != under:
            result[key] = value
    return result


def with_mapping(overlay: Table, rules: StoreRules, wanted: Table) -> Table:
    """The overlay by which a store has this mapping. `rules` are the file's; other stores keep what they have.

    `wanted` is written as a kept mapping; keys that are the file's alone are not looked at.
    """
    base = mapping_of(rules)
    own = difference(_only(base, STORE_KEYS), _only(wanted, STORE_KEYS))
    sites = {
        name: difference(_only(base["sites"][name], SITE_KEYS), _only(wanted["sites"].get(name, {}), SITE_KEYS))
        for name in base["sites"]
    }
    return {
        "stores": {**overlay.get("stores", {}), rules.name: own},
        "sites": {**overlay.get("sites", {}), **sites},
    }


def settled(stores: Mapping[str, StoreRules], overlay: Table, in_force: Table) -> Table:
    """An overlay with nothing but what it changes in these stores, and what is in force for stores that are not there.

    A key that changes nothing yet, of a store to come for one, would come into force with a later file, unseen by
    whoever agrees to money. Raises OverlayError.
    """
    known = {"stores": set(stores), "sites": {name for rules in stores.values() for name in rules.sites}}
    result: Table = {
        section: {name: entry for name, entry in in_force.get(section, {}).items() if name not in names}
        for section, names in known.items()
    }
    wanted = overlaid_rules(stores, overlay)
    for name, rules in stores.items():
        result = with_mapping(result, rules, mapping_of(wanted[name]))
    slim = {section: {name: entry for name, entry in table.items() if entry} for section, table in result.items()}
    return {section: table for section, table in slim.items() if table}


def _only(table: Table, keys: tuple[str, ...]) -> Table:
    return {key: table[key] for key in keys if key in table}


def overlaid_rules(stores: Mapping[str, StoreRules], overlay: Table) -> dict[str, StoreRules]:
    """The rules of stores under an overlay. Raises OverlayError."""
    problems = list(problems_of(stores, overlay))
    if problems:
        raise OverlayError(problems)
    return {
        name: read_mapping(name, _mapping(rules, overlay)) if _touches(rules, overlay) else rules
        for name, rules in stores.items()
    }


def overlaid(config: Config, overlay: Table) -> Config:
    """The configuration under an overlay. Raises OverlayError."""
    rules = overlaid_rules({name: store.rules for name, store in config.stores.items()}, overlay)
    sites = dict(config.sites)
    for each in rules.values():
        for name, place in each.sites.items():
            sites[name] = replace(sites[name], place=place)
    return replace(
        config,
        stores={name: replace(store, rules=rules[name]) for name, store in config.stores.items()},
        sites=sites,
        version=version_of(rules),
    )


def problems_of(stores: Mapping[str, StoreRules], overlay: Table) -> Iterator[Problem]:
    """Everything that is wrong with an overlay, as `bridge check` would say it of the file."""
    yield from _keys(overlay)
    whole: Table = {"stores": {}, "sites": {}}
    for name, rules in stores.items():
        table, problems = load_table(MappingSchema(), _mapping(rules, overlay), _WHERE)
        for problem in problems:
            below_sites = problem.key.startswith("sites.")
            yield replace(problem, key=problem.key if below_sites else f"stores.{name}.{problem.key}")
        whole["sites"] |= table.get("sites", {})
        whole["stores"][name] = {**table, "sites": list(table.get("sites", {}))}
    yield from problems_between_keys(whole, _WHERE)


def _keys(overlay: Table) -> Iterator[Problem]:
    for section, known in (("stores", STORE_KEYS), ("sites", SITE_KEYS)):
        for name, entry in overlay.get(section, {}).items():
            for key in entry:
                if key not in known:
                    yield Problem(
                        _WHERE, f"{section}.{name}.{key}", say("is the file's alone"), say("Change it there.")
                    )


def _touches(rules: StoreRules, overlay: Table) -> bool:
    return bool(overlay.get("stores", {}).get(rules.name)) or not rules.sites.keys().isdisjoint(
        overlay.get("sites", {})
    )


def _mapping(rules: StoreRules, overlay: Table) -> Table:
    """A store's mapping under an overlay, in the words of a kept one; sites that it lacks are left out."""
    sites = {name: entry for name, entry in overlay.get("sites", {}).items() if name in rules.sites}
    return merged(mapping_of(rules), {**overlay.get("stores", {}).get(rules.name, {}), "sites": sites})
