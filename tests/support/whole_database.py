"""All that a database holds, to prove that something left it alone."""

from __future__ import annotations

from sqlalchemy import inspect, text

from app.db.engine import engine


def whole_database() -> dict[str, list[str]]:
    """Every row of every table as text, with the transactions that wrote and locked it."""
    with engine().connect() as connection:
        return {
            table: sorted(
                connection.scalars(text(f"select concat_ws(' ', t.xmin, t.xmax, t::text) from \"{table}\" t"))
            )
            for table in inspect(connection).get_table_names()
        }
