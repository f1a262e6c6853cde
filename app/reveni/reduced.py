"""Raw events without anything personal: only the fields that the bridge reads, and of a warehouse's no note."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from app.field_names import FieldNames

_Shape = Mapping[str, "_Shape | None"]
_EVENT: _Shape = {"id": None, "event": None, "data": {"resource": None, "resource_id": None}}
_RECEIPT: _Shape = {
    **dict.fromkeys(("id", "type", "received_at", "return_id", "ra_num", "tracking_number")),
    "items": dict.fromkeys(("sku", "upc", "quantity", "grade", "from_grade")),
}


def reduced_event(body: str, names: FieldNames | None = None) -> str:
    """A webhook of Reveni, reduced to the hint that it is; it can be taken in as before."""
    names = names or FieldNames()
    return json.dumps(names.outward(_kept(names.inward(_loaded(body)), _EVENT)))


def reduced_receipt(body: str) -> str:
    """A warehouse's message without its notes; it can be taken in as before."""
    return json.dumps(_kept(_loaded(body), _RECEIPT))


def _loaded(body: str) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return {}


def _kept(value: object, shape: _Shape | None) -> Any:
    if shape is None:
        return value if isinstance(value, str | int | float) else None
    if isinstance(value, list):
        return [_kept(each, shape) for each in value]
    if not isinstance(value, Mapping):
        return {}
    return {name: _kept(value[name], below) for name, below in shape.items() if name in value}
