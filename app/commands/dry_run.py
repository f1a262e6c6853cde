"""``bridge dry-run``: what would be posted for a store's returns, printed and not posted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import click

from app.calls import CallError
from app.commands._shown import (
    Moment,
    cell,
    counted,
    csv_file,
    plain_database_errors,
    report_file,
    show_table,
    write_csv,
    write_report,
)
from app.commands._world import world_with
from app.domain.preview import Previewed
from app.domain.what_if import Totals, facts
from app.services.outside import utc_now
from app.services.trial.dry_run import DryReturn, DryRun
from app.services.trial.dry_run import dry_run as run_dry

_DAYS = 30
COLUMNS = (
    *("return", "status", "what", "key", "kind", "order", "units", "where", "amount", "currency"),
    *("post_at", "message"),
)


@click.command("dry-run")
@click.option("--store", required=True)
@click.option("--since", type=Moment(), help=f"Returns that changed in Reveni since then; default: {_DAYS} days ago.")
@report_file
@csv_file
def dry_run(store: str, since: datetime | None, report_path: Path | None, csv_path: Path | None) -> None:
    """Tell what the bridge would post now for the returns of a store. Writes nothing anywhere.

    Asks Reveni for the returns and BlueCherry for their orders and SKUs; receipts are those that the bridge knows.
    """
    world = world_with(store)
    with plain_database_errors():
        try:
            result = run_dry(store, since or utc_now() - timedelta(days=_DAYS), world)
        except CallError as error:
            raise click.ClickException(f"Reveni cannot be asked: {error}") from None
    _show(result)
    if report_path is not None:
        write_report(report_path, report(result))
    if csv_path is not None:
        write_csv(csv_path, COLUMNS, rows(result))


def _show(result: DryRun) -> None:
    planned = list(_to_post(result))
    if planned:
        show_table(
            "Would be posted",
            ("return", "document", "kind", "order", "units", "where", "money", "when"),
            [
                (
                    *(each.ret.id, document.document.key, document.document.kind, document.document.ord_num),
                    *(document.document.units, _where(document), facts(document)["total"], _when(document)),
                )
                for each, document in planned
            ],
        )
    blockers = [
        (each.ret.id, x.code, x.team, x.units, x.message) for each in result.returns for x in each.seen.blockers
    ]
    if blockers:
        show_table("Exceptions", ("return", "code", "team", "units", "what"), blockers)
    if result.not_looked_at:
        show_table("Not looked at", ("return", "why"), sorted(result.not_looked_at.items()))
    click.echo(
        f"{counted(len(result.returns), 'return')} looked at, {counted(len(planned), 'document')} to post, "
        f"{counted(len(blockers), 'exception')}."
    )
    totals = Totals()
    for _, document in planned:
        totals.add_document(document)
    for kind, count in sorted(totals.documents.items()):
        sums = [f"{amount} {currency}" for (of, currency), amount in sorted(totals.money.items()) if of == kind]
        click.echo(f"  {kind}: {count}, {counted(totals.units[kind], 'unit')}{''.join(f', {each}' for each in sums)}")


def rows(result: DryRun) -> Iterator[tuple[object, ...]]:
    """A line for each document that would be posted, each exception, and each return that was not looked at."""
    for each, planned in _to_post(result):
        document, total = planned.document, planned.amounts.total if planned.amounts else None
        currency = total.currency if total is not None else None
        yield (
            *(each.ret.id, each.ret.status, "document", document.key, document.kind.value, document.ord_num),
            *(document.units, _where(planned), total, currency, planned.post_at, None),
        )
    for each in result.returns:
        for x in each.seen.blockers:
            currency = x.amount.currency if x.amount is not None else None
            yield (
                *(each.ret.id, each.ret.status, "exception", x.document_key, x.code.value, each.ord_num),
                *(x.units, None, x.amount, currency, None, x.message),
            )
    for return_id, why in sorted(result.not_looked_at.items()):
        yield (return_id, None, "not looked at", *(None,) * 8, why)


def report(result: DryRun) -> dict[str, object]:
    """All of it for another program; amounts are decimal strings."""
    return {
        "store": result.store,
        "returns": [
            {
                "return_id": each.ret.id,
                "status": each.ret.status,
                "ord_num": each.ord_num,
                "documents": [_document(x) for x in each.seen.documents if x.to_post],
                "posted": [x.document.key for x in each.seen.documents if not x.to_post],
                "exceptions": [
                    {"code": x.code.value, "team": x.team.value, "units": x.units, "message": x.message}
                    for x in each.seen.blockers
                ],
            }
            for each in result.returns
        ],
        "not_looked_at": result.not_looked_at,
    }


def _document(planned: Previewed) -> dict[str, object]:
    document, amounts = planned.document, planned.amounts
    return {
        "key": document.key,
        "kind": document.kind.value,
        "ord_num": document.ord_num,
        "units": document.units,
        "where": _where(planned),
        "total": str(amounts.total) if amounts else None,
        "currency": amounts.total.currency if amounts else None,
        "post_at": planned.post_at.isoformat() if planned.post_at else None,
        "lines": [{"sku": x.sku, "qty": x.qty, "location": x.location, "lot": x.lot} for x in document.lines],
    }


def _to_post(result: DryRun) -> Iterator[tuple[DryReturn, Previewed]]:
    for each in result.returns:
        for document in each.seen.documents:
            if document.to_post:
                yield each, document


def _where(planned: Previewed) -> str:
    told = facts(planned)
    return told["location"] or told["places"]


def _when(planned: Previewed) -> str:
    return f"window {cell(planned.post_at)}" if planned.post_at else "at once"
