"""decisions: the sum that stood there when a person resolved an exception

Revision: 0025, after 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("decisions", sa.Column("amount", sa.Numeric(), nullable=True))
    op.add_column("decisions", sa.Column("currency", sa.Text(), nullable=True))
    op.add_column("decisions", sa.Column("side", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("decisions", "side")
    op.drop_column("decisions", "currency")
    op.drop_column("decisions", "amount")
