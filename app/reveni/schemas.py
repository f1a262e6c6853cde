"""What comes from Reveni and from warehouses, checked and made into the domain's own classes.

Unknown fields are ignored, missing ones named. Where Reveni's schema is not certain (facts), more forms are read.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from marshmallow import ValidationError, post_load, validates_schema
from marshmallow.validate import OneOf

from app.domain.model import Exchange, Personal, Receipt, ReceiptLine, Refund, Return, ReturnItem
from app.domain.policy import UNGRADED
from app.field_names import FieldNames
from app.wire import Address, Amount, Code, Count, Currency, Many, Moment, One, Unreadable, WireSchema, Words, Yes, read

EXCHANGE_WITHOUT_SKU = ""
"""The SKU of an exchange for which Reveni says only that there is one (`"exchange": true`)."""


@dataclass(frozen=True, slots=True)
class Event:
    """A webhook of Reveni: a hint that a return changed. `id` makes a repeat harmless."""

    id: str
    event: str
    return_id: str


class _EventData(WireSchema):
    resource = Code(load_default="return", validate=OneOf(["return"], error="is not return"))
    resource_id = Code(required=True)


class _Event(WireSchema):
    id = Code(required=True)
    event = Code(required=True)
    data = One(_EventData, required=True)

    @post_load
    def _make(self, data: dict[str, Any], **kwargs: Any) -> Event:
        return Event(data["id"], data["event"], data["data"]["resource_id"])


class _Exchange(WireSchema):
    sku = Code(required=True)
    quantity = Count(load_default=None, allow_none=True)
    price = Amount(load_default=None, allow_none=True)


class _ExchangeField(One):
    """null or false: none; true: one that names no SKU; else the new variant."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, Any] | None:
        if value is False:
            return None
        if value is True:
            return {"sku": EXCHANGE_WITHOUT_SKU, "quantity": None, "price": None}
        loaded: dict[str, Any] = super()._deserialize(value, attr, data, **kwargs)
        return loaded


