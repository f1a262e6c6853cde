"""reports: the lists of a period's end as they were made; an index for the sums of a period's memos

Revision: 0020, after 0019
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reports",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("store", sa.Text(), nullable=True),
        sa.Column("at", sa.Date(), nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("lines", sa.Integer(), nullable=True),
        sa.Column("shown", postgresql.JSONB(), nullable=True),
        sa.Column("file", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
    )
    op.create_index("ix_reports_list", "reports", ["list", "id"])
    op.create_index(
        "uq_reports_under_way",
        "reports",
        ["list", sa.text("coalesce(store, '')"), sa.text("coalesce(at, '-infinity'::date)")],
        unique=True,
        postgresql_where=sa.text("finished_at is null"),
    )
    # What was made is evidence.
    op.execute(
        "create trigger reports_stay_as_they_were before update or delete on reports "
        "for each row when (old.finished_at is not null) execute function refuse_to_change_history()"
    )
    op.create_index("ix_ledger_memo_date", "ledger", ["document_date"], postgresql_where=sa.text(_MEMOS))


def downgrade() -> None:
    op.drop_index("ix_ledger_memo_date", table_name="ledger")
    op.drop_table("reports")


_MEMOS = "kind = 'credit_memo' and state = 'posted' and not shadow"
