"""Every table: who needs the metadata whole imports `Base` from here."""

from app.db import figures, mapping_edits, people
from app.db.models import Base

__all__ = ["Base", "figures", "mapping_edits", "people"]
