"""``bridge people``: who may sign in to the console."""

from __future__ import annotations

import click

from app.commands._shown import plain_database_errors, show_table
from app.domain.blockers import Team
from app.permissions import Role
from app.services import people as accounts

ROLES = [role.value for role in Role if role is not Role.SERVICE]


@click.group()
def people() -> None:
    """Say who may sign in to the console, and with what roles."""


@people.command()
@click.argument("login")
@click.option("--name", default="", help="What the person is called; default: the login.")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--team", "teams", type=click.Choice([team.value for team in Team]), multiple=True, help="Repeatable.")
@click.password_option(help="Asked for when it is not given: what stands on a command line, others can see.")
def add(login: str, name: str, role: str, teams: tuple[str, ...], password: str) -> None:
    """Make an account with a password."""
    with plain_database_errors():
        try:
            person = accounts.add_person(login, name, Role(role), [Team(team) for team in teams], password)
        except accounts.PersonProblem as problem:
            raise click.ClickException(str(problem)) from None
    click.echo(f"{person.login} can sign in now.")


@people.command("list")
def list_() -> None:
    """List everybody."""
    with plain_database_errors():
        rows = accounts.list_people()
    show_table(
        f"{len(rows)} people",
        ("login", "name", "role", "teams", "signs in"),
        [(each.login, each.name, each.role, " ".join(sorted(each.teams)), _way(each)) for each in rows],
    )


def _way(person: accounts.Person) -> str:
    if not person.active:
        return "no more"
    return "with a password" if person.local else "with the provider"
