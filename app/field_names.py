"""Field names of others: a renaming in both directions, so that no code knows an installation's spelling."""

from __future__ import annotations

from collections.abc import Mapping


class FieldNames:
    """Renames fields of nested documents.

    Built from ``{our dotted path: their name}``, as in ``{"aux_ref_num": "AuxRef", "lines.sku": "upc"}``: a path is
    always of our names, and lists are walked through. What is not named keeps its name, unless that name is taken by
    a renamed field: then it is another thing, and left out.
    """

    def __init__(self, theirs: Mapping[str, str] | None = None) -> None:
        self._out = dict(theirs or {})
        self._in = {_prefix(path) + name: path.rpartition(".")[2] for path, name in self._out.items()}

    def __repr__(self) -> str:
        return f"FieldNames({self._out!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FieldNames) and self._out == other._out

    def __hash__(self) -> int:
        return hash(frozenset(self._out.items()))

    def name(self, path: str) -> str:
        """Their name of one of our fields."""
        return self._out.get(path, path.rpartition(".")[2])

    def outward(self, document: object) -> object:
        """A document of ours in their names."""
        return self._walk(document, "", outward=True) if self._out else document

    def inward(self, document: object) -> object:
        """A document of theirs in our names."""
        return self._walk(document, "", outward=False) if self._out else document

    def _walk(self, value: object, prefix: str, *, outward: bool) -> object:
        if isinstance(value, list):
            return [self._walk(entry, prefix, outward=outward) for entry in value]
        if not isinstance(value, dict):
            return value
        names, taken = (self._out, self._in) if outward else (self._in, self._out)
        renamed: dict[str, object] = {}
        for key, entry in value.items():
            path = f"{prefix}{key}"
            if path not in names and path in taken:
                continue
            new = names.get(path) or str(key)
            renamed[new] = self._walk(entry, f"{prefix}{key if outward else new}.", outward=outward)
        return renamed


def _prefix(path: str) -> str:
    parent, dot, _ = path.rpartition(".")
    return parent + dot
