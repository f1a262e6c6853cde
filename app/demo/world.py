"""What stands in BlueCherry before the day begins: the item master and the sales orders.

Amounts are whole minor units (cents, pence). Prices in the shop include tax; BlueCherry keeps net and tax apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from app.demo.brand import STORES, Store, locations
from app.demo.cents import after, amount, fine, without_tax

JsonObject = dict[str, object]

_STYLES = (
    ("000471", "adult", 2390),
    ("000472", "adult", 4995),
    ("001105", "adult", 7990),
    ("001206", "adult", 11900),
    ("002013", "adult", 1795),
    ("002014", "adult", 5950),
    ("003350", "adult", 18900),
    ("004711", "adult", 9999),
    ("005002", "kids", 1999),
    ("005003", "kids", 2995),
    ("005110", "kids", 3490),
    ("006001", "adult", 10000),
)
_COLOURS = ("001", "012", "100", "430")
_SIZES = ("XS", "S", "M", "L", "XL")


@dataclass(frozen=True, slots=True)
class Item:
    """A row of the item master. `price` is the shop's, tax included; codes keep their leading zeros."""

    sku: str
    upc: str | None
    division: str
    style: str
    color_code: str
    size_bucket: str
    size_name: str
    goods: str
    price: int
    active: bool = True

    def as_json(self) -> JsonObject:
        """BlueCherry's Item."""
        return {
            "sku": self.sku,
            "upc": self.upc,
            "division": self.division,
            "style": self.style,
            "color_code": self.color_code,
            "lbl_code": "00",
            "dimension": "0",
            "size_bucket": self.size_bucket,
            "size_name": self.size_name,
            "active_ok": "Y" if self.active else "N",
        }


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an order: amounts of all its units."""

    seq: int
    item: Item
    qty: int
    gross: int
    disc: int
    net: int
    tax: int
    tax_code: str
    rate: str

    @property
    def paid(self) -> int:
        """What the customer paid for the line."""
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class Order:
    """A sales order. `invoiced` is False while it is open."""

    ord_num: str
    shop_id: str
    store: Store
    customer: str
    day: date
    lines: tuple[Line, ...]
    freight: int = 0
    freight_tax: int = 0
    invoiced: bool = True

    def as_json(self) -> JsonObject:
        """BlueCherry's Order."""
        return {
            "ord_num": self.ord_num,
            "ref_num1": self.shop_id,
            "ref_num2": None,
            "aux_ref_num": None,
            "orig_ord_num": None,
            "division": self.store.division,
            "customer": self.customer,
            "store": self.store.name.upper(),
            "ord_type": "S",
            "ord_date": self.day.isoformat(),
            "ord_status": "I" if self.invoiced else "O",
            "currency": self.store.currency,
            "freight_amt": amount(self.freight),
            "freight_tax_amt": amount(self.freight_tax),
            "ship_to": {"name": "A. Customer", "street": "1 High Street", "city": "Town"},
            "location": self.store.site.home.location,
            "lines": [self._line(line) for line in self.lines],
        }

    def _line(self, line: Line) -> JsonObject:
        return {
            "line_seq": line.seq,
            "sku": line.item.sku,
            "upc": line.item.upc,
            "qty_ord": line.qty,
            "qty_inv": line.qty if self.invoiced else 0,
            "unit_price": fine(line.gross, line.qty),
            "gross_amt": amount(line.gross),
            "disc_amt": amount(line.disc),
            "net_amt": amount(line.net),
            "tax_code": line.tax_code,
            "tax_rate": line.rate,
            "tax_amt": amount(line.tax),
        }


@dataclass(frozen=True, slots=True)
class HandMemo:
    """A credit memo that somebody made in BlueCherry: `units` of one line, and nothing else."""

    order: Order
    line: Line
    units: int

    def as_json(self) -> JsonObject:
        """BlueCherry's CreditMemo, without references of the bridge."""
        disc, net, tax = (
            after(total, self.units, self.line.qty) for total in (self.line.disc, self.line.net, self.line.tax)
        )
        return {
            "ord_num": self.order.ord_num,
            "ra_num": None,
            "ref_num2": None,
            "aux_ref_num": None,
            "memo_date": self.order.day.isoformat(),
            "currency": self.order.store.currency,
            "lines": [
                {
                    "ord_line_seq": self.line.seq,
                    "sku": self.line.item.sku,
                    "qty": self.units,
                    "unit_price": fine(self.line.gross, self.line.qty),
                    "gross_amt": amount(net + disc),
                    "disc_amt": amount(disc),
                    "net_amt": amount(net),
                    "tax_code": self.line.tax_code,
                    "tax_amt": amount(tax),
                }
            ],
            "freight_amt": amount(0),
            "freight_tax_amt": amount(0),
            "fee_amt": amount(0),
            "total_amt": amount(net + tax),
        }


