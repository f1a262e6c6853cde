"""``bridge erase``: a customer who asks to be forgotten."""

from __future__ import annotations

import os

import click

from app.commands._shown import by, plain_database_errors
from app.commands._world import world
from app.pseudonym import VARIABLE, key_of_environment
from app.secret import Secret
from app.services.privacy.erasure import NoSuchCustomer, erase_customer
from app.system.datadir import DataDirectory


@click.command()
@click.option(
    "--customer", required=True, metavar="E-MAIL|ID", help="The e-mail, or the id of a return of theirs (or STORE/ID)."
)
@by
def erase(customer: str, by: str) -> None:
    """Erase a customer's personal data for good: name, e-mail, address, raw events, notes. The books stay."""
    outside = world()
    key = key_of_environment() or Secret(DataDirectory.from_environment(os.environ).secret("personal-key"))
    with plain_database_errors():
        try:
            done = erase_customer(customer, by, key, outside)
        except NoSuchCustomer as error:
            raise click.ClickException(f"{error}.") from None
    click.echo(
        f"Erased: {done.returns} returns, {done.events} raw events, notes of {done.receipts} receipts, "
        f"{done.texts} texts. Documents, units and amounts are as they were."
    )
    if key_of_environment() is None:
        click.echo(f"Set {VARIABLE} for the bridge's processes too, or a late event may bring a name back.", err=True)
