"""What if another mapping had been in force: the rules run over known returns from scratch; nothing is kept of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from app.db.engine import reading
from app.db.tables.returns import ReturnRow
from app.domain.policy import StoreRules
from app.domain.preview import from_scratch, preview
from app.domain.what_if import Outcome, ReturnDifference, Totals, compare, sums_that_differ
from app.services.facts.dossiers import load_slice
from app.services.outside import Outside

_SLICE = 500
"""Returns that are read together."""
_EXAMPLES = 50
"""Returns of an outcome that are told one by one."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The two mappings of a store, by version."""

    store: str
    in_force: str
    other: str


@dataclass(slots=True)
class WhatIf:
    """What another mapping would have led to. `looked_at`: returns; `before` and `after` count over all of them.

    `left_out`: stores that the other mapping does not have.
    """

    stores: list[Compared] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    looked_at: int = 0
    different: list[ReturnDifference] = field(default_factory=list)
    before: Totals = field(default_factory=Totals)
    after: Totals = field(default_factory=Totals)

    def outcome(self) -> Outcome:
        """It in short."""
        sums, examples = sums_that_differ(self.before, self.after), tuple(self.different[:_EXAMPLES])
        return Outcome(self.looked_at, len(self.different), sums, examples)


def what_if(
    other: Mapping[str, StoreRules],
    outside: Outside,
    *,
    stores: Sequence[str],
    since: datetime | None = None,
    until: datetime | None = None,
    newest: int | None = None,
) -> WhatIf:
    """Compare the mapping in force with another over the returns that changed last in a period (`until` excluded).

    `newest`: only so many of each store, those that are known last.

    Each return is looked at as if nothing had been posted for it yet; what stands of other returns stays. Reads in
    transactions in which PostgreSQL refuses to write, and calls nobody.
    """
    result = WhatIf()
    for name in stores:
        if name not in other:
            result.left_out.append(name)
            continue
        result.stores.append(Compared(name, outside.store(name).rules.version, other[name].version))
        for pks in _slices(name, since, until, newest):
            _look(pks, name, other[name], outside, result)
    return result


def _look(pks: Sequence[int], store: str, other: StoreRules, outside: Outside, result: WhatIf) -> None:
    now, rules = outside.now(), outside.store(store).rules
    with reading() as session:
        work = load_slice(session, pks, outside, lock=False)
        for pk, row in work.returns.items():
            dossier = from_scratch(work.dossier(pk))
            before, after = preview(dossier, rules, now), preview(dossier, other, now)
            result.looked_at += 1
            result.before.add(before)
            result.after.add(after)
            differences = compare(before, after)
            if differences:
                result.different.append(ReturnDifference(store, row.id, tuple(differences)))


def _slices(store: str, since: datetime | None, until: datetime | None, newest: int | None) -> Iterator[list[int]]:
    query = select(ReturnRow.pk).where(ReturnRow.store == store).order_by(ReturnRow.pk)
    if since is not None:
        query = query.where(ReturnRow.updated >= since)
    if until is not None:
        query = query.where(ReturnRow.updated < until)
    with reading() as session:
        pks = sorted(session.scalars(query.order_by(None).order_by(ReturnRow.pk.desc()).limit(newest)))
    for start in range(0, len(pks), _SLICE):
        yield pks[start : start + _SLICE]
