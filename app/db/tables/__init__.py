"""Every table of the bridge, one module per noun. Who imports one has the metadata whole."""

from app.db.tables import desk, exceptions, figures, history, ledger, mapping, mirrors, people, reports, returns, upkeep
from app.db.tables.base import Base

__all__ = [
    "Base",
    "desk",
    "exceptions",
    "figures",
    "history",
    "ledger",
    "mapping",
    "mirrors",
    "people",
    "reports",
    "returns",
    "upkeep",
]