@dataclass(slots=True)
class World:
    """The item master, and the orders as the script asks for them."""

    rng: Random
    today: date
    items: list[Item] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    hand_memos: list[HandMemo] = field(default_factory=list)

    def __post_init__(self) -> None:
        for division in sorted({store.division for store in STORES}):
            self.items += self._master(division)

    def _master(self, division: str) -> list[Item]:
        result: list[Item] = []
        for style, goods, price in _STYLES:
            for colour in _COLOURS:
                for bucket, size in enumerate(_SIZES, start=1):
                    number = len(result)
                    result.append(
                        Item(
                            sku=f"{style}{colour}{bucket:02d}",
                            upc=None if number % 9 == 4 else f"0{division}{number:08d}",
                            division=division,
                            style=style,
                            color_code=colour,
                            size_bucket=f"{bucket:02d}",
                            size_name=size,
                            goods=goods,
                            price=price,
                            active=number % 29 != 7,
                        )
                    )
        return result

    def pick(self, store: Store, count: int = 1, *, active: bool = True, price: int | None = None) -> list[Item]:
        """Different items of the store's division."""
        choice = [
            item
            for item in self.items
            if item.division == store.division and item.active is active and price in (None, item.price)
        ]
        return self.rng.sample(choice, count)

    def sibling(self, item: Item) -> Item:
        """The same style in another colour or size, active, at the same price."""
        return self.rng.choice(
            [
                other
                for other in self.items
                if other.active
                and other.sku != item.sku
                and (other.division, other.style) == (item.division, item.style)
            ]
        )

    def order(
        self,
        store: Store,
        lines: Sequence[tuple[Item, int]],
        *,
        percent_off: int = 0,
        free: Sequence[int] = (),
        unit_prices: Sequence[int] = (),
        freight: int = 0,
        invoiced: bool = True,
        shop_id: str | None = None,
    ) -> Order:
        """A sales order of (item, units). `free` are the places of lines that cost nothing; `unit_prices`
        replace the items' own."""
        number = len(self.orders) + 1
        built = []
        for place, (item, qty) in enumerate(lines):
            price = unit_prices[place] if unit_prices else item.price
            off = 100 if place in free else percent_off
            built.append(_line(place + 1, item, qty, price, off, *store.rates[item.goods]))
        rate = store.rates["adult"][1]
        order = Order(
            ord_num=f"{500000000 + number:010d}",
            shop_id=shop_id or f"{store.name.upper()}-{40000 + number}",
            store=store,
            customer=f"{store.name.upper()}WEB",
            day=self.today - timedelta(days=self.rng.randint(5, 25)),
            lines=tuple(built),
            freight=without_tax(freight, rate),
            freight_tax=freight - without_tax(freight, rate),
            invoiced=invoiced,
        )
        self.orders.append(order)
        return order

    def credit_by_hand(self, order: Order, line: Line, units: int) -> None:
        """Somebody made a memo in BlueCherry before the day began."""
        self.hand_memos.append(HandMemo(order, line, units))

    def seed(self) -> JsonObject:
        """What the sandbox is filled with."""
        first = self.today.replace(day=1)
        begins = first - timedelta(days=120)
        return {
            "items": [item.as_json() for item in self.items],
            "locations": locations(),
            "reasons": sorted({code for store in STORES for code in store.reasons.values()}),
            "periods": [
                {
                    "period": "before",
                    "from": begins.isoformat(),
                    "to": (first - timedelta(days=32)).isoformat(),
                    "open": False,
                },
                {
                    "period": "now",
                    "from": (first - timedelta(days=31)).isoformat(),
                    "to": (first + timedelta(days=62)).isoformat(),
                    "open": True,
                },
            ],
            "orders": [order.as_json() for order in self.orders],
            "credit_memos": [memo.as_json() for memo in self.hand_memos],
        }


def _line(seq: int, item: Item, qty: int, price: int, percent_off: int, tax_code: str, rate: str) -> Line:
    # 10 × 23.90 with 25 % off is 179.25: what the customer paid is rounded once, on the line.
    paid = after(price * qty, 100 - percent_off, 100)
    net = without_tax(paid, rate)
    gross = without_tax(price * qty, rate)
    return Line(seq, item, qty, gross, gross - net, net, paid - net, tax_code, rate)
