"""figures of the morning, and checklists that were signed off

Revision: 0014, after 0013
"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('figures',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('data', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_figures'))
    )
    op.create_table('sign_offs',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('rhythm', sa.Text(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('team', sa.Text(), nullable=False),
    sa.Column('point', sa.Text(), nullable=False),
    sa.Column('signed', sa.Boolean(), server_default=sa.text('true'), nullable=False),
    sa.Column('by', sa.Text(), nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('open', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_offs'))
    )
    op.create_index('ix_sign_offs_day', 'sign_offs', ['rhythm', 'day', 'point', 'id'], unique=False)
    op.execute(
        "create trigger sign_offs_are_append_only before update or delete on sign_offs"
        " for each row execute function refuse_to_change_history()"
    )
    op.create_index('ix_returns_store_state', 'returns', ['store', 'state'], unique=False)
    op.create_index(
        'ix_ledger_times', 'ledger', ['posted_at'], unique=False,
        postgresql_where=sa.text("kind in ('inventory_journal', 'credit_memo') and state = 'posted' and not shadow"),
    )
    op.create_index('ix_batches_window', 'batches', ['window_id'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_batches_window', table_name='batches')
    op.drop_index('ix_ledger_times', table_name='ledger')
    op.drop_index('ix_returns_store_state', table_name='returns')
    op.drop_table('sign_offs')
    op.drop_table('figures')
