"""``bridge db``: the database's schema, and the role of the running processes."""

from __future__ import annotations

import os
from datetime import datetime

import click

from app.commands._shown import Moment, for_the_owner
from app.db.backup import BackupFault, mark_restored
from app.db.grants import RoleFault, set_up
from app.db.grants import grants as statements_for
from app.db.migrate import upgrade as apply_migrations


@click.group()
def db() -> None:
    """Look after the database's schema, and who may do what in it."""


@db.command()
@click.option("--role", help="The role of the running processes: made where it is missing, and given its grants.")
def upgrade(role: str | None) -> None:
    """Bring the database that DATABASE_URL names, or that of the running system, to the newest schema.

    `bridge run` and `bridge demo` do it by themselves. With --role, BRIDGE_DATABASE_PASSWORD is the role's password.
    """
    url = os.environ.get("DATABASE_URL")
    if not url:
        raise click.ClickException(
            "No database to upgrade: set DATABASE_URL (postgresql+psycopg://user:password@host/name), "
            "or start `bridge run`, which upgrades its own."
        )
    password = os.environ.get("BRIDGE_DATABASE_PASSWORD")
    if role and not password:
        raise click.ClickException(f"No password for {role}: set BRIDGE_DATABASE_PASSWORD.")
    with for_the_owner():
        apply_migrations(url)
    click.echo("The database has the newest schema.")
    if role and password:
        try:
            set_up(url, role, password)
        except RoleFault as fault:
            raise click.ClickException(str(fault)) from None
        click.echo(f"{role} may do what the running processes need, and no more.")


@db.command()
@click.option("--to", "taken_at", type=Moment(), required=True, help="The time that it was restored to.")
def restored(taken_at: datetime) -> None:
    """Say that the database in DATABASE_URL was put back by other means than `bridge restore`, pg_restore for one.

    Without it the bridge would make documents again that it made since. Every part of the system must be stopped.
    """
    try:
        mark_restored(os.environ.get("DATABASE_URL") or "", taken_at)
    except BackupFault as fault:
        raise click.ClickException(str(fault)) from None
    click.echo("From its next start the bridge looks up in BlueCherry whatever it may have sent since then.")


@db.command()
@click.argument("role")
def grants(role: str) -> None:
    """Print SQL that lets ROLE run the bridge, and no more: rows, no schema, no history rewritten.

    Make the role first, then, as the owner of the tables and after each upgrade: bridge db grants ROLE | psql "$OWNER".
    """
    click.echo("begin;")
    for statement in statements_for(role):
        click.echo(f"{statement};")
    click.echo("commit;")
