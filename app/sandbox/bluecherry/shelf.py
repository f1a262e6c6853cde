"""Documents of one kind, found by number and by the references that look-ups may ask for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

from app.sandbox.bluecherry.document import Document

D = TypeVar("D", bound=Document)


class Shelf(Generic[D]):
    """Numbers documents from `first` on and keeps an index for each of the references.

    Everything is here at once; what a look-up may see already is the caller's matter.
    """

    def __init__(self, first: int, references: Mapping[str, Callable[[D], str | None]]) -> None:
        self._next = first
        self._references = references
        self._documents: dict[str, D] = {}
        self._index: dict[tuple[str, str], list[D]] = defaultdict(list)

    def __iter__(self) -> Iterator[D]:
        return iter(self._documents.values())

    def __len__(self) -> int:
        return len(self._documents)

    def add(self, document: D) -> None:
        """Keeps a document, under a new number unless it has one."""
        while not document.number:
            number = f"{self._next:010d}"
            self._next += 1
            if number not in self._documents:
                document.number = number
        self._documents[document.number] = document
        for name, reference in self._references.items():
            if (value := reference(document)) is not None:
                self._index[name, value].append(document)

    def get(self, number: str) -> D | None:
        """The document of a number."""
        return self._documents.get(number)

    def references(self) -> list[str]:
        """The names of the references that can be asked for."""
        return list(self._references)

    def find(self, **wanted: str) -> list[D]:
        """The documents that bear all of the references, oldest first."""
        found: list[D] | None = None
        for pair in wanted.items():
            these = self._index.get(pair, [])
            found = list(these) if found is None else [each for each in found if any(each is one for one in these)]
        return found or []