class _ItemId(Code):
    """An item's id in the form in which it came: a verdict names it in the same."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        read_as = super()._deserialize(value, attr, data, **kwargs)
        return value if isinstance(value, int) else read_as


class _ReturnItem(WireSchema):
    item_id = _ItemId(required=True)
    sku = Code(required=True)
    quantity = Count(required=True)
    price = Amount(required=True)
    status = Code(required=True)
    return_reason = Words(load_default="", allow_none=True)
    reject_reason = Words(load_default=None, allow_none=True)
    exchange = _ExchangeField(_Exchange, load_default=None, allow_none=True)

    @post_load
    def _make(self, data: dict[str, Any], **kwargs: Any) -> ReturnItem:
        exchange = data["exchange"]
        return ReturnItem(
            item_id=str(data["item_id"]),
            numbered=isinstance(data["item_id"], int),
            sku=data["sku"],
            quantity=data["quantity"],
            price=data["price"],
            status=data["status"],
            reason=data["return_reason"],
            reject_reason=data["reject_reason"] or None,
            exchange=exchange
            and Exchange(exchange["sku"], exchange["quantity"] or data["quantity"], exchange["price"]),
        )


class _Fee(WireSchema):
    amount = Amount(required=True)


class _Order(WireSchema):
    external_id = Code(required=True)


class _Customer(WireSchema):
    name = Words(load_default=None, allow_none=True)
    email = Words(load_default=None, allow_none=True)


class _Refund(WireSchema):
    method = Words(load_default="", allow_none=True)
    status = Words(load_default="", allow_none=True)
    amount = Amount(load_default=None, allow_none=True)
    refunded_at = Moment(load_default=None, allow_none=True)

    @post_load
    def _make(self, data: dict[str, Any], **kwargs: Any) -> Refund:
        return Refund(data["method"], data["status"], data["amount"], data["refunded_at"])


class _Destination(WireSchema):
    location_id = Code(load_default=None, allow_none=True)


class _Shipping(WireSchema):
    tracking_number = Code(load_default=None, allow_none=True)
    destination = One(_Destination, load_default=None, allow_none=True)


class _ExchangeOrder(WireSchema):
    external_id = Code(load_default=None, allow_none=True)
    ship_to = Address(load_default=None, allow_none=True)


class _Return(WireSchema):
    id = Code(required=True)
    status = Code(required=True)
    type = Code(required=True)
    instant = Yes(required=True)
    created = Moment(required=True)
    updated = Moment(required=True)
    currency = Currency(required=True)
    amount = Amount(required=True, signed=True)
    order = One(_Order, required=True)
    customer = One(_Customer, load_default=None, allow_none=True)
    return_items = Many(_ReturnItem, required=True)
    fees = Many(_Fee, load_default=None, allow_none=True)
    bonus = Amount(load_default=None, allow_none=True)
    refund = One(_Refund, load_default=None, allow_none=True)
    shipping = One(_Shipping, load_default=None, allow_none=True)
    exchange_order = One(_ExchangeOrder, load_default=None, allow_none=True)

    @validates_schema
    def _each_item_once(self, data: dict[str, Any], **kwargs: Any) -> None:
        ids = [item.item_id for item in data.get("return_items", [])]
        if len(set(ids)) < len(ids):
            raise ValidationError("has an item_id twice", "return_items")


class _ReceiptItem(WireSchema):
    sku = Code(load_default=None, allow_none=True)
    upc = Code(load_default=None, allow_none=True)
    quantity = Count(required=True)
    grade = Code(load_default=None, allow_none=True)
    from_grade = Code(load_default=None, allow_none=True)
    note = Words(load_default=None, allow_none=True)

    @validates_schema
    def _is_named(self, data: dict[str, Any], **kwargs: Any) -> None:
        if not data.get("sku") and not data.get("upc"):
            raise ValidationError("has neither sku nor upc")

    @post_load
    def _make(self, data: dict[str, Any], **kwargs: Any) -> ReceiptLine:
        return ReceiptLine(**{**data, "grade": data["grade"] or UNGRADED})


class _Receipt(WireSchema):
    id = Code(required=True)
    type = Code(load_default="receipt", validate=OneOf(["receipt", "regrade"], error="is neither receipt nor regrade"))
    received_at = Moment(required=True)
    return_id = Code(load_default=None, allow_none=True)
    ra_num = Code(load_default=None, allow_none=True)
    tracking_number = Code(load_default=None, allow_none=True)
    items = Many(_ReceiptItem, required=True, least=1)

    @validates_schema
    def _names_its_return(self, data: dict[str, Any], **kwargs: Any) -> None:
        if not (data.get("return_id") or data.get("ra_num") or data.get("tracking_number")):
            raise ValidationError("has neither return_id nor ra_num nor tracking_number")

    @validates_schema
    def _regrades_from_a_grade(self, data: dict[str, Any], **kwargs: Any) -> None:
        regrade = data.get("type") == "regrade"
        for line in data.get("items", []):
            if regrade != (line.from_grade is not None):
                what = "is missing in a regrade" if regrade else "stands in a receipt, which is no regrade"
                raise ValidationError({"items": {"from_grade": [what]}})
            if regrade and line.grade == UNGRADED:
                raise ValidationError({"items": {"grade": ["is missing in a regrade"]}})


_EVENT, _RETURN, _RECEIPT = _Event(), _Return(), _Receipt()


def read_event(document: object, names: FieldNames | None = None) -> Event:
    """A webhook's envelope. Raises Unreadable."""
    event: Event = read(_EVENT, names.inward(document) if names else document, "the event")
    return event


def read_return(document: object, store: str, names: FieldNames | None = None) -> Return:
    """A return of Reveni's, for the store of this name in the configuration. Raises Unreadable."""
    data: dict[str, Any] = read(_RETURN, names.inward(document) if names else document, "the return")
    shipping, exchange = data["shipping"] or {}, data["exchange_order"] or {}
    customer = data["customer"] or {}
    return Return(
        store=store,
        id=data["id"],
        status=data["status"],
        type=data["type"],
        instant=data["instant"],
        created=data["created"],
        updated=data["updated"],
        currency=data["currency"],
        amount=data["amount"],
        order_external_id=data["order"]["external_id"],
        items=tuple(data["return_items"]),
        fees=sum((fee["amount"] for fee in data["fees"] or []), Decimal(0)),
        bonus=data["bonus"] or Decimal(0),
        refund=data["refund"],
        location_id=(shipping.get("destination") or {}).get("location_id"),
        tracking_number=shipping.get("tracking_number"),
        exchange_external_id=exchange.get("external_id"),
        personal=Personal(customer.get("name"), customer.get("email"), exchange.get("ship_to")),
    )


def read_receipt(document: object, site: str) -> Receipt:
    """A warehouse's message at a site. Raises Unreadable."""
    data: dict[str, Any] = read(_RECEIPT, document, "the receipt")
    return Receipt(
        id=data["id"],
        site=site,
        kind=data["type"],
        received_at=data["received_at"],
        lines=tuple(data["items"]),
        return_id=data["return_id"],
        ra_num=data["ra_num"],
        tracking_number=data["tracking_number"],
    )


__all__ = ["EXCHANGE_WITHOUT_SKU", "Event", "Unreadable", "read_event", "read_receipt", "read_return"]
