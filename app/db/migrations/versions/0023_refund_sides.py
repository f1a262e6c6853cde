"""exceptions: whether too much or too little was refunded

Revision: 0023, after 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("exceptions", sa.Column("side", sa.Text(), nullable=True))
    # Those that are known already say it in their message.
    op.execute(
        "update exceptions set side = case"
        " when message like '% too much was refunded: %' then 'over'"
        " when message like '% too little was refunded: %' then 'under' end"
        " where code = 'refund_mismatch'"
    )


def downgrade() -> None:
    op.drop_column("exceptions", "side")
