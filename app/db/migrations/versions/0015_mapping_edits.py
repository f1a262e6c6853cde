"""edits of the mapping in the console

Revision: 0015, after 0014
"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('mapping_edits',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('overlay', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('by', sa.Text(), nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('reverts', sa.BigInteger(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.ForeignKeyConstraint(['reverts'], ['mapping_edits.id'], name=op.f('fk_mapping_edits_reverts_mapping_edits')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mapping_edits'))
    )
    op.execute(
        "create trigger mapping_edits_are_append_only before update or delete on mapping_edits"
        " for each row execute function refuse_to_change_history()"
    )


def downgrade() -> None:
    op.drop_table('mapping_edits')
