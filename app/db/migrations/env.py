"""Alembic's entry: runs the migrations on the URL that app.db.migrate gives, under a lock against a second runner."""

from alembic import context
from sqlalchemy import create_engine, pool, text

from app.db.tables import Base

_LOCK = 7_202_611


def run() -> None:
    """Apply the migrations in one transaction."""
    url = context.config.get_main_option("sqlalchemy.url") or ""
    if url.startswith("postgresql://"):
        url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
        with context.begin_transaction():
            connection.execute(text(f"select pg_advisory_xact_lock({_LOCK})"))
            context.run_migrations()


run()
