"""``bridge exceptions``: what stands in the way, whose it is, and the word that mends it."""

from __future__ import annotations

from collections.abc import Sequence

import click

from app.commands._shown import as_json, by, cell, counted, plain_database_errors, show_json, show_table
from app.domain.blockers import Code, Team
from app.services.exceptions import exception_queue, remedies
from app.services.exceptions.approvals import do_or_ask
from app.services.exceptions.desk_actions import Action
from app.services.exceptions.exception_queue import Filter, Group, NoSuchException
from app.web.api.schemas import ExceptionAnswer, GroupsAnswer


@click.group()
def exceptions() -> None:
    """See what the bridge cannot get past by itself, and mend it."""


@exceptions.command("list")
@click.option("--open/--all", "open_only", default=True, show_default=True, help="Only the open ones, or all.")
@click.option("--team", type=click.Choice([team.value for team in Team]))
@click.option("--code", type=click.Choice([code.value for code in Code]))
@click.option("--store")
@as_json
def list_(open_only: bool, team: str | None, code: str | None, store: str | None, as_json: bool) -> None:
    """List exceptions grouped by cause: one line for one thing to mend."""
    with plain_database_errors():
        groups = exception_queue.grouped(Filter(open=True if open_only else None, code=code, team=team, store=store))
    if as_json:
        show_json(GroupsAnswer().dump({"groups": groups}))
        return
    if not groups:
        click.echo("No open exceptions." if open_only else "No exceptions.")
        return
    title = f"{sum(group.count for group in groups)} exceptions, {len(groups)} things to mend"
    columns = ("first ID", "exception", "holds up", "what is wrong, and the way out")
    show_table(title, columns, [_row(group) for group in groups], lines=True)


@exceptions.command()
@click.argument("number", metavar="ID", type=int)
@as_json
def show(number: int, as_json: bool) -> None:
    """Show one exception."""
    with plain_database_errors():
        found = _existing([number])[0]
    if as_json:
        show_json(ExceptionAnswer().dump(found))
        return
    for name, value in ExceptionAnswer().dump(found).items():
        if value not in (None, []) and name != "return_ids":
            click.echo(f"{name:<13} {value}")


@exceptions.command()
@click.argument("numbers", metavar="ID...", nargs=-1, required=True, type=int)
@click.option("--cause", is_flag=True, help="Everything with the same cause as these.")
@by
def retry(numbers: tuple[int, ...], cause: bool, by: str) -> None:
    """Try again what exceptions hold up, once their cause is mended."""
    with plain_database_errors():
        count = remedies.retry(_meant(numbers, cause), by)
    click.echo(f"{count} set going; an exception closes by itself when its cause is gone.")


@exceptions.command()
@click.argument("numbers", metavar="ID...", nargs=-1, required=True, type=int)
@click.option("--cause", is_flag=True, help="Everything with the same cause as these.")
@click.option("--note", help="Why, for the history.")
@click.option("--release", is_flag=True, help="Credit the units of not_received or refunded_rejected all the same.")
@by
def resolve(numbers: tuple[int, ...], cause: bool, note: str | None, release: bool, by: str) -> None:
    """End exceptions by your word. What changes money needs a note, and waits for a second person."""
    with plain_database_errors():
        try:
            action = Action.RELEASE if release else Action.RESOLVE
            done = do_or_ask(action, _meant(numbers, cause), {"reason": note or ""}, by)
        except remedies.NotPossible as error:
            raise click.ClickException(str(error)) from None
    if done.approval is not None:
        click.echo(
            f"This changes money: approval {done.approval} waits for a second person, on the console's Approvals."
        )
    else:
        click.echo(f"{done.count} resolved.")


@exceptions.command("map-sku")
@click.argument("store")
@click.argument("sku")
@click.argument("target", metavar="BLUECHERRY_SKU")
@by
def map_sku(store: str, sku: str, target: str, by: str) -> None:
    """Let a SKU of the shop mean one of BlueCherry's from now on."""
    with plain_database_errors():
        try:
            count = remedies.map_sku(store, sku, target, by)
        except remedies.NotPossible as error:
            raise click.ClickException(str(error)) from None
    click.echo(f"{sku} means {target} in store {store} now; {count} returns set going.")


def _existing(numbers: Sequence[int]) -> list[exception_queue.ExceptionView]:
    try:
        return [exception_queue.get_exception(number) for number in numbers]
    except NoSuchException as error:
        raise click.ClickException(f"{error}: `bridge exceptions list` shows those that there are.") from None


def _meant(numbers: Sequence[int], cause: bool) -> list[int]:
    found = _existing(numbers)
    if not cause:
        return [each.id for each in found]
    same = {(each.code, each.cause) for each in found}
    return sorted(number for code, name in same for number in exception_queue.ids_of_cause(code, name))


def _row(group: Group) -> tuple[str, str, str, str]:
    money = [f"{amount} {currency}" for currency, amount in sorted(group.money.items())]
    if money and group.unknown:
        money.append(f"{group.unknown} not known")
    urgent = ["URGENT"] if group.urgent else []
    return (
        str(group.first_id),
        "\n".join([group.code, group.team, cell(group.oldest), *urgent]),
        "\n".join([f"{group.count} ×", counted(group.units, "unit"), *money]),
        f"{group.message}\n→ {group.way_out}",
    )
