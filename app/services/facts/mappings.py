"""Mappings: what a version of a store's mapping says, kept from its first use, so that old documents stay explained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.config.mapping import mapping_of
from app.db.engine import transaction
from app.db.tables.mapping import MappingRow
from app.domain.policy import StoreRules
from app.services.outside import Outside
from app.toml_schema import Table


@dataclass(frozen=True, slots=True)
class MappingView:
    """A mapping of a store. `content`: the keys of the file, with every default.

    `first_used_at`: when documents were first planned by it; None for one in force that was not used yet.
    """

    store: str
    version: str
    first_used_at: datetime | None
    in_force: bool
    content: Table


class NoSuchMapping(LookupError):
    """No document was ever made by a mapping of this version."""


def keep_mappings(session: Session, stores: Iterable[str], outside: Outside) -> None:
    """Write down the mappings of stores before documents bear their version; each once in a process.

    In a transaction of its own, which ends at once: it waits for no lock of the caller's, and nobody waits for it.
    """
    rules = [outside.store(name).rules for name in sorted(set(stores))]
    new = [each for each in rules if (each.name, each.version) not in outside.kept_mappings]
    if not new:
        return
    values = [{"store": each.name, "version": each.version, "content": mapping_of(each)} for each in new]
    with Session(session.get_bind()) as own, own.begin():
        own.execute(insert(MappingRow).values(values).on_conflict_do_nothing())
    outside.kept_mappings.update((each.name, each.version) for each in new)


def list_mappings(in_force: Mapping[str, StoreRules], store: str | None = None) -> list[MappingView]:
    """Every mapping that was used or is in force, by store, the newest first."""
    query = select(MappingRow).order_by(MappingRow.store, MappingRow.first_used_at.desc())
    if store is not None:
        query = query.where(MappingRow.store == store)
    return _views(query, {name: rules for name, rules in in_force.items() if store in (None, name)})


def mappings_of_version(version: str, in_force: Mapping[str, StoreRules]) -> list[MappingView]:
    """The mappings of a version, one for each store that used it. Raises NoSuchMapping."""
    query = select(MappingRow).where(MappingRow.version == version).order_by(MappingRow.store)
    found = _views(query, {name: rules for name, rules in in_force.items() if rules.version == version})
    if not found:
        raise NoSuchMapping(f"no document was ever made by a mapping of version {version}")
    return found


def _views(query: Select[tuple[MappingRow]], in_force: Mapping[str, StoreRules]) -> list[MappingView]:
    with transaction() as session:
        rows = session.scalars(query).all()
    used = {(row.store, row.version) for row in rows}
    fresh = [
        MappingView(name, rules.version, None, True, mapping_of(rules))
        for name, rules in in_force.items()
        if (name, rules.version) not in used
    ]
    known = [
        MappingView(
            row.store,
            row.version,
            row.first_used_at,
            row.store in in_force and in_force[row.store].version == row.version,
            row.content,
        )
        for row in rows
    ]
    return sorted([*fresh, *known], key=lambda view: view.store)
