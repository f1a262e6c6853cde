"""A return as the API answers it: without personal data, which the services leave out before it comes here."""

from __future__ import annotations

from marshmallow import Schema, fields

from app.web.api.schemas import Amount, CurrencyOf, ExceptionAnswer


class ExchangeAnswer(Schema):
    """What the customer gets instead."""

    sku = fields.String()
    quantity = fields.Integer()
    price = Amount(allow_none=True)


class LineAnswer(Schema):
    """A returned item as Reveni tells it. `price`: per unit, tax included, as paid."""

    item_id = fields.String()
    sku = fields.String()
    quantity = fields.Integer()
    price = Amount()
    status = fields.String()
    reason = fields.String()
    reject_reason = fields.String(allow_none=True)
    exchange = fields.Nested(ExchangeAnswer, allow_none=True)


class ReceiptLineAnswer(Schema):
    """Units that came, or were graded anew."""

    sku = fields.String(allow_none=True)
    upc = fields.String(allow_none=True)
    quantity = fields.Integer()
    grade = fields.String()
    from_grade = fields.String(allow_none=True)


class ReceiptAnswer(Schema):
    """A receipt or regrade. `n`: its number within the return."""

    id = fields.String()
    n = fields.Integer()
    site = fields.String()
    kind = fields.String()
    received_at = fields.AwareDateTime()
    lines = fields.List(fields.Nested(ReceiptLineAnswer))


class DocumentLineAnswer(Schema):
    """A line of a document; what its kind does not have is null."""

    seq = fields.Integer()
    sku = fields.String()
    qty = fields.Integer()
    ord_line_seq = fields.Integer(allow_none=True)
    ra_line_seq = fields.Integer(allow_none=True)
    reason_code = fields.String(allow_none=True)
    rec_type = fields.String(allow_none=True)
    location = fields.String(allow_none=True)
    lot = fields.String(allow_none=True)
    site = fields.String(allow_none=True)
    disposition = fields.String(allow_none=True)


class AmountLineAnswer(Schema):
    """Amounts of one line."""

    seq = fields.Integer()
    net = Amount()
    disc = Amount()
    tax = Amount()


class AmountsAnswer(Schema):
    """The amounts of a memo or exchange order, fixed when it is sent."""

    lines = fields.List(fields.Nested(AmountLineAnswer))
    freight = Amount()
    freight_tax = Amount()
    fee = Amount()
    total = Amount()


class DocumentAnswer(Schema):
    """A document in the ledger. `status`: due, sending, doubtful, posted, refused, withdrawn.

    `business_date`: the day on which it became due; `document_date`: the one that it bears in BlueCherry.
    `shadow`: it stands in the ledger alone, whatever its status.
    """

    key = fields.String(attribute="entry.key")
    kind = fields.String(attribute="entry.document.kind")
    status = fields.String(attribute="entry.state")
    number = fields.String(attribute="entry.number", allow_none=True)
    ord_num = fields.String(attribute="entry.document.ord_num")
    units = fields.Integer(attribute="entry.document.units")
    after = fields.List(fields.String(), attribute="entry.document.after")
    lines = fields.List(fields.Nested(DocumentLineAnswer), attribute="entry.document.lines")
    amounts = fields.Nested(AmountsAnswer, attribute="entry.amounts", allow_none=True)
    total = Amount(allow_none=True)
    currency = CurrencyOf("total")
    business_date = fields.String(allow_none=True)
    document_date = fields.String(allow_none=True)
    post_at = fields.AwareDateTime(allow_none=True)
    retry_at = fields.AwareDateTime(allow_none=True)
    sent_at = fields.AwareDateTime(allow_none=True)
    posted_at = fields.AwareDateTime(attribute="entry.posted_at", allow_none=True)
    mapping_version = fields.String()
    shadow = fields.Boolean()
    tries = fields.Integer()
    tired = fields.Boolean(attribute="entry.tired")
    error_code = fields.String(attribute="entry.error_code", allow_none=True)
    error = fields.String(attribute="entry.error", allow_none=True)


class RefundAnswer(Schema):
    """What Reveni paid back. `amount` is null where it names none: the return's `amount` is meant."""

    method = fields.String()
    status = fields.String()
    amount = Amount(allow_none=True)
    refunded_at = fields.AwareDateTime(allow_none=True)


class HappeningAnswer(Schema):
    """One line of the history."""

    at = fields.AwareDateTime()
    what = fields.String()
    key = fields.String(allow_none=True)
    detail = fields.Dict()


class ToldAnswer(Schema):
    """A version of the return: Reveni's word for its state, when Reveni changed it, when the bridge wrote it down."""

    version = fields.Integer()
    status = fields.String()
    updated = fields.AwareDateTime()
    at = fields.AwareDateTime()


class EventAnswer(Schema):
    """An event in the inbox. `external_id`: the id that its sender gave it."""

    id = fields.Integer()
    channel = fields.String()
    name = fields.String()
    external_id = fields.String()
    received_at = fields.AwareDateTime()


class DecisionAnswer(Schema):
    """What a person decided about an exception, and why."""

    at = fields.AwareDateTime()
    by = fields.String()
    action = fields.String()
    code = fields.String()
    cause = fields.String()
    note = fields.String(allow_none=True)


class ReturnAnswer(Schema):
    """A return. `status` is Reveni's word for it, `state` where the bridge's work stands.

    `shadow`: nothing of it is posted, for it was first stored while its store was in shadow.
    """

    store = fields.String(attribute="known.store")
    id = fields.String(attribute="known.id")
    state = fields.String()
    status = fields.String(attribute="known.status")
    phase = fields.String()
    type = fields.String(attribute="known.type")
    instant = fields.Boolean(attribute="known.instant")
    currency = fields.String(attribute="known.currency")
    amount = Amount(attribute="known.amount")
    fees = Amount(attribute="known.fees")
    bonus = Amount(attribute="known.bonus")
    refund = fields.Nested(RefundAnswer, attribute="known.refund", allow_none=True)
    order_ref = fields.String(attribute="known.order_external_id")
    ord_num = fields.String(allow_none=True)
    shadow = fields.Boolean()
    created = fields.AwareDateTime(attribute="known.created")
    updated = fields.AwareDateTime(attribute="known.updated")
    pending = fields.Boolean()
    wake_at = fields.AwareDateTime(allow_none=True)
    lines = fields.List(fields.Nested(LineAnswer), attribute="known.items")
    told = fields.List(fields.Nested(ToldAnswer))
    events = fields.List(fields.Nested(EventAnswer))
    receipts = fields.List(fields.Nested(ReceiptAnswer))
    decisions = fields.List(fields.Nested(DecisionAnswer))
    documents = fields.List(fields.Nested(DocumentAnswer))
    exceptions = fields.List(fields.Nested(ExceptionAnswer))
    timeline = fields.List(fields.Nested(HappeningAnswer))


class ReturnLineAnswer(Schema):
    """A return in a list."""

    store = fields.String()
    id = fields.String()
    state = fields.String()
    status = fields.String()
    order_ref = fields.String()
    ord_num = fields.String(allow_none=True)
    shadow = fields.Boolean()
    updated = fields.AwareDateTime()


class ReturnPage(Schema):
    """A page of returns, the newest first."""

    returns = fields.List(fields.Nested(ReturnLineAnswer), attribute="rows")
    next = fields.Integer(allow_none=True)
