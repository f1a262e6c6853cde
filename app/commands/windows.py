"""``bridge windows``: when documents were posted in batches, and a window out of turn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from app.commands._shown import as_json, by, counted, plain_database_errors, show_json, show_table
from app.commands._world import world_with
from app.domain.policy import Kind
from app.services.exceptions.remedies import NotPossible
from app.services.ledger import window_holds
from app.services.ledger.windows import post_now
from app.services.page import LARGEST_PAGE
from app.services.views import overview
from app.web.api.schemas import WINDOW_KINDS, BatchPage, WindowPage


@contextmanager
def _plain_refusals() -> Iterator[None]:
    try:
        yield
    except NotPossible as problem:
        raise click.ClickException(str(problem)) from None


_limit = click.option("--limit", type=click.IntRange(1, LARGEST_PAGE), default=50, show_default=True)


@click.group()
def windows() -> None:
    """See the windows in which documents were posted, and post one now."""


@windows.command("list")
@_limit
@as_json
def list_(limit: int, as_json: bool) -> None:
    """List windows that were posted, the newest first."""
    with plain_database_errors():
        page = overview.list_windows(limit=limit)
    if as_json:
        show_json(WindowPage().dump(page))
        return
    rows = [(window.id, window.store, window.kind, window.opens_at, window.claimed_at) for window in page.rows]
    show_table("Windows", ("#", "store", "kind", "opened", "posted"), rows)


@windows.command()
@_limit
@as_json
def batches(limit: int, as_json: bool) -> None:
    """List batches, the newest first."""
    with plain_database_errors():
        page = overview.list_batches(limit=limit)
    if as_json:
        show_json(BatchPage().dump(page))
        return
    rows = [
        (
            each.id,
            each.window_id,
            each.batch_ref,
            each.batch_num,
            each.state,
            each.documents,
            each.created_at,
            each.error,
        )
        for each in page.rows
    ]
    show_table("Batches", ("#", "window", "ref", "number", "state", "documents", "made", "error"), rows)


@windows.command()
@click.argument("store")
@click.argument("kind", type=click.Choice([kind.value for kind in WINDOW_KINDS]))
@click.option("--reason", required=True, help="Why, for whoever finds it shut.")
@by
def hold(store: str, kind: str, reason: str, by: str) -> None:
    """Keep the windows of this store and kind shut until they are released."""
    world_with(store)
    with plain_database_errors(), _plain_refusals():
        window_holds.hold(store, Kind(kind), reason, by)
    click.echo(f"The windows of {store} for {kind} are held.")


@windows.command()
@click.argument("store")
@click.argument("kind", type=click.Choice([kind.value for kind in WINDOW_KINDS]))
@by
def release(store: str, kind: str, by: str) -> None:
    """Open the windows of this store and kind again; what waited is posted within seconds."""
    with plain_database_errors(), _plain_refusals():
        window_holds.release(store, Kind(kind), by)
    click.echo(f"The windows of {store} for {kind} are released.")


@windows.command()
@click.argument("store")
@click.argument("kind", type=click.Choice([kind.value for kind in WINDOW_KINDS]))
@by
def post(store: str, kind: str, by: str) -> None:
    """Post now what waits for a window of this store and kind."""
    world = world_with(store)
    with plain_database_errors(), _plain_refusals():
        count = post_now(store, Kind(kind), world, by)
    click.echo(f"{counted(count, 'document')} set going: posted within seconds.")
