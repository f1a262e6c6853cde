"""Documents as the API answers them, alone with all that led to them, and in a list."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import OneOf

from app.domain.documents import State
from app.domain.policy import Kind
from app.web.api.return_schemas import DecisionAnswer, DocumentAnswer, EventAnswer, ReceiptAnswer, ToldAnswer
from app.web.api.schemas import Amount, ExceptionAnswer, PageQuery
from app.web.api.taken import QueryMoment, Word


class DocumentQuery(PageQuery):
    """Which documents. `since`: due at or after this moment; `order`: BlueCherry's number of the order."""

    store = Word(load_default=None)
    kind = Word(load_default=None, validate=OneOf([kind.value for kind in Kind]))
    state = Word(load_default=None, validate=OneOf([state.value for state in State]))
    order = Word(load_default=None)
    since = QueryMoment(load_default=None)


class ListedDocument(Schema):
    """A document with the return that it is of."""

    store = fields.String()
    return_id = fields.String()
    document = fields.Nested(DocumentAnswer)


class DocumentPage(Schema):
    """A page of documents, the newest first."""

    documents = fields.List(fields.Nested(ListedDocument), attribute="rows")
    next = fields.Integer(allow_none=True)


class CreditedBefore(Schema):
    """What was credited of an order line before."""

    units = fields.Integer()
    net = Amount()
    disc = Amount()
    tax = Amount()


class TracedLineAnswer(Schema):
    """The amounts of a line, by its `seq`, and what was credited of its order line before; null where it has none."""

    seq = fields.Integer(attribute="line.seq")
    sku = fields.String(attribute="line.sku")
    qty = fields.Integer(attribute="line.qty")
    ord_line_seq = fields.Integer(attribute="line.ord_line_seq", allow_none=True)
    net = Amount(allow_none=True)
    disc = Amount(allow_none=True)
    tax = Amount(allow_none=True)
    before = fields.Nested(CreditedBefore, allow_none=True)


class MemoBefore(Schema):
    """A memo that stood on the order when the amounts were fixed."""

    number = fields.String(attribute="memo_num")
    key = fields.String(attribute="aux_ref_num", allow_none=True)
    return_id = fields.String(attribute="ref_num2", allow_none=True)
    total = Amount()
    currency = fields.String(attribute="total.currency")


class StepAnswer(Schema):
    """Something that happened to a document."""

    at = fields.AwareDateTime()
    what = fields.String()
    number = fields.String(allow_none=True)
    detail = fields.String(allow_none=True)


class TraceAnswer(Schema):
    """A document and all that led to it. `told`: what Reveni had told when it was sent."""

    store = fields.String()
    return_id = fields.String()
    return_state = fields.String()
    order_ref = fields.String()
    document = fields.Nested(DocumentAnswer)
    lines = fields.List(fields.Nested(TracedLineAnswer))
    memos_before = fields.List(fields.Nested(MemoBefore))
    told = fields.Nested(ToldAnswer, allow_none=True)
    events = fields.List(fields.Nested(EventAnswer))
    receipts = fields.List(fields.Nested(ReceiptAnswer))
    decisions = fields.List(fields.Nested(DecisionAnswer))
    exceptions = fields.List(fields.Nested(ExceptionAnswer))
    steps = fields.List(fields.Nested(StepAnswer))


class TracesAnswer(Schema):
    """Every document of a number or key; more than one only where two stores or connections use the same."""

    documents = fields.List(fields.Nested(TraceAnswer))
