"""Every table: who needs the metadata whole imports `Base` from here."""

from app.db import desk, figures, mapping_edits, people
from app.db.models import Base

__all__ = ["Base", "desk", "figures", "mapping_edits", "people"]
