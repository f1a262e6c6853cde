"""Sending: the call that makes a document in BlueCherry (or tells Reveni a verdict), and the look-up that finds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from app.bluecherry.documents import (
    CreditMemo,
    ExchangeLine,
    ExchangeOrder,
    InventoryJournal,
    JournalLine,
    MemoLine,
    OutgoingDocument,
    PostedJournal,
    RaLine,
    ReturnAuthorisation,
)
from app.bluecherry.gateway import BlueCherry
from app.calls import Refused
from app.domain.documents import Amounts, Document
from app.domain.dossier import item_status
from app.domain.model import MemoOnOrder, Order, Personal, RaOnOrder, Return
from app.domain.money import Money
from app.domain.policy import REJECTED, ItemStatus, Kind
from app.reveni.client import TakesVerdicts, Verdict
from app.services.outside import Outside


@dataclass(frozen=True, slots=True)
class Parcel:
    """A document that was claimed for sending, with all that its call needs.

    `ra_num`: the return authorisation it refers to, if that is posted. `target`: the number of what is cancelled or
    closed. `date`: what the document bears: today in the store's time zone, but for a memo in a closed period.
    `lease_until`: no call is begun after it. `upcs`: by SKU, those of new goods that the item master has.
    `shadow`: it is written to nobody.
    """

    row_id: int
    return_pk: int
    store: str
    document: Document
    amounts: Amounts | None
    order: Order | None
    ret: Return
    personal: Personal = field(repr=False)
    ra_num: str | None
    target: str | None
    date: date
    lease_until: datetime
    shadow: bool
    upcs: Mapping[str, str] = field(default_factory=dict)


def body_of(parcel: Parcel) -> OutgoingDocument:
    """What is sent for a document. Raises KeyError for a kind that is no document of BlueCherry."""
    return _BODIES[parcel.document.kind](parcel)


def addressed(parcel: Parcel, outside: Outside) -> Parcel:
    """The parcel with the address that an exchange goes to: Reveni's, else the original order's, fetched for it.

    The bridge keeps no order's address. Raises a CallError.
    """
    if parcel.document.kind is not Kind.EXCHANGE_ORDER or parcel.personal.ship_to is not None:
        return parcel
    order = outside.erp(parcel.store).order(parcel.document.ord_num)
    return replace(parcel, personal=Personal(ship_to=order.ship_to if order else None))


def send(parcel: Parcel, outside: Outside) -> str:
    """Make the document, an exchange order with its address; its number. Raises a CallError."""
    to = outside.addressees(parcel.store, shadow=parcel.shadow)
    erp = to.bluecherry
    match parcel.document.kind:
        case Kind.RETURN_AUTHORISATION:
            return erp.create_ra(_authorisation(parcel)).number
        case Kind.INVENTORY_JOURNAL:
            return erp.create_journal(_journal(parcel)).number
        case Kind.CREDIT_MEMO:
            return erp.create_memo(_memo(parcel)).number
        case Kind.EXCHANGE_ORDER:
            return erp.create_order(_exchange(parcel)).number
        case Kind.RA_CANCEL:
            erp.cancel_ra(parcel.target or "")
        case Kind.RA_CLOSE:
            erp.close_ra(parcel.target or "")
        case Kind.ORDER_CANCEL:
            erp.cancel_order(parcel.target or "")
        case Kind.VERDICT:
            return _tell(parcel, to.reveni)
    return parcel.target or ""


Standing = RaOnOrder | PostedJournal | MemoOnOrder | Order
"""A document as BlueCherry has it."""


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What a look-up found: the number, and the document itself, where that is a document of BlueCherry."""

    number: str
    document: Standing | None = None


def look_up(parcel: Parcel, outside: Outside) -> LookedUp | None:
    """A document that may have been made, as it stands; None when it was not. Raises a CallError.

    One of another order is not it: two stores may have returns of the same id.
    """
    erp = outside.erp(parcel.store)
    key = parcel.document.key

    def ours(ord_num: str | None) -> bool:
        return not ord_num or ord_num == parcel.document.ord_num

    match parcel.document.kind:
        case Kind.RETURN_AUTHORISATION:
            return next((LookedUp(ra.ra_num, ra) for ra in erp.ras_by_aux(key) if ours(ra.ord_num)), None)
        case Kind.INVENTORY_JOURNAL:
            journals = erp.journals_by_aux(key)
            return next((LookedUp(each.journal_num, each) for each in journals if ours(each.ord_num)), None)
        case Kind.CREDIT_MEMO:
            return next((LookedUp(memo.memo_num, memo) for memo in erp.memos_by_aux(key) if ours(memo.ord_num)), None)
        case Kind.EXCHANGE_ORDER:
            orders = erp.orders_by_aux(key)
            return next((LookedUp(order.ord_num, order) for order in orders if ours(order.orig_ord_num)), None)
        case Kind.VERDICT:
            told = _told(parcel, outside)
            return LookedUp(told) if told is not None else None
    return LookedUp(parcel.target or "") if _undone(parcel, erp) else None


def _undone(parcel: Parcel, erp: BlueCherry) -> bool:
    target = parcel.target or ""
    if parcel.document.kind is Kind.ORDER_CANCEL:
        order = erp.order(target)
        return order is not None and order.ord_status == "X"
    ra = erp.ra(target)
    return ra is not None and ra.status == ("X" if parcel.document.kind is Kind.RA_CANCEL else "C")


