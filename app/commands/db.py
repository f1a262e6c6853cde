"""``bridge db``: the database's schema."""

from __future__ import annotations

import os

import click

from app.db.migrate import upgrade as apply_migrations


@click.group()
def db() -> None:
    """Look after the database's schema."""


@db.command()
def upgrade() -> None:
    """Bring the database that DATABASE_URL names, or that of the running system, to the newest schema.

    `bridge run` and `bridge demo` do it by themselves.
    """
    url = os.environ.get("DATABASE_URL")
    if not url:
        raise click.ClickException(
            "No database to upgrade: set DATABASE_URL (postgresql+psycopg://user:password@host/name), "
            "or start `bridge run`, which upgrades its own."
        )
    apply_migrations(url)
    click.echo("The database has the newest schema.")
