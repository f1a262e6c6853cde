"""returns and documents of a store in shadow

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SHADOW = {"returns": "created_at", "ledger": "posted_at"}
"""The tables, and the time by which their rows are listed."""


def upgrade() -> None:
    for table, moment in _SHADOW.items():
        op.add_column(table, sa.Column("shadow", sa.Boolean(), server_default=sa.text("false"), nullable=False))
        op.create_index(f"ix_{table}_shadow", table, ["store", moment], postgresql_where=sa.text("shadow"))


def downgrade() -> None:
    for table in _SHADOW:
        op.drop_index(f"ix_{table}_shadow", table)
        op.drop_column(table, "shadow")
