"""What the API takes and answers. Amounts are decimal strings, times RFC 3339; no answer holds personal data."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, validates_schema
from marshmallow.validate import Length, OneOf, Range

from app.domain.blockers import Team
from app.domain.policy import Kind
from app.services.page import LARGEST_PAGE
from app.web.api.taken import Flag, QueryFlag, QueryNumber, RowNumber, Word

_GIVEN, _LEFT_OUT = {"not": {"type": "null"}}, {"type": "null"}
WINDOW_KINDS = (Kind.RETURN_AUTHORISATION, Kind.INVENTORY_JOURNAL, Kind.CREDIT_MEMO, Kind.EXCHANGE_ORDER)


class Amount(fields.String):
    """A decimal or money as its digits: ``"23.90"``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(dump_only=True, metadata={"format": "decimal"}, **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else format(getattr(value, "amount", value), "f")


class CurrencyOf(fields.String):
    """The currency of an amount of money, by the money's own attribute; null where there is no amount."""

    def __init__(self, money: str) -> None:
        super().__init__(dump_only=True, allow_none=True, attribute=money)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else str(value.currency)


class ErrorBody(Schema):
    """One error."""

    code = fields.String()
    message = fields.String()
    field = fields.String(allow_none=True)


class ErrorAnswer(Schema):
    """How every error is answered."""

    error = fields.Nested(ErrorBody)


class PageQuery(Schema):
    """Which page of a list."""

    cursor = QueryNumber(load_default=None, metadata={"description": "`next` of the page before"})
    limit = QueryNumber(load_default=100, validate=Range(min=1, max=LARGEST_PAGE))


class ExceptionQuery(PageQuery):
    """Which exceptions; `open` false is the closed ones, left out is all."""

    open = QueryFlag(load_default=None)
    code = Word(load_default=None)
    cause = Word(load_default=None)
    team = Word(load_default=None, validate=OneOf([team.value for team in Team]))
    store = Word(load_default=None)


class ReturnQuery(PageQuery):
    """Which returns."""

    store = Word(load_default=None)
    state = Word(load_default=None)
    document = Word(load_default=None, metadata={"description": "BlueCherry's number of a document"})


class StatsQuery(Schema):
    """How far back the times from receipt to journal are counted."""

    days = QueryNumber(load_default=7, validate=Range(min=1, max=366))


class ExceptionAnswer(Schema):
    """An exception: what is wrong, whose it is, and what it holds up."""

    id = fields.Integer()
    code = fields.String()
    cause = fields.String()
    team = fields.String()
    store = fields.String(allow_none=True)
    return_id = fields.String(allow_none=True)
    return_ids = fields.List(fields.String())
    receipt_id = fields.String(allow_none=True)
    document_key = fields.String(allow_none=True)
    units = fields.Integer()
    amount = Amount(attribute="money", allow_none=True)
    currency = fields.String(allow_none=True)
    side = fields.String(
        allow_none=True,
        metadata={"description": "of `refund_mismatch`: `over`, too much was refunded, or `under`, too little"},
    )
    message = fields.String()
    way_out = fields.String()
    opened_at = fields.AwareDateTime()
    closed_at = fields.AwareDateTime(allow_none=True)
    closed_by = fields.String(allow_none=True)


class ExceptionPage(Schema):
    """A page of exceptions, in the order in which they were opened."""

    exceptions = fields.List(fields.Nested(ExceptionAnswer), attribute="rows")
    next = fields.Integer(allow_none=True)


class GroupAnswer(Schema):
    """Open exceptions of one cause. `amounts`: one per currency; `unknown_amounts`: of how many it is not known."""

    code = fields.String()
    cause = fields.String()
    team = fields.String()
    urgent = fields.Boolean()
    count = fields.Integer()
    units = fields.Integer()
    amounts = fields.Dict(keys=fields.String(), values=Amount(), attribute="money")
    unknown_amounts = fields.Integer(attribute="unknown")
    oldest = fields.AwareDateTime()
    message = fields.String()
    way_out = fields.String()


class GroupsAnswer(Schema):
    """All causes, the oldest first."""

    groups = fields.List(fields.Nested(GroupAnswer))


class WhichExceptions(Schema):
    """Exceptions by number, or the open ones of a cause. `by`: whom it is done for, beside the token's name."""

    DESCRIBED: ClassVar = {
        "oneOf": [
            {"required": ["ids"], "properties": {"ids": _GIVEN, "code": _LEFT_OUT, "cause": _LEFT_OUT}},
            {"required": ["code", "cause"], "properties": {"ids": _LEFT_OUT, "code": _GIVEN, "cause": _GIVEN}},
        ]
    }
    """What no field says alone, for the description."""

    ids = fields.List(RowNumber(), load_default=None, validate=Length(min=1, max=10_000))
    code = Word(load_default=None, allow_none=True)
    cause = Word(load_default=None, allow_none=True)
    by = Word(load_default=None, allow_none=True, validate=Length(min=1, max=100))

    @validates_schema
    def _one_or_the_other(self, data: dict[str, Any], **_: object) -> None:
        by_cause = data["code"] is not None and data["cause"] is not None
        partly = data["code"] is not None or data["cause"] is not None
        if (data["ids"] is None) != by_cause or (data["ids"] is not None and partly):
            raise ValidationError("name either ids, or code and cause", "ids")


class ResolveBody(WhichExceptions):
    """What is ended by a person's word; `release` has its units credited all the same."""

    note = Word(load_default=None, allow_none=True, validate=Length(max=2000))
    release = Flag(load_default=False)


class MapSkuBody(Schema):
    """A SKU of the shop, and the one of BlueCherry that it means."""

    store = Word(required=True)
    sku = Word(required=True, validate=Length(min=1))
    target = Word(required=True, validate=Length(min=1))
    by = Word(load_default=None, allow_none=True, validate=Length(min=1, max=100))


class WindowBody(Schema):
    """Whose documents are posted now, and of which kind."""

    store = Word(required=True)
    kind = Word(required=True, validate=OneOf([kind.value for kind in WINDOW_KINDS]))


class SetGoing(Schema):
    """How much was set going: exceptions, returns or documents."""

    count = fields.Integer()


class ResolveAnswer(SetGoing):
    """How many exceptions were ended, or the number of the approval that waits for a second person."""

    approval = fields.Integer(allow_none=True)


class LagAnswer(Schema):
    """How many wait for something that the bridge should have done, and how long the oldest of them."""

    count = fields.Integer()
    seconds = fields.Float()


class FindingAnswer(Schema):
    """Something that is wrong, and what to do."""

    what = fields.String()
    remedy = fields.String()


class HealthAnswer(Schema):
    """How far behind the bridge is. `canaries` and `books`: seconds since each queue and each ledger was seen well.

    `restored_to`: the moment to which the database was restored, while BlueCherry's list since then is not read.
    """

    healthy = fields.Boolean()
    findings = fields.List(fields.Nested(FindingAnswer))
    lags = fields.Dict(keys=fields.String(), values=fields.Nested(LagAnswer))
    canaries = fields.Dict(keys=fields.String(), values=fields.Float())
    books = fields.Dict(keys=fields.String(), values=fields.Float())
    restored_to = fields.AwareDateTime(allow_none=True)


class SettledAnswer(Schema):
    """Whether nothing is left that the bridge itself could do now, and what is left."""

    settled = fields.Boolean()
    inbox = fields.Integer()
    due = fields.Integer()
    sending = fields.Integer()
    doubtful = fields.Integer()
    in_window = fields.Integer()
    waiting = fields.Integer()
    open_exceptions = fields.Integer()


class CountAnswer(Schema):
    """How many there are of something in a state."""

    name = fields.String()
    state = fields.String()
    count = fields.Integer()


class StatsAnswer(Schema):
    """Figures; the percentiles are seconds from receipt to journal, over the journals posted since `since`."""

    documents = fields.List(fields.Nested(CountAnswer))
    exceptions = fields.List(fields.Nested(CountAnswer))
    returns = fields.List(fields.Nested(CountAnswer))
    since = fields.AwareDateTime()
    journals = fields.Integer()
    receipt_to_journal_p50 = fields.Float(allow_none=True)
    receipt_to_journal_p95 = fields.Float(allow_none=True)


class WindowAnswer(Schema):
    """A window that was posted."""

    id = fields.Integer()
    store = fields.String()
    kind = fields.String()
    opens_at = fields.AwareDateTime()
    claimed_at = fields.AwareDateTime()


class WindowPage(Schema):
    """A page of windows, the newest first."""

    windows = fields.List(fields.Nested(WindowAnswer), attribute="rows")
    next = fields.Integer(allow_none=True)


class BatchAnswer(Schema):
    """A batch of documents."""

    id = fields.Integer()
    window_id = fields.Integer()
    batch_ref = fields.String()
    batch_num = fields.String(allow_none=True)
    state = fields.String()
    documents = fields.Integer()
    tries = fields.Integer()
    error = fields.String(allow_none=True)
    created_at = fields.AwareDateTime()
    done_at = fields.AwareDateTime(allow_none=True)


class BatchPage(Schema):
    """A page of batches, the newest first."""

    batches = fields.List(fields.Nested(BatchAnswer), attribute="rows")
    next = fields.Integer(allow_none=True)


class MappingQuery(Schema):
    """Whose mappings."""

    store = Word(load_default=None)


class MappingLine(Schema):
    """A version of a store's mapping. `first_used_at` null: in force, and no document was planned by it yet."""

    store = fields.String()
    version = fields.String()
    first_used_at = fields.AwareDateTime(allow_none=True)
    in_force = fields.Boolean()


class MappingAnswer(MappingLine):
    """A mapping with what it says: the keys of the file, with every default filled in; no secrets."""

    content = fields.Dict()


class MappingList(Schema):
    """Versions by store, the newest first."""

    mappings = fields.List(fields.Nested(MappingLine))


class MappingsOfVersion(Schema):
    """One version: stores with the same tables share it."""

    mappings = fields.List(fields.Nested(MappingAnswer))
