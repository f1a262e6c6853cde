"""``bridge returns``: what is known of a return, and how far it is."""

from __future__ import annotations

import click

from app.commands._shown import as_json, cell, money, plain_database_errors, show_json, show_table
from app.commands._traced import show_amounts, show_exceptions, show_origins
from app.services.page import LARGEST_PAGE
from app.services.views import return_view
from app.services.views.return_view import NoSuchReturn, ReturnView
from app.web.api.return_schemas import ReturnAnswer, ReturnPage


@click.group()
def returns() -> None:
    """See returns, their receipts and their documents."""


@returns.command("list")
@click.option("--store")
@click.option("--state", help="Where the bridge's work stands, as in the list.")
@click.option("--document", help="BlueCherry's number of a document made for it.")
@click.option("--limit", type=click.IntRange(1, LARGEST_PAGE), default=50, show_default=True)
@click.option("--cursor", type=int, help="Where the page before ended.")
@as_json
def list_(
    store: str | None, state: str | None, document: str | None, limit: int, cursor: int | None, as_json: bool
) -> None:
    """List returns, the newest first."""
    with plain_database_errors():
        page = return_view.list_returns(store=store, state=state, document=document, before=cursor, limit=limit)
    if as_json:
        show_json(ReturnPage().dump(page))
        return
    if not page.rows:
        click.echo("No returns.")
        return
    rows = [(r.store, r.id, r.state, r.status, r.order_ref, r.ord_num, r.updated) for r in page.rows]
    show_table("Returns", ("store", "return", "state", "in Reveni", "shop's order", "order", "updated"), rows)
    if page.next is not None:
        click.echo(f"More: --cursor {page.next}")


@returns.command()
@click.argument("names", nargs=-1, metavar="[STORE] ID")
@as_json
def show(names: tuple[str, ...], as_json: bool) -> None:
    """Show one return: lines, receipts, documents, exceptions, timeline.

    The store may be left out as long as only one has a return of this ID.
    """
    if not 1 <= len(names) <= 2:
        raise click.UsageError("Name one return: [STORE] ID.")
    *stores, return_id = names
    with plain_database_errors():
        try:
            stores = stores or return_view.stores_of(return_id)
            if len(stores) > 1:
                known = ", ".join(stores)
                raise click.UsageError(
                    f"Return {return_id} is known in {known}: name the store too, STORE {return_id}."
                )
            view = return_view.get_return(stores[0], return_id)
        except NoSuchReturn as error:
            raise click.ClickException(f"{error}: `bridge returns list` shows those that it knows.") from None
    if as_json:
        show_json(ReturnAnswer().dump(view))
    else:
        _show(view)


def _show(view: ReturnView) -> None:
    known = view.known
    kind = f"{known.type}{', instant' if known.instant else ''}"
    order = f"order {known.order_external_id}{f' = {view.ord_num}' if view.ord_num else ''}"
    click.echo(f"{known.store}/{known.id}: {view.state} (in Reveni: {known.status}), {kind}, {order}")
    if known.refund is not None:
        amount = known.amount if known.refund.amount is None else known.refund.amount
        when = cell(known.refund.refunded_at) or "not yet"
        beside = f"fees {known.fees}, bonus {known.bonus}"
        click.echo(f"Refund: {amount} {known.currency} by {known.refund.method} ({when}), {beside}")
    if view.shadow:
        click.echo("In shadow: nothing of it is posted; the numbers that begin with SHADOW- are the bridge's own.")
    show_table(
        "Lines",
        ("item", "SKU", "units", "price", "status", "reason", "exchange for"),
        [
            (i.item_id, i.sku, i.quantity, i.price, i.status, i.reason, i.exchange.sku if i.exchange else None)
            for i in known.items
        ],
    )
    show_origins(view.events, view.receipts, view.decisions)
    if view.documents:
        show_table(
            "Documents",
            (
                *("key", "kind", "status", "number", "order", "units", "money"),
                *("due on", "dated", "posted", "waits for", "mapping", "error"),
            ),
            [
                (
                    *(d.entry.key, d.entry.document.kind, d.entry.state, d.entry.number, d.entry.document.ord_num),
                    *(d.entry.document.units, money(d.total), d.business_date, d.document_date),
                    *(d.entry.posted_at, d.post_at if d.entry.posted_at is None else None),
                    *(d.mapping_version, d.entry.error),
                )
                for d in view.documents
            ],
        )
        show_amounts([d.entry for d in view.documents])
        versions = sorted({d.mapping_version for d in view.documents})
        click.echo(f"Mapping of these documents: {', '.join(versions)}")
    show_exceptions(view.exceptions)
    click.echo("Timeline")
    for each in view.timeline:
        detail = ", ".join(f"{name} {value}" for name, value in each.detail.items() if value is not None)
        click.echo(f"  {each.at:%Y-%m-%d %H:%M:%S}  {each.what}  {cell(each.key)}  {detail}".rstrip())
