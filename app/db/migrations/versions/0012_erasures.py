"""Customers who were erased; append-only texts that may name one can be masked, and nothing else in their rows.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TEXTS = {"history": "detail", "decisions": "note", "ledger_versions": "error"}
"""What may hold somebody's words, by table: all that `bridge.erasing` lets be changed there."""

_MAY_ERASE = """
create or replace function refuse_to_change_history() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and tg_nargs = 1 and coalesce(current_setting('bridge.erasing', true), '') = 'on'
        and to_jsonb(new) - tg_argv[0] = to_jsonb(old) - tg_argv[0]
    then
        return new;
    end if;
    raise exception '% is append-only: a row that was written is neither changed nor deleted', tg_table_name
        using errcode = 'restrict_violation';
end $$;
"""
_MAY_NOT = """
create or replace function refuse_to_change_history() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only: a row that was written is neither changed nor deleted', tg_table_name
        using errcode = 'restrict_violation';
end $$;
"""


def _protect(table: str, argument: str = "") -> None:
    op.execute(f"drop trigger if exists {table}_are_append_only on {table}")
    op.execute(
        f"create trigger {table}_are_append_only before update or delete on {table}"
        f" for each row execute function refuse_to_change_history({argument})"
    )


def upgrade() -> None:
    """The table of erasures, the mark on returns, and triggers that know which text may be masked."""
    op.create_table(
        "erasures",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("returns", sa.Integer(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
    )
    op.create_index("ix_erasures_subject", "erasures", ["subject"], unique=False)
    op.add_column("returns", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(_MAY_ERASE)
    _protect("erasures")
    for table, column in _TEXTS.items():
        _protect(table, f"'{column}'")


def downgrade() -> None:
    """Texts cannot be masked any more, and who was erased is not known."""
    op.execute(_MAY_NOT)
    for table in _TEXTS:
        _protect(table)
    op.drop_column("returns", "erased_at")
    op.drop_table("erasures")
