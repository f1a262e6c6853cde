"""alerts, and the messages by which they leave

Revision: 0009, after 0008
"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('alerts',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('cause', sa.Text(), nullable=False),
    sa.Column('team', sa.Text(), nullable=False),
    sa.Column('urgent', sa.Boolean(), nullable=False),
    sa.Column('untold', sa.Integer(), nullable=False),
    sa.Column('level', sa.Integer(), server_default='0', nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alerts'))
    )
    open_ = sa.text('closed_at is null')
    op.create_index('uq_alerts_open', 'alerts', ['code', 'cause'], unique=True, postgresql_where=open_)
    op.create_index('ix_alerts_untold', 'alerts', ['id'], unique=False, postgresql_where=sa.text('untold > 0 and closed_at is null'))
    op.create_index('ix_alerts_escalation', 'alerts', ['team', 'level', 'opened_at'], unique=False, postgresql_where=open_)
    op.create_table('alert_messages',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('team', sa.Text(), nullable=False),
    sa.Column('urgent', sa.Boolean(), nullable=False),
    sa.Column('alert_ids', postgresql.ARRAY(sa.BigInteger()), nullable=False),
    sa.Column('content', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('tries', sa.Integer(), server_default='0', nullable=False),
    sa.Column('retry_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alert_messages')),
    sa.UniqueConstraint('key', name=op.f('uq_alert_messages_key'))
    )
    op.create_index('ix_alert_messages_open', 'alert_messages', ['channel', 'tries', 'id'], unique=False, postgresql_where=sa.text('sent_at is null and withdrawn_at is null'))
    op.create_index('ix_alert_messages_team', 'alert_messages', ['team', 'created_at'], unique=False)
    op.drop_index('ix_exceptions_silent', table_name='exceptions', postgresql_where=sa.text('alerted_at is null'))
    op.create_index('ix_exceptions_silent', 'exceptions', ['id'], unique=False, postgresql_where=sa.text('alerted_at is null and closed_at is null'))
    # What was told before stands open as an alert: it is escalated, and not told again.
    op.execute(
        "insert into alerts (code, cause, team, urgent, untold, opened_at, told_at)"
        " select code, cause, min(team), code = 'exchange_failed', 0, min(opened_at), max(alerted_at)"
        " from exceptions where closed_at is null and alerted_at is not null group by code, cause"
    )
    op.execute("delete from marks where name like 'alert:%'")


def downgrade() -> None:
    op.drop_index('ix_exceptions_silent', table_name='exceptions')
    op.create_index('ix_exceptions_silent', 'exceptions', ['id'], unique=False, postgresql_where=sa.text('alerted_at is null'))
    op.drop_table('alert_messages')
    op.drop_table('alerts')
