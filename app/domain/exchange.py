"""Exchange orders: one live order for each confirmed exchange, of zero value where it is even."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from app.domain.authorisation import choose_lines
from app.domain.blockers import Blocker, Code
from app.domain.documents import AmountLine, Amounts, Document, Entry, Line, document_key, undo_key
from app.domain.dossier import Dossier, SkuState, item_status, phase, value
from app.domain.model import Exchange, Order, ReturnItem
from app.domain.money import Money, minor_unit, total
from app.domain.policy import ItemStatus, Kind, Phase, StoreRules
from app.domain.receiving import Arrivals, accepted_units
from app.domain.saying import Said, say


def is_even(item: ReturnItem, currency: str) -> bool:
    """Whether the new goods cost what the old ones did; Reveni naming no price means so."""
    exchange = item.exchange
    if exchange is None:
        return False
    if exchange.price is None:
        return True
    difference = exchange.price * exchange.quantity - item.price * item.quantity
    return abs(difference) < minor_unit(currency)


def judged_units(item: ReturnItem, rules: StoreRules, arrived: Arrivals) -> tuple[int, int]:
    """Units of an item that the warehouse graded with a grade that the store knows, and those of them it accepts."""
    parts = [part for part in arrived.landed if part.item_id == item.item_id]
    judged = sum(part.units for part in parts if part.grade in rules.grades)
    return judged, sum(accepted_units(part, item, rules) for part in parts)


def exchanges(
    dossier: Dossier, rules: StoreRules, standing: Document | None, arrived: Arrivals
) -> tuple[list[Document], list[Blocker]]:
    """The exchange orders that are due and the cancellations of those that no longer are.

    An exchange is confirmed at once when the return is instant, else when its item is accepted. What was sent is never
    changed: an order with a line that is no longer due is cancelled whole and the rest is made again.
    """
    wanted = _wanted(dossier, rules, arrived)
    elsewhere = standing is not None and dossier.left_order(standing)
    frozen = elsewhere or phase(dossier, rules) in (Phase.INCOMPLETE, Phase.UNKNOWN)
    open_verdicts = {item.item_id for item in dossier.ret.items if unclear(item, rules)}
    documents: list[Document] = []
    held: set[str] = set()
    n = 0
    for entry in dossier.live(Kind.EXCHANGE_ORDER):
        if not entry.fixed:
            continue
        n = max(n, entry.document.n)
        documents.append(entry.document)
        kept = frozen or not (
            (dossier.order is not None and dossier.left_order(entry.document))
            or any(
                line.item_id not in open_verdicts and not _still(dossier, wanted, line) for line in entry.document.lines
            )
        )
        documents += _cancellation(dossier, entry, kept)
        if not dossier.cancelled(entry.key, Kind.ORDER_CANCEL):
            held |= {line.item_id or "" for line in entry.document.lines}
    if frozen:
        return documents, []
    open_items = {item_id: each for item_id, each in wanted.items() if item_id not in held}
    made, blockers = _made(dossier, standing, open_items, n + 1)
    return documents + made, blockers


def price_exchange(document: Document, order: Order) -> Amounts:
    """Amounts of an exchange order: its lines at the new price, with tax code and rate of the line exchanged for."""
    lines = []
    for line in document.lines:
        origin = order.line(line.ord_line_seq or 0)
        paid = Money.rounded(line.price or Decimal(0), order.currency)
        net = Money.rounded(paid.amount / (1 + origin.tax_rate), order.currency)
        lines.append(AmountLine(line.seq, net, Money.zero(order.currency), paid - net))
    nothing = Money.zero(order.currency)
    whole = total([each.net + each.tax for each in lines], order.currency)
    return Amounts(tuple(lines), nothing, nothing, nothing, whole)


def _wanted(dossier: Dossier, rules: StoreRules, arrived: Arrivals) -> dict[str, tuple[ReturnItem, Exchange]]:
    if phase(dossier, rules) in (Phase.CANCELLED, Phase.REJECTED):
        return {}
    wanted: dict[str, tuple[ReturnItem, Exchange]] = {}
    for item in dossier.ret.items:
        if item.exchange is None or unclear(item, rules):
            continue
        share = _confirmed(dossier, rules, arrived, item)
        quantity = item.exchange.quantity * share // item.quantity
        if quantity:
            wanted[item.item_id] = (item, replace(item.exchange, quantity=quantity))
    return wanted


def unclear(item: ReturnItem, rules: StoreRules) -> bool:
    """Whether Reveni judges and nobody knows what it says: money and exchange of the item stay as they are."""
    return rules.judge == "reveni" and item_status(item, rules) is ItemStatus.UNKNOWN


def _still(dossier: Dossier, wanted: Mapping[str, tuple[ReturnItem, Exchange]], line: Line) -> bool:
    """Whether a line that was sent is what the customer is to get now; what a SKU meant then holds for it."""
    item, exchange = wanted.get(line.item_id or "", (None, None))
    if item is None or exchange is None:
        return False
    same_sku = exchange.sku == (line.shop_sku or line.sku) or line.sku == dossier.sku(exchange.sku)
    return same_sku and line.qty == exchange.quantity and line.price == _price(dossier, item, exchange)


def _price(dossier: Dossier, item: ReturnItem, exchange: Exchange) -> Decimal:
    """What the customer pays for the new goods, tax included: nothing where the exchange is even."""
    even = is_even(item, dossier.ret.currency)
    return Decimal(0) if even or exchange.price is None else exchange.price * exchange.quantity


def _confirmed(dossier: Dossier, rules: StoreRules, arrived: Arrivals, item: ReturnItem) -> int:
    """Units of an item whose exchange is confirmed: all or none, but where the warehouse accepts a part."""
    if rules.judge == "reveni":
        status = item_status(item, rules)
        confirmed = status is ItemStatus.ACCEPTED or (dossier.ret.instant and status is not ItemStatus.REJECTED)
        return item.quantity if confirmed else 0
    judged, accepted = judged_units(item, rules, arrived)
    if judged >= item.quantity and (accepted == 0 or not dossier.ret.instant):
        return min(accepted, item.quantity)
    return item.quantity if dossier.ret.instant else 0


def _cancellation(dossier: Dossier, entry: Entry, kept: bool) -> list[Document]:
    existing = dossier.undone(entry.key, Kind.ORDER_CANCEL)
    if existing is not None and existing.fixed:
        return [existing.document]
    if kept:
        return []
    key = undo_key(entry.key, Kind.ORDER_CANCEL)
    return [Document(key, Kind.ORDER_CANCEL, 1, entry.document.ord_num, (), (entry.key,), source=entry.key)]


def _made(
    dossier: Dossier, standing: Document | None, items: Mapping[str, tuple[ReturnItem, Exchange]], n: int
) -> tuple[list[Document], list[Blocker]]:
    blockers: list[Blocker] = []
    lines: list[Line] = []
    for item, exchange in items.values():
        sku = dossier.sku(exchange.sku)
        origin = _origin(dossier, standing, item)
        if dossier.order is None or origin is None:
            message = say(
                "Item %(item)s is on no order line in BlueCherry: its exchange has nothing to refer to.",
                item=item.item_id,
            )
            blockers.append(_failed(dossier, item, exchange, f"{dossier.ret.order_external_id}", message))
            continue
        obstacle = _sku_obstacle(dossier, item, exchange, sku)
        if obstacle is not None:
            blockers += [obstacle, _failed(dossier, item, exchange, sku, obstacle.message)]
            continue
        price = _price(dossier, item, exchange)
        if price and dossier.ret.currency != dossier.order.currency:
            message = say(
                "Its price of %(price)s is in %(currency)s; the order is in %(other)s.",
                price=price,
                currency=dossier.ret.currency,
                other=dossier.order.currency,
            )
            blockers.append(_failed(dossier, item, exchange, f"{dossier.ret.id}:{item.item_id}", message))
            continue
        lines.append(
            Line(
                len(lines) + 1,
                sku,
                exchange.quantity,
                ord_line_seq=origin,
                item_id=item.item_id,
                price=price,
                shop_sku=exchange.sku if exchange.sku != sku else None,
            )
        )
    if not lines or dossier.order is None:
        return [], blockers
    key = document_key(Kind.EXCHANGE_ORDER, dossier.ret.id, n)
    return [Document(key, Kind.EXCHANGE_ORDER, n, dossier.order.ord_num, tuple(lines))], blockers


def _origin(dossier: Dossier, standing: Document | None, item: ReturnItem) -> int | None:
    """The order line that an item is exchanged for."""
    if dossier.order is None:
        return None
    if standing is not None:
        for line in standing.lines:
            if line.item_id == item.item_id and dossier.order.has_line(line.ord_line_seq or 0):
                return line.ord_line_seq
    for chosen, order_line, _ in choose_lines(dossier, dossier.order, dossier.taken)[0]:
        if chosen.item_id == item.item_id:
            return order_line.line_seq
    return None


def _sku_obstacle(dossier: Dossier, item: ReturnItem, exchange: Exchange, sku: str) -> Blocker | None:
    state = dossier.catalogue.get(sku, SkuState.UNKNOWN)
    if state is SkuState.ACTIVE:
        return None
    code = Code.INACTIVE_SKU if state is SkuState.INACTIVE else Code.UNKNOWN_SKU
    cause = sku if state is SkuState.INACTIVE else exchange.sku
    message = (
        say("The exchange is for SKU %(sku)s, which BlueCherry's item master has as inactive.", sku=sku)
        if state is SkuState.INACTIVE
        else say("The exchange is for SKU %(sku)s, which BlueCherry's item master has as unknown.", sku=sku)
    )
    amount = value([(item, item.quantity)], dossier.ret.currency)
    return Blocker(code, f"{dossier.ret.store}:{cause}", message, exchange.quantity, amount)


def _failed(dossier: Dossier, item: ReturnItem, exchange: Exchange, cause: str, message: Said) -> Blocker:
    amount = value([(item, item.quantity)], dossier.ret.currency)
    text = say("No exchange order could be made. %(why)s", why=message)
    return Blocker(Code.EXCHANGE_FAILED, f"{dossier.ret.store}:{cause}", text, exchange.quantity, amount)
