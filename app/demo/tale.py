"""How a return is told: what Reveni and the warehouse say of it, step by step, and what must have come of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from app.demo.brand import Place, Site, Store
from app.demo.cents import after, fine
from app.demo.expect import Authorisation, ExchangeLine, ExchangeOrder, Incident, Outcome, RaLine, StockPlace
from app.demo.goods import Goods
from app.demo.steps import Await, Event, Nonsense, Put, Receive, Report, Ship, Step
from app.demo.world import Item, JsonObject, Line, Order, World


@dataclass(slots=True)
class Stage:
    """Where one scene is told: its steps in order, and the outcome of each of its returns."""

    world: World
    rng: Random
    store: Store
    now: datetime
    kind: str
    steps: list[Step] = field(default_factory=list)
    tales: list[Tale] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)

    def gap(self) -> float:
        """A little time between two steps, in seconds."""
        return self.rng.uniform(0.05, 0.7)

    def hex(self) -> str:
        """An id as Reveni makes them: 32 lower hex digits."""
        return f"{self.rng.getrandbits(128):032x}"

    def order(self, count: int | None = None, units: int | None = None) -> Order:
        """A sale of so many lines, so many units each; at random where nothing is said."""
        items = self.world.pick(self.store, count or self.rng.choice((1, 1, 1, 2, 2, 3)))
        return self.world.order(
            self.store,
            [(item, units or self.rng.choice((1, 1, 1, 2, 3))) for item in items],
            percent_off=self.rng.choice((0, 0, 0, 10, 15, 25, 30)),
            freight=self.rng.choice((0, 495)) if self.store.freight == "never" else 0,
        )

    def goods(self, line: Line, units: int | None = None, *, credited_before: int = 0) -> Goods:
        """Units of an order line (all of them when none are said) that come back."""
        qty = line.qty if units is None else units
        worth = sum(
            after(total, credited_before + qty, line.qty) - after(total, credited_before, line.qty)
            for total in (line.net, line.tax)
        )
        return Goods(self.hex(), line.item.sku, qty, worth, self.rng.choice(list(self.store.reasons)), line)

    def swap(self, line: Line, wanted: Item | None = None, price: int | None = None) -> Goods:
        """An exchange of a whole line; for the same style in another size unless something else is wanted."""
        goods = self.goods(line)
        goods.wants = (wanted or self.world.sibling(line.item)).sku
        goods.wants_price = price
        return goods

    def tale(self, order: Order, goods: Sequence[Goods] = (), *, instant: bool | None = None) -> Tale:
        """A return of those goods; of everything on the order when none are named."""
        told = list(goods) or [self.goods(line) for line in order.lines]
        tale = Tale(self, order, told, instant=self.rng.random() < 0.3 if instant is None else instant)
        self.tales.append(tale)
        return tale

    def incident(self, code: str, step: Report | Nonsense, *, units: int = 0, store: str | None = None) -> None:
        """A message that belongs to no return, and the exception that it raises."""
        receipt_id = str(step.body["id"]) if isinstance(step, Report) and store else None
        self.steps.append(step)
        self.incidents.append(Incident(self.kind, code, store, receipt_id, units))


class Tale:
    """One return. The verbs at first play it; those after the line say what must stand in the end."""

    def __init__(self, stage: Stage, order: Order, goods: list[Goods], *, instant: bool) -> None:
        self.stage = stage
        self.store = stage.store
        self.site: Site = stage.store.site
        self.order = order
        self.goods = goods
        self.instant = instant
        self.id = stage.hex()
        self.created = stage.now - timedelta(days=stage.rng.randint(1, 4))
        self.external_id = order.shop_id
        self.tracking = f"TRK{stage.rng.randrange(10**10):010d}"
        self.destination: str | None = self.site.reveni_location if stage.store.destination_named else None
        self.fee = 0
        self.bonus = 0
        self.refunded: JsonObject | None = None
        self.exchange_id: str | None = None
        self.outcome = Outcome(self.id, self.store.name, stage.kind)

    # What happens.

    def put(self, status: str, event: Event = "return.updated", gap: float | None = None) -> None:
        """Reveni now says this of the return."""
        self.stage.steps.append(
            Put(self.store.name, self.id, self._body(status), event, self.stage.gap() if gap is None else gap)
        )

    def begin(self) -> None:
        """The customer finishes the request, and perhaps hands the parcel in."""
        rng = self.stage.rng
        if rng.random() < 0.4:
            self.put("incomplete", "return.created")
            self.put("in_progress")
        else:
            self.put("in_progress", "return.created")
        if rng.random() < 0.4:
            self.put("shipped")

    def pay(self, days_ago: int = 0, *, too_much: int = 0) -> None:
        """Reveni pays the refund; `put` tells."""
        self.refunded = {
            "method": "store_credit"
            if self.bonus
            else self.stage.rng.choice(("instant_bank_transfer", "original_payment")),
            "status": "paid",
            "amount": fine(self._amount() + too_much),
            "refunded_at": (self.stage.now - timedelta(days=days_ago)).isoformat(),
        }

    def judge(self, status: str, *goods: Goods) -> None:
        """Reveni's verdict over items (all of them when none are named); `put` tells."""
        for each in goods or self.goods:
            each.status = status

    def accept(self) -> None:
        """Reveni accepts everything and pays, if it has not yet."""
        self.judge("accepted")
        if self.refunded is None:
            self.pay()
        self.put("accepted")

    def reject(self) -> None:
        """Reveni rejects everything."""
        self.judge("rejected")
        self.put("rejected")

    def arrive(
        self,
        units: Iterable[tuple[Goods, int, str]] = (),
        *,
        grade: str = "A",
        by: str | None = None,
        site: Site | None = None,
        extra: Iterable[JsonObject] = (),
    ) -> Report:
        """Goods come in: (goods, units, grade), everything in one grade when none are named. They lie where the grade
        belongs, one journal says so. `extra` are lines of the message that no journal can hold."""
        rng = self.stage.rng
        place = site or self.site
        told = list(units) or [(each, each.qty, grade) for each in self.goods]
        by = by or rng.choice(("return_id", "return_id", "tracking_number", "ra_num"))
        report = Report(
            site=place.name,
            body={
                "id": f"RCV-{self.stage.hex()[:16]}",
                "received_at": self.stage.now.isoformat(),
                **({} if by == "ra_num" else {by: self.tracking if by == "tracking_number" else self.id}),
                "location": place.home.location,
                "items": [*(self._counted(*each) for each in told), *extra],
            },
            gap=self.stage.gap(),
            ra_key=self.ra_key() if by == "ra_num" else None,
        )
        self.stage.steps.append(report)
        self._came(str(report.body["id"]), place, told)
        return report

    def sent_to(self, site: Site) -> None:
        """Its parcel goes to this site of the store."""
        self.site, self.destination = site, site.reveni_location

    def received_by_hand(
        self,
        units: Iterable[tuple[Goods, int, str]] = (),
        *,
        grade: str = "A",
        by: str | None = None,
        extra: Iterable[tuple[str, int, str]] = (),
    ) -> None:
        """Goods come in as with `arrive`, and logistics enters them at the receiving station."""
        told = list(units) or [(each, each.qty, grade) for each in self.goods]
        by = by or self.stage.rng.choice(("return_id", "tracking_number", "tracking_number", "ra_num"))
        receipt_id = f"BYHAND-{self.stage.hex()[:16]}"
        self.stage.steps.append(
            Receive(
                site=self.site.name,
                id=receipt_id,
                reference=self.id if by == "return_id" else self.tracking,
                lines=(*((self._code(goods), count, given) for goods, count, given in told), *extra),
                gap=self.stage.gap(),
                ra_key=self.ra_key() if by == "ra_num" else None,
            )
        )
        self._came(receipt_id, self.site, told)

    def _came(self, receipt_id: str, place: Site, told: Iterable[tuple[Goods, int, str]]) -> None:
        for goods, count, given in told:
            goods.came += count
            self.outcome.received[goods.sku] += count
            self.lies(goods, count, place.place(given))
        self.outcome.receipts.append(receipt_id)
        self.outcome.journals = (self.outcome.journals[0] + 1, self.outcome.journals[1] + 1)

    def regrade(self, goods: Goods, units: int, old: str, new: str) -> None:
        """The warehouse looks again: a transfer from the place of one grade to that of another."""
        line: JsonObject = {"sku": goods.sku, "quantity": units, "grade": new, "from_grade": old}
        body: JsonObject = {
            "id": f"RGR-{self.stage.hex()[:16]}",
            "type": "regrade",
            "received_at": self.stage.now.isoformat(),
            "return_id": self.id,
            "items": [line],
        }
        self.stage.steps.append(Report(self.site.name, body, self.stage.gap()))
        self.moved(goods, units, self.site.place(old), self.site.place(new))

    def until(self, what: str, states: str = "") -> None:
        """Waits for the bridge: ``RA``, ``IJ`` or ``EX``, in one of those states."""
        if what == "RA":
            step = Await("return_authorizations", self.ra_key(), states)
        elif what == "IJ":
            step = Await("inventory_journals", f"IJ-{self.id}-1")
        else:
            step = Await("sales_orders", self.exchange_key)
        self.stage.steps.append(step)

    def ship_exchange(self) -> None:
        """The exchange order leaves the house."""
        self.stage.steps.append(Ship(self.exchange_key, self.stage.gap()))

    # What must stand in the end.

    def ra_key(self, again: bool = False) -> str:
        """The key of its return authorisation; of the second one, made after the first was cancelled."""
        return f"RA-{self.id}-2" if again else f"RA-{self.id}"

    @property
    def exchange_key(self) -> str:
        """The key of its exchange order."""
        return f"EX-{self.id}"

    def authorised(self, states: str, *, again: bool = False) -> None:
        """A return authorisation over all goods, in one of these states, with what came (a cancelled one: nothing)."""
        lines = frozenset(
            RaLine(
                ord_line_seq=each.line.seq,
                sku=each.sku,
                qty=each.qty,
                received=0 if states == "X" else each.came,
                reason_code=self.store.reasons[each.reason],
            )
            for each in self.goods
            if each.line is not None
        )
        self.outcome.authorisations.append(
            Authorisation(self.ra_key(again), self.order.ord_num, self.site.home.location, lines, states)
        )

    def lies(self, goods: Goods, units: int, place: Place) -> None:
        """So many units more lie at a place (fewer, below zero)."""
        self.outcome.stock[StockPlace(self.store.division, goods.sku, place.location, place.lot)] += units

    def moved(self, goods: Goods, units: int, old: Place, new: Place) -> None:
        """One transfer between two places."""
        self.lies(goods, -units, old)
        self.lies(goods, units, new)
        self.outcome.journals = (self.outcome.journals[0] + 1, self.outcome.journals[1] + 1)

    def credited(self, units: Iterable[tuple[Goods, int]] = (), *, memos: tuple[int, int] | None = None) -> None:
        """Units are credited (all of them when none are named), in one memo up to one for each receipt."""
        for goods, count in list(units) or [(each, each.qty) for each in self.goods]:
            if goods.line is not None:
                self.outcome.credited[self.order.ord_num, goods.line.seq] += count
        self.outcome.memos = memos or (1, max(1, len(self.outcome.receipts)))
        if self.store.fees == "on_memo":
            self.outcome.fee = self.fee

    def exchanged(self, states: str) -> None:
        """One exchange order over all goods that are exchanged."""
        lines = frozenset(
            ExchangeLine(each.wants, each.qty, (each.wants_price or 0) * each.qty, each.line.tax_code)
            for each in self.goods
            if each.wants is not None and each.line is not None
        )
        ref_num1 = self.exchange_id or self.order.shop_id
        self.outcome.exchanges.append(ExchangeOrder(self.exchange_key, self.order, ref_num1, lines, states))

    def raises(self, *codes: str, units: int | None = None) -> None:
        """Exceptions that must be open, and the units that each of them holds, where that is certain."""
        self.outcome.exceptions.update(codes)
        if units is not None:
            self.outcome.held.update(dict.fromkeys(codes, units))

    def may_raise(self, *codes: str) -> None:
        """Exceptions that may be open."""
        self.outcome.tolerated.update(codes)

    def verdict(self, goods: Goods, **units: int) -> None:
        """What the bridge must have told Reveni of an item: ``accepted=1, rejected=1``."""
        for status, count in units.items():
            self.outcome.verdicts[goods.item_id, status] += count

    def _amount(self) -> int:
        paid = sum(each.worth for each in self.goods if each.wants is None and each.status != "rejected")
        return max(0, paid - self.fee + self.bonus) if paid else 0

    def _counted(self, goods: Goods, units: int, grade: str) -> JsonObject:
        code = self._code(goods)
        return {"sku" if code == goods.sku else "upc": code, "quantity": units, "grade": grade, "note": None}

    def _code(self, goods: Goods) -> str:
        """What the scanner reads off the goods: the SKU, or the UPC now and then."""
        upc = goods.line.item.upc if goods.line else None
        return upc if upc is not None and self.stage.rng.random() < 0.3 else goods.sku

    def _body(self, status: str) -> JsonObject:
        swapped = sum(each.wants is not None for each in self.goods)
        kind = "refund" if not swapped else "exchange" if swapped == len(self.goods) else "mixed"
        return {
            "id": self.id,
            "status": status,
            "type": kind,
            "instant": self.instant,
            "created": self.created.isoformat(),
            "currency": self.store.currency,
            "amount": fine(self._amount()),
            "order": {"external_id": self.external_id, "number": f"#{self.external_id}"},
            "customer": {"name": "A. Customer", "email": "customer@example.com"},
            "return_items": [each.as_json() for each in self.goods],
            "fees": [{"type": "logistics", "amount": fine(self.fee)}] if self.fee else [],
            "bonus": fine(self.bonus),
            "refund": self.refunded,
            "shipping": {
                "carrier": "correos",
                "tracking_number": self.tracking,
                "destination": {"location_id": self.destination},
            },
            "exchange_order": {"external_id": self.exchange_id, "ship_to": None} if self.exchange_id else None,
        }
