"""the desk: whose an exception is, comments, approvals, bulk jobs; what a decision chose

Revision: 0017, after 0016
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("exceptions", sa.Column("assigned_to", sa.Text(), nullable=True))
    op.add_column("exceptions", sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "exceptions",
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column("decisions", sa.Column("value", sa.Text(), nullable=True))
    op.create_table(
        "exception_comments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("exception_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exception_comments")),
        sa.ForeignKeyConstraint(
            ["exception_id"], ["exceptions.id"], name=op.f("fk_exception_comments_exception_id_exceptions")
        ),
    )
    op.create_index("ix_exception_comments_exception", "exception_comments", ["exception_id", "id"])
    op.create_table(
        "approvals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("exception_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("arguments", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
        sa.CheckConstraint(
            "state not in ('approved', 'refused') or decided_by <> asked_by", name=op.f("ck_approvals_second_person")
        ),
    )
    op.create_index("ix_approvals_open", "approvals", ["id"], postgresql_where=sa.text("state = 'open'"))
    op.create_table(
        "bulk_jobs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("exception_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("arguments", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_jobs")),
    )
    op.create_index("ix_bulk_jobs_open", "bulk_jobs", ["id"], postgresql_where=sa.text("finished_at is null"))
    op.create_index(
        "ix_items_sku_prefix", "items", ["connection", "division", sa.text("sku text_pattern_ops")]
    )


def downgrade() -> None:
    op.drop_index("ix_items_sku_prefix", table_name="items")
    op.drop_table("bulk_jobs")
    op.drop_table("approvals")
    op.drop_table("exception_comments")
    op.drop_column("decisions", "value")
    op.drop_column("exceptions", "tags")
    op.drop_column("exceptions", "snoozed_until")
    op.drop_column("exceptions", "assigned_to")
