"""Every kind of scene that a day can have."""

from app.demo.scenes import exchanges, orders, other_stores, receipts, refunds, station, trouble
from app.demo.scenes.kind import Kind

KINDS: tuple[Kind, ...] = (
    *refunds.SCENES,
    *orders.SCENES,
    *exchanges.SCENES,
    *receipts.SCENES,
    *trouble.SCENES,
    *other_stores.SCENES,
    *station.SCENES,
)
