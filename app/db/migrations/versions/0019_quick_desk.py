"""indexes for the desk, of what was closed lately and of one cause; what the words of an exception were made of

Revision: 0019, after 0018
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("exceptions", sa.Column("said", postgresql.JSONB(), nullable=True))
    closed = sa.text("closed_at is not null")
    op.create_index("ix_exceptions_closed", "exceptions", ["closed_at"], postgresql_where=closed)
    op.create_index("ix_exceptions_closed_cause", "exceptions", ["code", "cause"], postgresql_where=closed)


def downgrade() -> None:
    op.drop_index("ix_exceptions_closed_cause", table_name="exceptions")
    op.drop_index("ix_exceptions_closed", table_name="exceptions")
    op.drop_column("exceptions", "said")
