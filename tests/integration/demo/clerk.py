"""A clerk who enters into BlueCherry what the script says must stand there in the end, document by document."""

from __future__ import annotations

from collections import Counter
from itertools import cycle
from typing import cast

import requests

from app.demo.cents import after, amount, fine, without_tax
from app.demo.expect import Authorisation, ExchangeOrder, Outcome, StockPlace
from app.demo.script import Script
from app.demo.world import JsonObject, Line, Order


class Clerk:
    """Writes documents; `refusals` holds what BlueCherry did not take. `skip` names a key that is forgotten."""

    def __init__(self, script: Script, url: str, key: str, code: str, *, skip: str = "") -> None:
        self._script = script
        self._url = url
        self._skip = skip
        self._session = requests.Session()
        self._session.headers["Ocp-Apim-Subscription-Key"] = key
        self._session.params = {"code": code}
        self._orders = {order.ord_num: order for order in script.world.orders}
        self._credited: Counter[tuple[str, int]] = Counter()
        for memo in script.world.hand_memos:
            self._credited[memo.order.ord_num, memo.line.seq] += memo.units
        self.refusals: list[str] = []
        self.day = script.world.today.isoformat()

    def enter_all(self) -> None:
        """The whole day."""
        for outcome in self._script.outcomes.values():
            self.enter(outcome)

    def enter(self, outcome: Outcome) -> None:
        """The documents of one return."""
        ra_num: str | None = None
        for due in outcome.authorisations:
            ra_num = self._authorise(outcome, due)
            if due.states == "X":
                self._call("POST", f"/return_authorizations/{ra_num}/cancel")
        for order in outcome.exchanges:
            self._exchange(outcome, order)
        self._journals(outcome, ra_num)
        if outcome.credited:
            self._credit(outcome, ra_num)
        if outcome.authorisations and outcome.authorisations[-1].states == "C":
            self._call("POST", f"/return_authorizations/{ra_num}/close")

    def _authorise(self, outcome: Outcome, due: Authorisation) -> str:
        order = self._orders[due.ord_num]
        lines = sorted(due.lines, key=lambda line: line.ord_line_seq)
        body: JsonObject = {
            "ord_num": due.ord_num,
            "division": order.store.division,
            "customer": order.customer,
            "location": due.location,
            "ref_num2": outcome.return_id,
            "aux_ref_num": due.key,
            "tracking_num": None,
            "reason_code": lines[0].reason_code,
            "lines": [
                {
                    "line_seq": place,
                    "ord_line_seq": line.ord_line_seq,
                    "sku": line.sku,
                    "qty": line.qty,
                    "reason_code": line.reason_code,
                }
                for place, line in enumerate(lines, start=1)
            ],
        }
        return str(self._post("/return_authorizations", body).get("ra_num"))

    def _journals(self, outcome: Outcome, ra_num: str | None) -> None:
        bundles: list[list[tuple[StockPlace, str, int]]] = [[] for _ in range(outcome.journals[0])]
        units = [place for place, count in outcome.stock.items() for _ in range(max(0, count))]
        for place, bundle in zip(units, cycle(bundles), strict=False):
            bundle.append((place, "RT", 1))
        for number, bundle in enumerate(bundles, start=1):
            # A transfer that brings nothing about, where there are more journals than units.
            moves = bundle or [(units[0], "SA", 1), (units[0], "SA", -1)]
            body: JsonObject = {
                "ra_num": ra_num,
                "ord_num": outcome.authorisations[-1].ord_num,
                "ref_num2": outcome.return_id,
                "aux_ref_num": f"IJ-{outcome.return_id}-{number}",
                "journal_date": self.day,
                "lines": [
                    {
                        "ra_line_seq": None,
                        "sku": place.sku,
                        "rec_type": rec_type,
                        "location": place.location,
                        "lot": place.lot or None,
                        "qty": count,
                    }
                    for place, rec_type, count in moves
                ],
            }
            self._post("/inventory_journals", body)

    def _credit(self, outcome: Outcome, ra_num: str | None) -> None:
        [ord_num] = {ord_num for ord_num, _ in outcome.credited}
        order = self._orders[ord_num]
        lines = [
            self._memo_line(order, line, outcome) for line in order.lines if (ord_num, line.seq) in outcome.credited
        ]
        paid = sum(int(str(line[part]).replace(".", "")) for line in lines for part in ("net_amt", "tax_amt"))
        everything = all(self._credited[ord_num, line.seq] == line.qty for line in order.lines if line.paid)
        freight = (order.freight, order.freight_tax) if everything and order.store.freight == "all_back" else (0, 0)
        body: JsonObject = {
            "ord_num": ord_num,
            "ra_num": ra_num,
            "ref_num2": outcome.return_id,
            "aux_ref_num": f"CM-{outcome.return_id}-1",
            "memo_date": self.day,
            "currency": order.store.currency,
            "lines": lines,
            "freight_amt": amount(freight[0]),
            "freight_tax_amt": amount(freight[1]),
            "fee_amt": amount(outcome.fee),
            "total_amt": amount(paid + sum(freight) - outcome.fee),
        }
        self._post("/credit_memos", body)

    def _memo_line(self, order: Order, line: Line, outcome: Outcome) -> JsonObject:
        key = (order.ord_num, line.seq)
        before = self._credited[key]
        self._credited[key] += outcome.credited[key]
        disc, net, tax = (
            after(total, self._credited[key], line.qty) - after(total, before, line.qty)
            for total in (line.disc, line.net, line.tax)
        )
        return {
            "ord_line_seq": line.seq,
            "sku": line.item.sku,
            "qty": outcome.credited[key],
            "unit_price": fine(line.gross, line.qty),
            "gross_amt": amount(net + disc),
            "disc_amt": amount(disc),
            "net_amt": amount(net),
            "tax_code": line.tax_code,
            "tax_amt": amount(tax),
        }

    def _exchange(self, outcome: Outcome, due: ExchangeOrder) -> None:
        order = due.original
        rates = {line.tax_code: line.rate for line in order.lines}
        lines: list[JsonObject] = []
        for place, line in enumerate(due.lines, start=1):
            rate = rates[line.tax_code]
            net = without_tax(line.paid, rate)
            lines.append(
                {
                    "line_seq": place,
                    "sku": line.sku,
                    "upc": None,
                    "qty_ord": line.qty,
                    "unit_price": fine(net, line.qty),
                    "gross_amt": amount(net),
                    "disc_amt": amount(0),
                    "net_amt": amount(net),
                    "tax_code": line.tax_code,
                    "tax_rate": rate,
                    "tax_amt": amount(line.paid - net),
                }
            )
        body: JsonObject = {
            "ref_num1": due.ref_num1,
            "ref_num2": outcome.return_id,
            "aux_ref_num": due.key,
            "orig_ord_num": order.ord_num,
            "ra_num": None,
            "division": order.store.division,
            "customer": order.customer,
            "store": order.store.name.upper(),
            "ord_type": "E",
            "ord_date": self.day,
            "currency": order.store.currency,
            "freight_amt": amount(0),
            "freight_tax_amt": amount(0),
            "ship_to": {"name": "A. Customer"},
            "lines": lines,
        }
        ord_num = self._post("/sales_orders", body).get("ord_num")
        if due.states == "X":
            self._call("POST", f"/sales_orders/{ord_num}/cancel")
        if due.states == "I":
            self._call("POST", f"/_sandbox/orders/{ord_num}/invoice")

    def _post(self, path: str, body: JsonObject) -> JsonObject:
        if body["aux_ref_num"] == self._skip:
            return {}
        return self._call("POST", path, body)

    def _call(self, method: str, path: str, body: JsonObject | None = None) -> JsonObject:
        answer = self._session.request(method, f"{self._url}{path}", json=body, timeout=10)
        if not answer.ok:
            self.refusals.append(f"{path}: {answer.text} {body}")
            return {}
        return cast(JsonObject, answer.json())
