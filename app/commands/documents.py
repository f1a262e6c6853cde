"""``bridge documents``: from a document in BlueCherry back to all that made it."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from app.commands._shown import as_json, counted, money, plain_database_errors, show_json, show_table
from app.commands._traced import show_exceptions, show_origins
from app.domain.documents import State
from app.domain.policy import Kind
from app.services.page import LARGEST_PAGE
from app.services.views import document_view
from app.services.views.document_view import NoSuchDocument, Trace
from app.web.api.document_schemas import DocumentPage, TracesAnswer


@click.group()
def documents() -> None:
    """See the documents that the bridge made, and what led to each."""


@documents.command("list")
@click.option("--store")
@click.option("--kind", type=click.Choice([kind.value for kind in Kind]))
@click.option("--state", type=click.Choice([state.value for state in State]))
@click.option("--order", help="BlueCherry's number of the order that they are on.")
@click.option("--since", type=click.DateTime(), help="Due since then (UTC).")
@click.option("--limit", type=click.IntRange(1, LARGEST_PAGE), default=50, show_default=True)
@click.option("--cursor", type=int, help="Where the page before ended.")
@as_json
def list_(
    store: str | None,
    kind: str | None,
    state: str | None,
    order: str | None,
    since: datetime | None,
    limit: int,
    cursor: int | None,
    as_json: bool,
) -> None:
    """List documents, the newest first."""
    moment = since.replace(tzinfo=UTC) if since else None
    with plain_database_errors():
        page = document_view.list_documents(
            store=store, kind=kind, state=state, order=order, since=moment, before=cursor, limit=limit
        )
    if as_json:
        show_json(DocumentPage().dump(page))
        return
    if not page.rows:
        click.echo("No documents.")
        return
    rows = [
        (
            *(line.store, line.return_id, d.entry.key, d.entry.document.kind, d.entry.state, d.entry.number),
            *(d.entry.document.ord_num, d.entry.document.units, money(d.total), d.document_date, d.entry.posted_at),
        )
        for line in page.rows
        for d in (line.document,)
    ]
    columns = ("store", "return", "key", "kind", "status", "number", "order", "units", "money", "dated", "posted")
    show_table("Documents", columns, rows)
    if page.next is not None:
        click.echo(f"More: --cursor {page.next}")


@documents.command()
@click.argument("number_or_key", metavar="NUMBER_OR_KEY")
@as_json
def show(number_or_key: str, as_json: bool) -> None:
    """Show a document by BlueCherry's number or the bridge's key, and what led to it."""
    with plain_database_errors():
        try:
            found = document_view.trace(number_or_key)
        except NoSuchDocument as error:
            raise click.ClickException(f"{error}: `bridge documents list` shows those that it has.") from None
    if as_json:
        show_json(TracesAnswer().dump({"documents": found}))
        return
    for each in found:
        _show(each)


def _show(trace: Trace) -> None:
    entry, told = trace.document.entry, trace.told
    document, amounts = entry.document, entry.amounts
    click.echo(f"{entry.key}: {document.kind} {entry.number or 'without a number'}, {entry.state}")
    click.echo(f"Return {trace.store}/{trace.return_id} ({trace.return_state}), order {document.ord_num}")
    click.echo(f"Dated {trace.document.document_date or 'not yet'}, mapping {trace.document.mapping_version}")
    if told is not None:
        click.echo(
            f"Reveni had told version {told.version} of the return: {told.status}, {told.updated:%Y-%m-%d %H:%M}"
        )
    show_table(
        "Lines",
        ("#", "order line", "SKU", "units", "to", "net", "discount", "tax", "credited before"),
        [
            (
                *(x.line.seq, x.line.ord_line_seq, x.line.sku, x.line.qty, x.line.location, x.net, x.disc, x.tax),
                f"{counted(x.before.units, 'unit')}, net {x.before.net}, tax {x.before.tax}" if x.before else None,
            )
            for x in trace.lines
        ],
    )
    if amounts is not None:
        freight = amounts.freight + amounts.freight_tax
        click.echo(f"Freight {money(freight)}, fee {money(amounts.fee)}, total {money(amounts.total)}")
    if trace.memos_before:
        show_table(
            "Memos on the order before",
            ("number", "key", "return", "units", "money"),
            [
                (m.memo_num or None, m.aux_ref_num, m.ref_num2, sum(line.qty for line in m.lines), money(m.total))
                for m in trace.memos_before
            ],
        )
    show_origins(trace.events, trace.receipts, trace.decisions)
    show_exceptions(trace.exceptions)
    show_table(
        "What happened to it",
        ("at", "what", "number", "detail"),
        [(f"{step.at:%Y-%m-%d %H:%M:%S}", step.what, step.number, step.detail) for step in trace.steps],
    )
