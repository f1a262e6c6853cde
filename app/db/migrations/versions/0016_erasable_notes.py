"""Notes of checklists and of edits of the mapping can be masked when they name a customer who is erased.

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_TABLES = ("sign_offs", "mapping_edits")


def _protect(table: str, argument: str = "") -> None:
    op.execute(f"drop trigger {table}_are_append_only on {table}")
    op.execute(
        f"create trigger {table}_are_append_only before update or delete on {table}"
        f" for each row execute function refuse_to_change_history({argument})"
    )


def upgrade() -> None:
    """As 0012 does it for other words."""
    for table in _TABLES:
        _protect(table, "'note'")


def downgrade() -> None:
    """Notes stay as they were written, whoever is named in them."""
    for table in _TABLES:
        _protect(table)