def _authorisation(parcel: Parcel) -> ReturnAuthorisation:
    document, order = parcel.document, _order(parcel)
    lines = tuple(
        RaLine(line.seq, line.ord_line_seq or 0, line.sku, line.qty, line.reason_code or "") for line in document.lines
    )
    return ReturnAuthorisation(
        ord_num=document.ord_num,
        division=document.division or order.division,
        customer=order.customer,
        location=document.location or "",
        ref_num2=parcel.ret.id,
        aux_ref_num=document.key,
        reason_code=lines[0].reason_code,
        lines=lines,
        tracking_num=parcel.ret.tracking_number,
    )


def _journal(parcel: Parcel) -> InventoryJournal:
    document = parcel.document
    lines = tuple(
        JournalLine(
            sku=line.sku,
            rec_type="SA" if line.rec_type == "SA" else "RT",
            location=line.location or "",
            qty=line.qty,
            ra_line_seq=line.ra_line_seq if line.rec_type == "RT" else None,
            lot=line.lot,
        )
        for line in document.lines
    )
    return InventoryJournal(
        ord_num=document.ord_num,
        ref_num2=parcel.ret.id,
        aux_ref_num=document.key,
        journal_date=parcel.date,
        lines=lines,
        ra_num=parcel.ra_num,
    )


def _memo(parcel: Parcel) -> CreditMemo:
    document, order, amounts = parcel.document, _order(parcel), _amounts(parcel)
    units: Counter[int] = Counter()
    for line in document.lines:
        units[line.ord_line_seq or 0] += line.qty
    lines = []
    for part in amounts.lines:
        origin = order.line(part.seq)
        lines.append(
            MemoLine(
                ord_line_seq=part.seq,
                sku=origin.sku,
                qty=units[part.seq],
                unit_price=origin.unit_price,
                gross=part.net + part.disc,
                disc=part.disc,
                net=part.net,
                tax_code=origin.tax_code,
                tax=part.tax,
            )
        )
    return CreditMemo(
        ord_num=document.ord_num,
        ref_num2=parcel.ret.id,
        aux_ref_num=document.key,
        memo_date=parcel.date,
        currency=order.currency,
        lines=tuple(lines),
        freight=amounts.freight,
        freight_tax=amounts.freight_tax,
        fee=amounts.fee,
        total=amounts.total,
        ra_num=parcel.ra_num,
    )


def _exchange(parcel: Parcel) -> ExchangeOrder:
    document, order, amounts = parcel.document, _order(parcel), _amounts(parcel)
    lines = []
    for line, part in zip(document.lines, amounts.lines, strict=True):
        origin = order.line(line.ord_line_seq or 0)
        lines.append(
            ExchangeLine(
                line_seq=line.seq,
                sku=line.sku,
                upc=parcel.upcs.get(line.sku),
                qty_ord=line.qty,
                unit_price=(part.net.amount / line.qty).quantize(part.net.amount),
                gross=part.net + part.disc,
                disc=part.disc,
                net=part.net,
                tax_code=origin.tax_code,
                tax_rate=origin.tax_rate,
                tax=part.tax,
            )
        )
    return ExchangeOrder(
        orig_ord_num=order.ord_num,
        ref_num1=parcel.ret.exchange_external_id or order.ref_num1,
        ref_num2=parcel.ret.id,
        aux_ref_num=document.key,
        division=order.division,
        customer=order.customer,
        store=order.store,
        ord_date=parcel.date,
        currency=order.currency,
        lines=tuple(lines),
        freight=Money.zero(order.currency),
        freight_tax=Money.zero(order.currency),
        ra_num=parcel.ra_num,
        ship_to=parcel.personal.ship_to,
    )


_BODIES: Mapping[Kind, Callable[[Parcel], OutgoingDocument]] = {
    Kind.RETURN_AUTHORISATION: _authorisation,
    Kind.INVENTORY_JOURNAL: _journal,
    Kind.CREDIT_MEMO: _memo,
    Kind.EXCHANGE_ORDER: _exchange,
}


def _order(parcel: Parcel) -> Order:
    if parcel.order is None:
        raise Refused(parcel.document.key, 422, "ORDER_NOT_FOUND", "the bridge does not know the order any more")
    return parcel.order


def _amounts(parcel: Parcel) -> Amounts:
    if parcel.amounts is None:
        raise Refused(parcel.document.key, 422, "TOTAL_MISMATCH", "the amounts were not fixed")
    return parcel.amounts


def _tell(parcel: Parcel, reveni: TakesVerdicts) -> str:
    item_id = parcel.document.source or ""
    numbered = any(item.numbered for item in parcel.ret.items if item.item_id == item_id)
    name = int(item_id) if numbered else item_id
    verdicts = [
        Verdict(name, line.qty, "rejected" if line.disposition == REJECTED else "accepted", line.reason_code)
        for line in parcel.document.lines
    ]
    reveni.partial_validate(parcel.ret.id, verdicts)
    return item_id


def _told(parcel: Parcel, outside: Outside) -> str | None:
    """Whether Reveni has judged the item meanwhile: after a doubtful answer the return is fetched first."""
    rules = outside.store(parcel.store).rules
    for item in outside.reveni[parcel.store].get_return(parcel.ret.id).items:
        if item.item_id == parcel.document.source:
            judged = item_status(item, rules) in (ItemStatus.ACCEPTED, ItemStatus.REJECTED)
            return item.item_id if judged else None
    return None
