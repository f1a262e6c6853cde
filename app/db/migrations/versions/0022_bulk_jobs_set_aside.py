"""bulk jobs: how often the next slice was begun, until where they go one by one, and what they set aside

Revision: 0022, after 0021
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("bulk_jobs", sa.Column("tries", sa.Integer(), server_default="0", nullable=False))
    op.add_column("bulk_jobs", sa.Column("alone_until", sa.Integer(), server_default="0", nullable=False))
    set_aside: sa.Column[list[int]] = sa.Column("set_aside", postgresql.ARRAY(sa.BigInteger()), server_default="{}", nullable=False)
    op.add_column("bulk_jobs", set_aside)


def downgrade() -> None:
    for name in ("set_aside", "alone_until", "tries"):
        op.drop_column("bulk_jobs", name)
