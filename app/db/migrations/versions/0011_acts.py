"""an index on what people did

Revision: 0011, after 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_history_acts", "history", ["id"], postgresql_where=sa.text("return_pk is null and detail ? 'by'")
    )


def downgrade() -> None:
    op.drop_index("ix_history_acts", table_name="history")
