"""The return authorisation: which order, which of its lines, and when it is made, cancelled, made again or closed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.domain.blockers import Blocker, Code
from app.domain.documents import Document, Entry, Line, document_key, undo_key
from app.domain.dossier import Dossier, SkuState, everything, phase
from app.domain.mapping_keys import key_of
from app.domain.model import Order, OrderLine, Return, ReturnItem
from app.domain.money import minor_unit
from app.domain.policy import Kind, Phase, Site, StoreRules
from app.domain.saying import Said, say


@dataclass(slots=True)
class Authorisation:
    """What is due of return authorisations, and the one that receipts are counted against (`standing`)."""

    documents: list[Document] = field(default_factory=list)
    blockers: list[Blocker] = field(default_factory=list)
    standing: Document | None = None


def choose_order(orders: Sequence[Order], skus: frozenset[str]) -> Order | Code:
    """The order that a return is of, out of those with the shop's id.

    Of several, the sale that has the SKUs invoiced, else the exchange order that has them. Otherwise a code:
    `unknown_order` when there is none, `order_ambiguous` when several fit or none of several does.
    """
    alive = [order for order in orders if order.ord_status != "X"] or list(orders)
    if not alive:
        return Code.UNKNOWN_ORDER
    if len(alive) == 1:
        return alive[0]
    for ord_type in ("S", "E"):
        fitting = [o for o in alive if o.ord_type == ord_type and skus <= {x.sku for x in o.lines if x.qty_inv > 0}]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            return Code.ORDER_AMBIGUOUS
    sales = [order for order in alive if order.ord_type == "S"]
    return sales[0] if len(sales) == 1 else Code.ORDER_AMBIGUOUS


def choose_lines(
    dossier: Dossier, order: Order, taken: Mapping[int, int]
) -> tuple[list[tuple[ReturnItem, OrderLine, int]], list[ReturnItem]]:
    """Order lines for the items, and the items that do not fit.

    Of several lines with the SKU, the one whose paid unit price is the item's, else the lowest with units free;
    an item larger than what is free on one line goes on over the next.
    """
    free = {line.line_seq: line.qty_inv - taken.get(line.line_seq, 0) for line in order.lines}
    left = {item.item_id: item.quantity for item in dossier.ret.items}
    chosen: list[tuple[ReturnItem, OrderLine, int]] = []
    for same_price_only in (True, False):
        for item in dossier.ret.items:
            for line in sorted(order.lines, key=lambda each: each.line_seq):
                fits = line.sku == dossier.sku(item.sku) and (not same_price_only or _paid_price(line, item))
                units = min(left[item.item_id], free[line.line_seq]) if fits else 0
                if units > 0:
                    free[line.line_seq] -= units
                    left[item.item_id] -= units
                    chosen.append((item, line, units))
    place = {item.item_id: index for index, item in enumerate(dossier.ret.items)}
    chosen.sort(key=lambda each: (place[each[0].item_id], each[1].line_seq))
    return _merged(chosen), [item for item in dossier.ret.items if left[item.item_id] > 0]


def _paid_price(line: OrderLine, item: ReturnItem) -> bool:
    if line.qty_inv == 0:
        return False
    return abs(line.paid.amount / line.qty_inv - item.price) < minor_unit(line.paid.currency)


def _merged(chosen: list[tuple[ReturnItem, OrderLine, int]]) -> list[tuple[ReturnItem, OrderLine, int]]:
    units: Counter[tuple[str, int]] = Counter()
    for item, line, count in chosen:
        units[item.item_id, line.line_seq] += count
    first = {(item.item_id, line.line_seq): (item, line) for item, line, _ in chosen}
    return [(item, line, units[key]) for key, (item, line) in first.items()]


def authorise(dossier: Dossier, rules: StoreRules) -> Authorisation:
    """What is due of return authorisations.

    One is due for every return that is more than a draft; for a cancelled one only if goods came. It is made again,
    under the next key, after a cancellation, and when the return changed before any goods came. Those that stand in
    BlueCherry stay in the list, each with what ended it.
    """
    made = [entry for entry in dossier.live(Kind.RETURN_AUTHORISATION) if entry.fixed]
    current = made[-1] if made and _end(dossier, made[-1], Kind.RA_CANCEL) is None else None
    result = _due(dossier, rules, made, current)
    for entry in reversed(made):
        if entry is not current:
            ends = [_end(dossier, entry, Kind.RA_CANCEL), _end(dossier, entry, Kind.RA_CLOSE)]
            result.documents[:0] = [entry.document, *(end.document for end in ends if end is not None)]
    result.blockers += _status_blocker(dossier, phase(dossier, rules))
    return result


def _due(dossier: Dossier, rules: StoreRules, made: Sequence[Entry], current: Entry | None) -> Authorisation:
    now = phase(dossier, rules)
    if current is None:
        called_off = now is Phase.CANCELLED and not dossier.receipts
        if now is Phase.INCOMPLETE or called_off or (now is Phase.UNKNOWN and (made or not _seen(dossier))):
            return Authorisation()
        return _made(dossier, rules, _next_n(made), tuple(undo_key(entry.key, Kind.RA_CANCEL) for entry in made[-1:]))
    result = Authorisation([current.document], [], current.document)
    if now in (Phase.INCOMPLETE, Phase.UNKNOWN):
        return result
    closed = _end(dossier, current, Kind.RA_CLOSE)
    if now is Phase.CANCELLED:
        stays = closed is not None or _touched(dossier)
        return result if stays else Authorisation([current.document, _cancellation(current)])
    if dossier.order is None:
        result.blockers.append(_no_order(dossier))
        return result
    if _same_goods(dossier, current.document) and not dossier.left_order(current.document):
        return result
    if _touched(dossier):
        return _changed(dossier, current, result)
    end = closed.document if closed else _cancellation(current)
    again = _made(dossier, rules, _next_n(made), after=(end.key,))
    again.documents[:0] = [current.document, end]
    return again


def close(dossier: Dossier, standing: Document, after: Sequence[str]) -> Document:
    """The closing of a return authorisation whose missing goods nobody expects any more."""
    key = undo_key(standing.key, Kind.RA_CLOSE)
    return Document(key, Kind.RA_CLOSE, 1, standing.ord_num, (), (standing.key, *after), source=standing.key)


def _end(dossier: Dossier, entry: Entry, kind: Kind) -> Entry | None:
    """The cancellation or closing of an authorisation, if it was or may have been made."""
    end = dossier.undone(entry.key, kind)
    return end if end is not None and end.fixed else None


def _seen(dossier: Dossier) -> bool:
    """Whether an authorisation was due before, in a status that is known."""
    return any(entry.document.kind is Kind.RETURN_AUTHORISATION for entry in dossier.entries)


def _next_n(made: Sequence[Entry]) -> int:
    return 1 + max((entry.document.n for entry in made), default=0)


def _touched(dossier: Dossier) -> bool:
    """Whether goods came, or money went: from then on the authorisation stays."""
    return bool(dossier.receipts) or any(entry.fixed for entry in dossier.live(Kind.CREDIT_MEMO))


def _cancellation(current: Entry) -> Document:
    document = current.document
    key = undo_key(current.key, Kind.RA_CANCEL)
    return Document(key, Kind.RA_CANCEL, 1, document.ord_num, (), (current.key,), source=current.key)


def _changed(dossier: Dossier, current: Entry, result: Authorisation) -> Authorisation:
    units, amount = everything(dossier)
    name = current.number or current.key
    message = say("The return changed in Reveni after goods came or were credited on %(name)s.", name=name)
    if dossier.left_order(current.document):
        message = say(
            "%(changed)s It names order %(order)r now; money and exchanges are held.",
            changed=message,
            order=dossier.ret.order_external_id,
        )
    result.blockers.append(Blocker(Code.RETURN_CHANGED, dossier.ret.id, message, units, amount))
    return result


def _same_goods(dossier: Dossier, document: Document) -> bool:
    """Whether a return authorisation announces what comes back; once goods came, by what its SKUs meant then."""
    kept = _touched(dossier)
    wanted: Counter[tuple[str | None, str]] = Counter()
    for item in dossier.ret.items:
        sku = (document.sku(item.sku) if kept else None) or dossier.sku(item.sku)
        wanted[item.item_id, sku] += item.quantity
    announced: Counter[tuple[str | None, str]] = Counter()
    for line in document.lines:
        announced[line.item_id, line.sku] += line.qty
    return wanted == announced


def _made(dossier: Dossier, rules: StoreRules, n: int, after: tuple[str, ...]) -> Authorisation:
    blockers, site = _obstacles(dossier, rules)
    if blockers or site is None or dossier.order is None or not dossier.ret.items:
        return Authorisation(blockers=blockers)
    chosen, _ = choose_lines(dossier, dossier.order, dossier.taken)
    lines = tuple(
        Line(
            seq,
            line.sku,
            units,
            ord_line_seq=line.line_seq,
            item_id=item.item_id,
            reason_code=rules.reasons[item.reason],
            shop_sku=item.sku if item.sku != line.sku else None,
        )
        for seq, (item, line, units) in enumerate(chosen, start=1)
    )
    key = document_key(Kind.RETURN_AUTHORISATION, dossier.ret.id, n)
    document = Document(
        key,
        Kind.RETURN_AUTHORISATION,
        n,
        dossier.order.ord_num,
        lines,
        after,
        location=site.location,
        division=site.division or dossier.order.division,
        source=site.name,
    )
    return Authorisation([document], [], document)


def _obstacles(dossier: Dossier, rules: StoreRules) -> tuple[list[Blocker], Site | None]:
    """All that stands before the return authorisation: one bad item holds its return."""
    units, amount = everything(dossier)
    ret = dossier.ret
    found: dict[tuple[Code, str], Blocker] = {}

    def hold(code: Code, cause: str, message: Said) -> None:
        found.setdefault((code, cause), Blocker(code, cause, message, units, amount))

    site = rules.site_of_destination(ret.location_id)
    if site is None:
        hold(Code.UNMAPPED_SITE, f"{ret.store}:{ret.location_id or ''}", _no_site(ret, rules))
    for item in ret.items:
        if item.reason not in rules.reasons:
            key = key_of("stores", ret.store, "reasons", item.reason)
            message = say(
                "Store %(store)s has no BlueCherry code for the reason %(reason)r: add %(key)s.",
                store=ret.store,
                reason=item.reason,
                key=key,
            )
            hold(Code.UNMAPPED_REASON, f"{ret.store}:{item.reason}", message)
    if dossier.order is None:
        return [*found.values(), _no_order(dossier)], site
    beyond = choose_lines(dossier, dossier.order, dossier.taken)[1]
    for item in ret.items:
        obstacle = _item_obstacle(dossier, dossier.order, item, item in beyond)
        if obstacle is not None:
            hold(*obstacle)
    return list(found.values()), site


def _no_order(dossier: Dossier) -> Blocker:
    units, amount = everything(dossier)
    cause = f"{dossier.ret.store}:{dossier.ret.order_external_id}"
    message = dossier.problem_detail or say("The order was not looked for yet.")
    return Blocker(dossier.problem or Code.UNKNOWN_ORDER, cause, message, units, amount)


def _no_site(ret: Return, rules: StoreRules) -> Said:
    if ret.location_id is None:
        key = key_of("stores", ret.store, "default_site")
        return say(
            "No site of store %(store)s takes a return without a destination: add %(key)s.", store=ret.store, key=key
        )
    sites = " or ".join(key_of("sites", site, "reveni_location_ids") for site in rules.sites)
    return say(
        "No site of store %(store)s takes Reveni's destination %(place)r: add it to %(keys)s.",
        store=ret.store,
        place=ret.location_id,
        keys=sites,
    )


def _item_obstacle(dossier: Dossier, order: Order, item: ReturnItem, beyond: bool) -> tuple[Code, str, Said] | None:
    """Code, cause and message of what keeps an item off its order; `beyond`: no line has enough units free."""
    store, sku = dossier.ret.store, dossier.sku(item.sku)
    lines = [line for line in order.lines if line.sku == sku]
    state = dossier.catalogue.get(sku, SkuState.UNKNOWN)
    if state is SkuState.UNKNOWN:
        message = say(
            "BlueCherry's item master has no SKU %(sku)s in division %(division)s.", sku=sku, division=order.division
        )
        return Code.UNKNOWN_SKU, f"{store}:{item.sku}", message
    if state is SkuState.INACTIVE and not dossier.inactive_returnable:
        message = say("SKU %(sku)s is inactive in division %(division)s.", sku=sku, division=order.division)
        return Code.INACTIVE_SKU, f"{store}:{sku}", message
    if not lines:
        message = say("Order %(order)s has no line with SKU %(sku)s.", order=order.ord_num, sku=sku)
        return Code.SKU_NOT_ON_ORDER, f"{order.ord_num}:{sku}", message
    if order.ord_status != "I" and not any(line.qty_inv for line in lines):
        message = say("Order %(order)s is not invoiced yet.", order=order.ord_num)
        return Code.ORDER_NOT_INVOICED, order.ord_num, message
    if beyond:
        sold = sum(line.qty_inv for line in lines)
        held = sum(dossier.taken.get(line.line_seq, 0) for line in lines)
        message = say(
            "%(units)s × %(sku)s come back; order %(order)s sold %(sold)s, %(held)s on other returns.",
            units=item.quantity,
            sku=sku,
            order=order.ord_num,
            sold=sold,
            held=held,
        )
        return Code.OVER_RETURN, f"{order.ord_num}:{sku}", message
    return None


def _status_blocker(dossier: Dossier, now: Phase) -> list[Blocker]:
    if now is not Phase.UNKNOWN:
        return []
    units, amount = everything(dossier)
    ret = dossier.ret
    key = key_of("stores", ret.store, "statuses", ret.status)
    message = say(
        "Store %(store)s does not know the status %(status)r: money and exchanges of the return are held. Add %(key)s.",
        store=ret.store,
        status=ret.status,
        key=key,
    )
    return [Blocker(Code.UNKNOWN_STATUS, f"{ret.store}:{ret.status}", message, units, amount)]
