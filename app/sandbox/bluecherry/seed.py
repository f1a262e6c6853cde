"""What a sandbox is filled with before anything happens: items, orders, and what is known of the merchant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.sandbox.bluecherry.books import Books, Period
from app.sandbox.bluecherry.fields import Fields
from app.sandbox.bluecherry.items import Item
from app.sandbox.bluecherry.orders import Order
from app.sandbox.bluecherry.rules.exchange import seeded_order
from app.sandbox.bluecherry.stock import MOVEMENTS, Place


@dataclass(frozen=True, slots=True)
class Seed:
    """A seed that was read whole, so that a bad one changes nothing."""

    items: list[Item]
    locations: list[str]
    reasons: list[str]
    periods: list[Period]
    orders: list[Order]
    stock: list[tuple[Place, str, int]]

    @classmethod
    def read(cls, fields: Fields) -> Seed:
        """A seed out of its JSON; every part may be absent. Raises Refusal (400) naming the field."""
        return cls(
            items=[Item.read(each) for each in _objects(fields, "items")],
            locations=fields.strings("locations"),
            reasons=fields.strings("reasons"),
            periods=[_period(each) for each in _objects(fields, "periods")],
            orders=[seeded_order(each) for each in _objects(fields, "orders")],
            stock=[_stock(each) for each in _objects(fields, "stock")],
        )

    def plant(self, books: Books, at: datetime) -> None:
        """Adds everything. An item or period that is there is replaced; an order that is there stays as it is."""
        for item in self.items:
            books.items.put(item, at)
        books.locations.update(dict.fromkeys(self.locations))
        books.reasons.update(self.reasons)
        books.periods.update({period.period: period for period in self.periods})
        for order in self.orders:
            if books.orders.get(order.number) is None:
                books.post(order)
                books.publish(order, at, lagging=False)
        for place, rec_type, units in self.stock:
            books.stock.move(place, rec_type, units)


def _objects(fields: Fields, name: str) -> list[Fields]:
    return fields.objects(name, empty=True) if fields.has(name) else []


def _period(fields: Fields) -> Period:
    is_open = fields.raw("open")
    if not isinstance(is_open, bool):
        raise fields.bad("open", "must be true or false")
    return Period(fields.text("period"), fields.date("from"), fields.date("to"), is_open)


def _stock(fields: Fields) -> tuple[Place, str, int]:
    place = Place(
        fields.text("division"), fields.text("sku"), fields.text("location"), fields.optional_text("lot") or ""
    )
    return place, fields.one_of("rec_type", *sorted(MOVEMENTS)), fields.integer("qty")
