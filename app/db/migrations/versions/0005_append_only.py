"""Versions of returns and documents, written by the database itself; what was written once is never changed.

Revision ID: 0005
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_APPEND_ONLY = ("history", "decisions", "return_versions", "ledger_versions")

# One version for each change of what Reveni told, and for each step of a document. Triggers cost no statement and no
# round trip, and nobody who changes a row can forget them.
_FUNCTIONS = """
create function keep_return_version() returns trigger language plpgsql as $$
begin
    insert into return_versions (return_pk, version, status, data, updated)
    values (new.pk, new.version, new.status, new.data, new.updated);
    return null;
end $$;

create function keep_ledger_version() returns trigger language plpgsql as $$
begin
    insert into ledger_versions
        (ledger_id, state, number, document, amounts, basis, document_date, mapping_version, error_code, error)
    values (
        new.id, new.state, new.number,
        case when tg_op = 'INSERT' then new.document when old.document is distinct from new.document then new.document
        end,
        new.amounts,
        case when tg_op = 'INSERT' then new.basis when old.basis is distinct from new.basis then new.basis end,
        new.document_date, new.mapping_version, new.error_code, new.error
    );
    return null;
end $$;

create function refuse_to_change_history() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only: a row that was written is neither changed nor deleted', tg_table_name
        using errcode = 'restrict_violation';
end $$;
"""

# A warehouse's note may name a person: whoever erases that says `set local bridge.erasing = 'on'` first.
_TRIGGERS = """
create trigger return_told after insert on returns
    for each row execute function keep_return_version();
create trigger return_told_otherwise after update of data on returns
    for each row when (old.data is distinct from new.data) execute function keep_return_version();

create trigger document_made_due after insert on ledger
    for each row execute function keep_ledger_version();
create trigger document_moved after update of state, number, document, amounts, basis, document_date on ledger
    for each row when (
        (old.state, old.number, old.document, old.amounts, old.basis, old.document_date)
        is distinct from (new.state, new.number, new.document, new.amounts, new.basis, new.document_date)
    ) execute function keep_ledger_version();

create trigger receipts_are_kept before delete on receipts
    for each row execute function refuse_to_change_history();
create trigger receipts_stay_as_they_came before update of site, external_id, kind, data, received_at on receipts
    for each row when (
        (old.site, old.external_id, old.kind, old.data, old.received_at)
        is distinct from (new.site, new.external_id, new.kind, new.data, new.received_at)
        and coalesce(current_setting('bridge.erasing', true), '') <> 'on'
    ) execute function refuse_to_change_history();
"""


def upgrade() -> None:
    """Tables, triggers, and a first version of whatever is there already."""
    op.create_table(
        "return_versions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("return_pk", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_versions")),
    )
    op.create_index("ix_return_versions_return", "return_versions", ["return_pk", "id"], unique=False)
    op.create_table(
        "ledger_versions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("ledger_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("amounts", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("basis", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("document_date", sa.Text(), nullable=True),
        sa.Column("mapping_version", sa.Text(), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_versions")),
    )
    op.create_index("ix_ledger_versions_ledger", "ledger_versions", ["ledger_id", "id"], unique=False)
    op.add_column("ledger", sa.Column("basis", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.create_index("ix_ledger_key", "ledger", ["key"], unique=False)
    op.execute(
        "insert into return_versions (return_pk, version, status, data, updated)"
        " select pk, version, status, data, updated from returns order by pk"
    )
    op.execute(
        "insert into ledger_versions"
        " (ledger_id, state, number, document, amounts, document_date, mapping_version, error_code, error)"
        " select id, state, number, document, amounts, document_date, mapping_version, error_code, error"
        " from ledger order by id"
    )
    op.execute(_FUNCTIONS)
    op.execute(_TRIGGERS)
    for table in _APPEND_ONLY:
        op.execute(
            f"create trigger {table}_are_append_only before update or delete on {table}"
            " for each row execute function refuse_to_change_history()"
        )


def downgrade() -> None:
    """Without the triggers, rows can be changed again; the versions are lost."""
    for table in _APPEND_ONLY:
        op.execute(f"drop trigger {table}_are_append_only on {table}")
    for table, trigger in (
        ("receipts", "receipts_stay_as_they_came"),
        ("receipts", "receipts_are_kept"),
        ("ledger", "document_moved"),
        ("ledger", "document_made_due"),
        ("returns", "return_told_otherwise"),
        ("returns", "return_told"),
    ):
        op.execute(f"drop trigger {trigger} on {table}")
    for function in ("refuse_to_change_history", "keep_ledger_version", "keep_return_version"):
        op.execute(f"drop function {function}()")
    op.drop_index("ix_ledger_key", table_name="ledger")
    op.drop_column("ledger", "basis")
    op.drop_table("ledger_versions")
    op.drop_table("return_versions")
