"""restores, stray journals, and documents that are looked up before they are sent

Revision: 0013, after 0012
"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('restores',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('taken_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('restored_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('read_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_restores'))
    )
    op.create_table('strays',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('connection', sa.Text(), nullable=False),
    sa.Column('number', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('return_id', sa.Text(), nullable=False),
    sa.Column('ord_num', sa.Text(), nullable=False),
    sa.Column('units', sa.Integer(), nullable=False),
    sa.Column('journal', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('posted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_strays')),
    sa.UniqueConstraint('connection', 'number', name=op.f('uq_strays_connection_number'))
    )
    op.create_index('ix_strays_return', 'strays', ['return_id'], unique=False)
    op.create_index('ix_strays_untold', 'strays', ['id'], unique=False, postgresql_where=sa.text('told_at is null'))
    op.add_column('ledger', sa.Column('look_first', sa.Boolean(), server_default=sa.text('false'), nullable=False))


def downgrade() -> None:
    op.drop_column('ledger', 'look_first')
    op.drop_index('ix_strays_untold', table_name='strays', postgresql_where=sa.text('told_at is null'))
    op.drop_index('ix_strays_return', table_name='strays')
    op.drop_table('strays')
    op.drop_table('restores')
