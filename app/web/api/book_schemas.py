"""What the API answers about a period's end: units that stand on one side of the books only."""

from __future__ import annotations

from marshmallow import Schema, fields

from app.web.api.schemas import Amount, CurrencyOf
from app.web.api.taken import QueryDay, Word


class BooksQuery(Schema):
    """Which side, until when: `at` is a day, included, by the dates that the documents bear."""

    store = Word(load_default=None)
    at = QueryDay(load_default=None)


class BooksLine(Schema):
    """Units of one SKU of a return. `amount` null: the order is gone, so what was paid is not known."""

    store = fields.String()
    return_id = fields.String()
    order = fields.String(attribute="ord_num")
    sku = fields.String()
    units = fields.Integer()
    amount = Amount(allow_none=True)
    currency = CurrencyOf("amount")
    since = fields.Date()
    reason = fields.String()
    detail = fields.String()


class BooksSum(Schema):
    """What the lines of one currency and reason add up to; both null for lines whose amount is not known."""

    currency = fields.String(allow_none=True)
    reason = fields.String()
    units = fields.Integer()
    amount = Amount(allow_none=True)


class BooksAnswer(Schema):
    """All lines, by store and day, and their sums."""

    lines = fields.List(fields.Nested(BooksLine))
    sums = fields.List(fields.Nested(BooksSum))
