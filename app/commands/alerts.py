"""``bridge alerts``: what teams are told, and whether it gets through."""

from __future__ import annotations

import uuid

import click

from app.commands._shown import as_json, plain_database_errors, show_json, show_table
from app.commands._world import world
from app.domain.blockers import Team
from app.ops.alerts import Message, NotDelivered
from app.services.alerts import links
from app.services.alerts.delivery import channels_of, waiting


@click.group()
def alerts() -> None:
    """See which messages wait for a channel, and try the channels."""


@alerts.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List the channels that did not take a message yet, with the reason."""
    with plain_database_errors():
        found = waiting()
    if as_json:
        rows = [(each.channel, each.count, each.since.isoformat(), each.tries, each.error) for each in found]
        show_json([dict(zip(("channel", "messages", "since", "tries", "error"), row, strict=True)) for row in rows])
        return
    show_table(
        "Messages that wait for a channel",
        ("channel", "messages", "oldest", "tries", "why not"),
        [(each.channel, each.count, each.since, each.tries, each.error) for each in found],
    )


@alerts.command()
@click.option("--team", type=click.Choice([team.value for team in Team]), help="Only the channels of this team.")
def test(team: str | None) -> None:
    """Send a test message by every channel now; ends with 1 when one does not take it."""
    settings = world().config.alerts
    channels = channels_of(settings)
    if team is not None:
        policy = settings.team(team)
        wanted = {*policy.channels, *(name for step in policy.escalation for name in step.channels)}
        channels = {name: channel for name, channel in channels.items() if name in wanted}
    if not channels:
        raise click.ClickException("The configuration names no channel: see [alerts] in docs/configuration.md.")
    failed = 0
    for name, channel in channels.items():
        link = links.exceptions_of_team(settings.console_url, team or "finance")
        message = Message(f"test-{uuid.uuid4().hex}", team or "every team", (), 0, link)
        try:
            channel.deliver(message)
        except NotDelivered as error:
            failed += 1
            click.echo(f"{name}: not delivered ({error})", err=True)
        else:
            click.echo(f"{name}: taken")
    if failed:
        raise SystemExit(1)
