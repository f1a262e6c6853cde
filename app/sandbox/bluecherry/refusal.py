"""A certain "no": nothing was made."""

from __future__ import annotations

from app.sandbox.json import Json

_STATUS = {
    "BAD_REQUEST": 400,
    "UNAUTHORIZED": 401,
    "FORBIDDEN": 403,
    "ORDER_NOT_FOUND": 404,
    "RA_NOT_FOUND": 404,
    "NOT_FOUND": 404,
    "RA_RECEIVED": 409,
    "RA_CANCELLED": 409,
    "ORDER_SHIPPED": 409,
    "ITEM_NOT_FOUND": 422,
    "ITEM_INACTIVE": 422,
    "SKU_NOT_ON_ORDER": 422,
    "QTY_EXCEEDS_SHIPPED": 422,
    "QTY_EXCEEDS_RA": 422,
    "REASON_UNKNOWN": 422,
    "LOCATION_UNKNOWN": 422,
    "PERIOD_CLOSED": 422,
    "TOTAL_MISMATCH": 422,
    "ALREADY_CREDITED": 422,
    "ORDER_NOT_INVOICED": 422,
}


class Refusal(Exception):
    """BlueCherry says no, with one of its codes, a message for people, and the field that is meant."""

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.status = _STATUS[code]
        self.code = code
        self.message = message
        self.field = field

    def as_json(self) -> dict[str, Json]:
        """The error as it stands in an answer."""
        return {"code": self.code, "message": self.message, "field": self.field}
