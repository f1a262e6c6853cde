"""circuits, and when a return was last asked for

Revision: 0007, after 0005
"""

from alembic import op
import sqlalchemy as sa

revision = '0007'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('circuits',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('open_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('openings', sa.Integer(), server_default='0', nullable=False),
    sa.Column('probe_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('why', sa.Text(), server_default='', nullable=False),
    sa.Column('next_call_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_circuits'))
    )
    op.add_column('returns', sa.Column('asked_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False))
    op.create_index('ix_returns_asked', 'returns', ['asked_at'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_returns_asked', table_name='returns')
    op.drop_column('returns', 'asked_at')
    op.drop_table('circuits')
