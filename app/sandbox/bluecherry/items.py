"""The item master."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from app.sandbox.bluecherry.fields import Fields
from app.sandbox.json import Json, JsonObject

_ATTRIBUTES = ("style", "color_code", "lbl_code", "dimension", "size_bucket", "size_name")


@dataclass(slots=True, kw_only=True)
class Item:
    """A row of the item master; a SKU is unique within its division. `changed` counts the changes of the master."""

    division: str
    sku: str
    upc: str | None
    active_ok: str
    attributes: dict[str, Json]
    changed: int = 0
    changed_at: datetime = field(default=datetime.min.replace(tzinfo=UTC))

    @classmethod
    def read(cls, fields: Fields) -> Item:
        """An item as it is seeded: division and SKU are required, what else is absent is empty."""
        return cls(
            division=fields.text("division"),
            sku=fields.text("sku"),
            upc=fields.optional_text("upc"),
            active_ok=fields.one_of("active_ok", "Y", "N") if fields.has("active_ok") else "Y",
            attributes={name: fields.raw(name) if fields.has(name) else "" for name in _ATTRIBUTES},
        )

    def as_json(self) -> JsonObject:
        """The contract's Item."""
        own: dict[str, Json] = {"sku": self.sku, "upc": self.upc, "division": self.division}
        return {**own, **self.attributes, "active_ok": self.active_ok}


class ItemMaster:
    """Items by division and SKU, by UPC, and in the order in which they changed."""

    def __init__(self) -> None:
        self._by_sku: dict[tuple[str, str], Item] = {}
        self._by_upc: dict[tuple[str, str], Item] = {}
        self._changes: list[Item] = []

    def __len__(self) -> int:
        return len(self._by_sku)

    def put(self, item: Item, at: datetime) -> None:
        """Adds an item, or replaces the one of its division and SKU."""
        old = self._by_sku.get((item.division, item.sku))
        if old and old.upc:
            self._by_upc.pop((old.division, old.upc), None)
        item.changed, item.changed_at = len(self._changes), at
        self._changes.append(item)
        self._by_sku[item.division, item.sku] = item
        if item.upc:
            self._by_upc[item.division, item.upc] = item

    def get(self, division: str, sku: str) -> Item | None:
        """The item of a SKU."""
        return self._by_sku.get((division, sku))

    def look_up(self, division: str, skus: Iterable[str], upcs: Iterable[str]) -> list[Item]:
        """The known ones among SKUs and UPCs, each once."""
        found = [self._by_sku.get((division, sku)) for sku in skus]
        found += [self._by_upc.get((division, upc)) for upc in upcs]
        return list({item.sku: item for item in found if item}.values())

    def changed_since(
        self, since: datetime | None, division: str | None, start: int, limit: int
    ) -> tuple[list[Item], int | None]:
        """Items in the order of their last change from place `start` on, and where to go on from (None: the end)."""
        page: list[Item] = []
        for place in range(start, len(self._changes)):
            item = self._changes[place]
            if self._by_sku[item.division, item.sku] is not item:
                continue
            if (division and item.division != division) or (since and item.changed_at < since):
                continue
            if len(page) == limit:
                return page, place
            page.append(item)
        return page, None
