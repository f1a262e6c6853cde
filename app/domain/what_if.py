"""What if: two previews of one return, under two mappings, compared document by document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from app.domain.blockers import Blocker
from app.domain.documents import Line
from app.domain.policy import Kind
from app.domain.preview import Preview, Previewed


class Turn(StrEnum):
    """What becomes of a document or an exception under the other mapping."""

    APPEARS = "appears"
    DISAPPEARS = "disappears"
    CHANGES = "changes"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing about a document that would be different; empty where there is nothing."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A document or an exception (`what` is its kind or code) that would be different.

    `name`: the document's key, or the exception's message.
    """

    turn: Turn
    what: str
    name: str
    is_exception: bool
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class ReturnDifference:
    """A return for which something would have been different."""

    store: str
    return_id: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class SumDifference:
    """What documents of a kind in a currency come to in all under both mappings."""

    kind: str
    currency: str
    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True)
class Outcome:
    """What another mapping would have led to, in short: what a person sees before it is in force.

    `sums`: kinds and currencies that come to something else. `examples`: the first of the returns that differ.
    """

    looked_at: int
    different: int
    sums: tuple[SumDifference, ...]
    examples: tuple[ReturnDifference, ...]


@dataclass(slots=True)
class Totals:
    """What previews lead to in all. `places`: units by location and lot, of journals; transfers take and give.

    `money`: sums of memos and exchange orders by kind and currency.
    """

    documents: Counter[str] = field(default_factory=Counter)
    units: Counter[str] = field(default_factory=Counter)
    money: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    places: Counter[str] = field(default_factory=Counter)
    exceptions: Counter[str] = field(default_factory=Counter)

    def add(self, seen: Preview) -> None:
        """Count a preview in."""
        for each in seen.documents:
            self.add_document(each)
        self.exceptions.update(blocker.code.value for blocker in seen.blockers)

    def add_document(self, each: Previewed) -> None:
        """Count one document in."""
        kind = each.document.kind.value
        self.documents[kind] += 1
        self.units[kind] += each.document.units
        if each.amounts is not None:
            total = each.amounts.total
            self.money[kind, total.currency] = self.money.get((kind, total.currency), Decimal(0)) + total.amount
        if each.document.kind is Kind.INVENTORY_JOURNAL:
            self.places.update(_by_place(each.document.lines))


def compare(before: Preview, after: Preview) -> list[Difference]:
    """What the second preview has otherwise: documents by key, exceptions by code, cause and receipt."""
    found = [*_documents(before.documents, after.documents)]
    found += _exceptions(before.blockers, after.blockers, Turn.DISAPPEARS)
    found += _exceptions(after.blockers, before.blockers, Turn.APPEARS)
    return found


def sums_that_differ(before: Totals, after: Totals) -> tuple[SumDifference, ...]:
    """The sums of money that are not the same in two totals, by kind and currency."""
    return tuple(
        SumDifference(*key, before.money.get(key, Decimal(0)), after.money.get(key, Decimal(0)))
        for key in sorted({*before.money, *after.money})
        if before.money.get(key, Decimal(0)) != after.money.get(key, Decimal(0))
    )


def facts(each: Previewed) -> dict[str, str]:
    """What is told of a document: where it goes, what it moves, what it is worth. Nothing is an empty text."""
    document, amounts = each.document, each.amounts
    told = {
        "order": document.ord_num,
        "location": document.location or "",
        "division": document.division or "",
        "units": str(document.units),
        "places": _counted(_by_place(document.lines)),
        "reasons": _counted(_by(document.lines, lambda line: line.reason_code)),
        "freight": "",
        "fee": "",
        "total": "",
    }
    if document.kind is Kind.VERDICT:
        told["verdict"] = _counted(_by(document.lines, lambda line: line.disposition))
    if amounts is not None:
        freight = amounts.freight + amounts.freight_tax
        sums = {"freight": freight, "fee": amounts.fee, "total": amounts.total}
        told |= {name: f"{money} {money.currency}" for name, money in sums.items()}
    return told


def _documents(before: Iterable[Previewed], after: Iterable[Previewed]) -> list[Difference]:
    old = {each.document.key: each for each in before}
    new = {each.document.key: each for each in after}
    found = []
    for key in [*old, *(key for key in new if key not in old)]:
        was, is_now = old.get(key), new.get(key)
        there = facts(was) if was else {}
        then = facts(is_now) if is_now else {}
        changes = tuple(
            Change(name, there.get(name, ""), then.get(name, ""))
            for name in [*there, *(name for name in then if name not in there)]
            if there.get(name, "") != then.get(name, "")
        )
        if not changes:
            continue
        turn = Turn.CHANGES if was and is_now else Turn.DISAPPEARS if was else Turn.APPEARS
        either = is_now or was
        found.append(Difference(turn, either.document.kind.value if either else "", key, False, changes))
    return found


def _exceptions(these: Sequence[Blocker], others: Sequence[Blocker], turn: Turn) -> list[Difference]:
    known = {blocker.identity for blocker in others}
    return [
        Difference(turn, blocker.code.value, blocker.message, True)
        for blocker in these
        if blocker.identity not in known
    ]


def _by_place(lines: Iterable[Line]) -> Counter[str]:
    """Units by location, with the lot where there is one."""
    return _by(lines, lambda line: f"{line.location}/{line.lot}" if line.lot else line.location)


def _by(lines: Iterable[Line], what: Callable[[Line], str | None]) -> Counter[str]:
    units: Counter[str] = Counter()
    for line in lines:
        name = what(line)
        if name is not None:
            units[name] += line.qty
    return units


def _counted(units: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(units.items()))
