"""approvals: of how many exceptions nobody knows the amount

Revision: 0024, after 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("approvals", sa.Column("unknown", sa.Integer(), server_default="0", nullable=False))
    op.execute(
        "update approvals set unknown = ("
        "select count(*) from exceptions"
        " where exceptions.id = any(exception_ids) and exceptions.amount is null and exceptions.closed_at is null"
        ") where state = 'open'"
    )


def downgrade() -> None:
    op.drop_column("approvals", "unknown")
