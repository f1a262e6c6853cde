"""approvals of edits of the mapping: what would be in force, and what it would change

Revision: 0021, after 0020
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("approvals", sa.Column("edit", postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    op.execute("delete from approvals where edit is not null")
    op.drop_column("approvals", "edit")
