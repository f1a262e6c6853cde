from __future__ import annotations

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from app.db.migrate import configuration, upgrade
from app.db.tables import Base


def test_the_models_are_what_the_migrations_make(database: str) -> None:
    """As `alembic check` does it, types included."""
    engine = create_engine(database)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_alembic_itself_agrees(database: str) -> None:
    command.check(configuration(database))


def test_partial_indexes_are_there_with_their_conditions(database: str) -> None:
    """Alembic does not compare what an index is limited to."""
    engine = create_engine(database)
    found = {}
    for table in Base.metadata.tables:
        for index in inspect(engine).get_indexes(table):
            found[index["name"]] = bool(index.get("dialect_options", {}).get("postgresql_where"))
    engine.dispose()
    wanted = {
        index.name: index.dialect_options["postgresql"]["where"] is not None
        for table in Base.metadata.tables.values()
        for index in table.indexes
    }

    assert {name: found.get(name) for name in wanted} == wanted


def test_an_up_to_date_database_is_left_alone(database: str) -> None:
    upgrade(database)
    upgrade(database)
