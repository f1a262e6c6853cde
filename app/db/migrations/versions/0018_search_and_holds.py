"""indexes for the search of returns; windows that are held

Revision: 0018, after 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("returns", sa.Column("email_hash", sa.LargeBinary(), nullable=True))
    op.create_index("ix_returns_ord_num", "returns", ["ord_num"], postgresql_where=sa.text("ord_num is not null"))
    op.create_index("ix_returns_email", "returns", ["email_hash"], postgresql_where=sa.text("email_hash is not null"))
    op.create_index(
        "ix_returns_skus",
        "returns",
        [sa.text("jsonb_path_query_array(data, '$.items[*].sku'::jsonpath)")],
        postgresql_using="gin",
    )
    op.create_table(
        "window_holds",
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("store", "kind", name=op.f("pk_window_holds")),
    )


def downgrade() -> None:
    op.drop_table("window_holds")
    for name in ("ix_returns_skus", "ix_returns_email", "ix_returns_ord_num"):
        op.drop_index(name, table_name="returns")
    op.drop_column("returns", "email_hash")
