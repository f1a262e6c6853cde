"""``bridge tokens``: who may use the JSON API, and as what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from app.commands._shown import as_json, by, plain_database_errors, show_json, show_table
from app.domain.blockers import Team
from app.permissions import Role
from app.services.access import tokens as service
from app.services.access.tokens import NoSuchToken, TokenNotMade
from app.web.api.token_schemas import TokensAnswer

_YEAR = 365
_LONGEST_NAME = 60


@click.group()
def tokens() -> None:
    """Make tokens of the JSON API, see who has one, and end them."""


@tokens.command()
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--team", "teams", type=click.Choice([team.value for team in Team]), multiple=True, help="Repeatable.")
@click.option(
    "--days", type=click.IntRange(min=0), default=_YEAR, show_default=True, help="How long it holds; 0 for ever."
)
@by
def add(name: str, role: str, teams: tuple[str, ...], days: int, by: str) -> None:
    """Make a token of this NAME, by which the history will know it, and print it: once, for it is not kept."""
    if not 1 <= len(name) <= _LONGEST_NAME or not name.isprintable() or name != name.strip():
        raise click.BadParameter(f"take 1 to {_LONGEST_NAME} printable characters", param_hint="NAME")
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    with plain_database_errors():
        try:
            made = service.add_token(name, Role(role), [Team(team) for team in teams], by, expires_at)
        except TokenNotMade as error:
            raise click.ClickException(str(error)) from None
    click.echo("Keep it now: it is not shown again.", err=True)
    click.echo(made.reveal())


@tokens.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List all tokens that there ever were, without their secrets."""
    with plain_database_errors():
        found = service.list_tokens()
    if as_json:
        show_json(TokensAnswer().dump({"tokens": found}))
        return
    columns = ("name", "role", "teams", "made", "by", "last used", "until", "revoked")
    rows = [
        (
            *(each.name, each.role, " ".join(each.teams), each.created_at, each.created_by),
            *(each.last_used_at, each.expires_at, each.revoked_at),
        )
        for each in found
    ]
    show_table("Tokens", columns, rows)


@tokens.command()
@click.argument("name")
@by
def revoke(name: str, by: str) -> None:
    """End a token: the next request with it is refused."""
    with plain_database_errors():
        try:
            service.revoke_token(name, by)
        except NoSuchToken as error:
            raise click.ClickException(f"{error}: `bridge tokens list` shows them.") from None
    click.echo(f"Token {name} is void.")
