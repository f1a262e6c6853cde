"""Rows of lists that no reader can make anything of: what a field was moved to, or filled with by hand, looks like."""

from __future__ import annotations

from collections.abc import Iterable

from app.sandbox.faults import FaultPlanError
from app.sandbox.json import Json, JsonObject

_GARBAGE: Json = {"": None}


class Garbled:
    """Which fields of which rows are garbage, by call (``GET /documents``) and the row's number, SKU or period."""

    def __init__(self, wanted: Json = None) -> None:
        """Raises FaultPlanError."""
        self._fields: dict[str, dict[str, list[str]]] = {}
        if wanted is not None and not isinstance(wanted, dict):
            raise FaultPlanError("garbled must be an object by call")
        for call, rows in (wanted or {}).items():
            if not isinstance(rows, dict) or not all(isinstance(fields, list) for fields in rows.values()):
                raise FaultPlanError(f"garbled must name the rows of {call}, and a list of fields of each")
            self._fields[call] = {
                name: [str(field) for field in fields] for name, fields in rows.items() if isinstance(fields, list)
            }

    def rows(self, call: str, name: str, rows: Iterable[JsonObject]) -> list[Json]:
        """The rows of an answer, those that are garbled among them; `name` is the field that tells them apart."""
        garbled = self._fields.get(call, {})
        return [{**row, **dict.fromkeys(garbled.get(str(row.get(name)), ()), _GARBAGE)} for row in rows]

    def as_json(self) -> Json:
        """As it was posted."""
        calls: dict[str, Json] = {}
        for call, rows in self._fields.items():
            calls[call] = {name: list(fields) for name, fields in rows.items()}
        return calls
