"""``bridge people``: who may sign in to the console."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from app.commands._shown import by, plain_database_errors, show_table
from app.domain.blockers import Team
from app.permissions import Role
from app.services.access import people as accounts
from app.services.access.acts import note_act

ROLES = [role.value for role in Role if role is not Role.SERVICE]


@click.group()
def people() -> None:
    """Say who may sign in to the console, and with what roles."""


@people.command()
@click.argument("login")
@click.option("--name", default="", help="What the person is called; default: the login.")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--team", "teams", type=click.Choice([team.value for team in Team]), multiple=True, help="Repeatable.")
@click.option("--by-provider", is_flag=True, help="Without a password: an OpenID Connect provider says who it is.")
@by
def add(login: str, name: str, role: str, teams: tuple[str, ...], by_provider: bool, by: str) -> None:
    """Make an account. Its password is asked for, or read from a pipe."""
    password = None if by_provider else _asked()
    with _plain_problems():
        person = accounts.add_person(login, name, Role(role), [Team(team) for team in teams], password)
        note_act(by, "add person", person.login, role=role, teams=" ".join(sorted(teams)))
    click.echo(f"{person.login} can sign in now.")


@people.command()
@click.argument("login")
@click.argument("role", type=click.Choice(ROLES))
@click.option("--team", "teams", type=click.Choice([team.value for team in Team]), multiple=True, help="Repeatable.")
@by
def role(login: str, role: str, teams: tuple[str, ...], by: str) -> None:
    """Give somebody another role; it holds from their next request."""
    with _plain_problems():
        person = accounts.change_role(login, Role(role), [Team(team) for team in teams])
        note_act(by, "change role", person.login, role=role, teams=" ".join(sorted(teams)))
    click.echo(f"{person.login} is {role} now.")


@people.command()
@click.argument("login")
@by
def password(login: str, by: str) -> None:
    """Give somebody another password, and end their sessions."""
    with _plain_problems():
        person = accounts.change_password(login, _asked())
        note_act(by, "change password", person.login)
    click.echo(f"{person.login} signs in with the new password now.")


@people.command()
@click.argument("login")
@by
def remove(login: str, by: str) -> None:
    """Let somebody in no more, at once. The history goes on knowing them."""
    with _plain_problems():
        person = accounts.set_active(login, False)
        note_act(by, "remove person", person.login)
    click.echo(f"{person.login} can sign in no more.")


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


def _asked() -> str:
    """The password: typed twice at a terminal, a line of a pipe elsewhere; never an option, which others can see."""
    if sys.stdin.isatty():
        typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return typed
    return sys.stdin.readline().rstrip("\n")


@contextmanager
def _plain_problems() -> Iterator[None]:
    with plain_database_errors():
        try:
            yield
        except accounts.PersonProblem as problem:
            raise click.ClickException(str(problem)) from None


def _way(person: accounts.Person) -> str:
    if not person.active:
        return "no more"
    return "with a password" if person.local else "with the provider"
