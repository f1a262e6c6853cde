"""What a check of the books finds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal, TypeVar

from app.demo.books import Document

What = Literal["missing", "doubled", "wrong"]
PARTS = ("net", "discount", "tax", "freight", "freight tax", "fees")
K = TypeVar("K", bound=Hashable)
D = TypeVar("D", bound=Document)


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference. `of` is the return, the order or the place that it is about."""

    what: What
    document: str
    of: str
    why: str

    def as_json(self) -> dict[str, object]:
        """For the report."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Sum:
    """What is credited in a currency, in minor units: by the books, and by the script."""

    found: Mapping[str, int]
    due: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Sums:
    """The figures that were compared. `order_lines`: those that are credited; `places`: those that stock lies at."""

    credited: Mapping[str, Sum]
    order_lines: int
    places: int
    on_hand: tuple[int, int]
    """Units on hand at all places: by the books, and by the script."""
    open_to_sell: tuple[int, int]

    def as_json(self) -> dict[str, object]:
        """For the report."""
        return {
            "credited": {
                currency: {part: {"found": sums.found[part], "due": sums.due[part]} for part in PARTS}
                for currency, sums in self.credited.items()
            },
            "order_lines": self.order_lines,
            "places": self.places,
            "on_hand": dict(zip(("found", "due"), self.on_hand, strict=True)),
            "open_to_sell": dict(zip(("found", "due"), self.open_to_sell, strict=True)),
        }


@dataclass(slots=True)
class Check:
    """All differences between the books and the script. Missing: it should be there. Doubled: one too many. Wrong: it
    says something else, or nothing should be there at all."""

    findings: list[Finding] = field(default_factory=list)
    sums: Sums | None = None

    def add(self, what: What, document: str, of: str, why: str) -> None:
        """Notes a difference."""
        self.findings.append(Finding(what, document, of, why))

    def count(self, what: What) -> int:
        """Differences of one sort."""
        return sum(finding.what == what for finding in self.findings)

    @property
    def clean(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def same(self, document: str, of: str, what: str, found: object, due: object) -> bool:
        """Notes that something is wrong unless it is as it must be."""
        if found != due:
            self.add("wrong", document, of, f"{what} is {found}, must be {due}")
        return found == due

    def same_counts(self, document: str, of: str, what: str, found: Mapping[K, int], due: Mapping[K, int]) -> bool:
        """The same for counts; what counts zero is not there. Says only where they differ."""
        differing = [key for key in {**found, **due} if found.get(key, 0) != due.get(key, 0)]
        for key in differing:
            self.add("wrong", document, of, f"{what} of {key} is {found.get(key, 0)}, must be {due.get(key, 0)}")
        return not differing

    def number(self, document: str, of: str, found: int, least: int, most: int) -> bool:
        """Notes documents of a kind that are missing, one too many, or there although none should be."""
        bounds = str(least) if least == most else f"{least} to {most}"
        if found < least:
            self.add("missing", document, of, f"there are {found}, must be {bounds}")
        elif found > most:
            self.add("doubled" if most else "wrong", document, of, f"there are {found}, must be {bounds}")
        return least <= found <= most


def by_return(documents: Iterable[D]) -> dict[str, list[D]]:
    """Documents by the return that they name; those made by hand name none and are left out."""
    found: dict[str, list[D]] = defaultdict(list)
    for document in documents:
        if document["ref_num2"] is not None:
            found[document["ref_num2"]].append(document)
    return found


def without_copies(check: Check, name: str, documents: Sequence[D]) -> list[D]:
    """Documents with each key once; notes each further one as doubled."""
    found: dict[str | None, D] = {}
    for document in documents:
        key = document["aux_ref_num"]
        if key is not None and key in found:
            check.add("doubled", name, document["ref_num2"] or "", f"there is one more {key}")
        else:
            found[key] = document
    return list(found.values())


def tally(pairs: Iterable[tuple[K, int]]) -> Counter[K]:
    """Sums by key."""
    result: Counter[K] = Counter()
    for key, count in pairs:
        result[key] += count
    return result
