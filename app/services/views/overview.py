"""Where the bridge stands as a whole: is anything left that it could do now, how much of what, how quick."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func, select, text

from app.db.engine import transaction
from app.db.tables.exceptions import ExceptionRow
from app.db.tables.ledger import BatchRow, LedgerRow, WindowRow
from app.db.tables.returns import ReturnRow
from app.services.page import LARGEST_PAGE, Page, page_of

_SETTLED = text(
    """
    with set_aside as (
        select return_pk from exceptions
        where code = 'task_lost' and closed_at is null and return_pk is not null
    )
    select
        (select count(*) from inbox where state in ('new', 'taken')) as inbox,
        open.*,
        (select count(*) from returns where state = 'waiting') as waiting,
        (select count(*) from exceptions where closed_at is null) as open_exceptions,
        (select count(*) from returns where pending and pk not in (select return_pk from set_aside)) as pending,
        (select count(*) from batches where state in ('sending', 'queued', 'doubtful')) as batches
    from (
        select
            count(*) filter (where state = 'sending') as sending,
            count(*) filter (where state = 'doubtful') as doubtful,
            count(*) filter (where state = 'due' and post_at > now()) as in_window,
            count(*) filter (
                where state = 'due'
                and (post_at is null or post_at <= now())
                and not exists (
                    select from unnest(document.after) as needed(key)
                    where not exists (
                        select from ledger before
                        where before.store = document.store
                        and before.key = needed.key
                        and before.state = 'posted'
                    )
                )
            ) as due
        from ledger document
        where state in ('due', 'sending', 'doubtful') and not tired
        and return_pk not in (select return_pk from set_aside)
        and not (
            state = 'due' and kind = 'credit_memo' and exists (
                select from ledger other
                where other.connection = document.connection
                and other.ord_num = document.ord_num
                and other.kind = 'credit_memo'
                and other.shadow = document.shadow
                and other.state = 'doubtful'
                and other.tired
            )
        )
    ) open
    """
)

_RECEIPT_TO_JOURNAL = text(
    """
    select
        count(*) as journals,
        percentile_cont(array[0.5, 0.95]) within group (order by extract(epoch from took)) as took
    from (
        select journal.posted_at - receipt.taken_at as took
        from ledger journal
        join receipts receipt
            on receipt.return_pk = journal.return_pk
            and receipt.site || '/' || receipt.external_id = journal.document ->> 'source'
        where journal.kind = 'inventory_journal' and journal.state = 'posted' and journal.posted_at >= :since
    ) each
    """
)


@dataclass(frozen=True, slots=True)
class Settled:
    """What is left. `due` and the fields before it are what the bridge can do by itself and at once."""

    settled: bool
    inbox: int
    due: int
    sending: int
    doubtful: int
    in_window: int
    waiting: int
    open_exceptions: int


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are of something: a document kind in a state, or exceptions of a code."""

    name: str
    state: str
    count: int


@dataclass(frozen=True, slots=True)
class Stats:
    """Figures for people. The percentiles are seconds from receipt to journal; None without a journal."""

    documents: tuple[Count, ...]
    exceptions: tuple[Count, ...]
    returns: tuple[Count, ...]
    since: datetime
    journals: int
    receipt_to_journal_p50: float | None
    receipt_to_journal_p95: float | None


@dataclass(frozen=True, slots=True)
class WindowView:
    """A window that was posted, and the batches that it made."""

    id: int
    store: str
    kind: str
    opens_at: datetime
    claimed_at: datetime


@dataclass(frozen=True, slots=True)
class BatchView:
    """A batch of documents, posted in a window."""

    id: int
    window_id: int
    batch_ref: str
    batch_num: str | None
    state: str
    documents: int
    tries: int
    error: str | None
    created_at: datetime
    done_at: datetime | None


def settled() -> Settled:
    """Whether nothing is left that the bridge itself could do now.

    What waits for a receipt, a window or a person does not count (a return whose task was lost, a memo behind another
    of its order that is in doubt and given up), nor does a document that needs another one first; a document whose next
    try is set for later does.
    """
    with transaction() as session:
        found = session.execute(_SETTLED).one()
    at_work = found.inbox + found.due + found.sending + found.doubtful + found.pending + found.batches
    return Settled(
        settled=at_work == 0,
        inbox=found.inbox,
        due=found.due,
        sending=found.sending,
        doubtful=found.doubtful,
        in_window=found.in_window,
        waiting=found.waiting,
        open_exceptions=found.open_exceptions,
    )


def stats(now: datetime, days: int) -> Stats:
    """Everything counted as it stands, and how long journals took in the last `days` days."""
    since = now - timedelta(days=days)
    exception_state = case((ExceptionRow.closed_at.is_(None), "open"), else_="closed").label("state")
    with transaction() as session:
        documents = session.execute(
            select(LedgerRow.kind, LedgerRow.state, func.count())
            .group_by(LedgerRow.kind, LedgerRow.state)
            .order_by(LedgerRow.kind, LedgerRow.state)
        ).all()
        exceptions = session.execute(
            select(ExceptionRow.code, exception_state, func.count())
            .group_by(ExceptionRow.code, "state")
            .order_by(ExceptionRow.code, "state")
        ).all()
        returns = session.execute(
            select(ReturnRow.store, ReturnRow.state, func.count())
            .group_by(ReturnRow.store, ReturnRow.state)
            .order_by(ReturnRow.store, ReturnRow.state)
        ).all()
        took = session.execute(_RECEIPT_TO_JOURNAL, {"since": since}).one()
    p50, p95 = took.took or (None, None)
    return Stats(
        documents=tuple(Count(*row) for row in documents),
        exceptions=tuple(Count(*row) for row in exceptions),
        returns=tuple(Count(*row) for row in returns),
        since=since,
        journals=took.journals,
        receipt_to_journal_p50=p50,
        receipt_to_journal_p95=p95,
    )


def list_windows(before: int | None = None, limit: int = LARGEST_PAGE) -> Page[WindowView]:
    """Windows that were posted, the newest first."""
    query = select(WindowRow).order_by(WindowRow.id.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(WindowRow.id < before)
    with transaction() as session:
        rows = session.scalars(query).all()
        return page_of(
            rows,
            limit,
            lambda row: row.id,
            lambda row: WindowView(row.id, row.store, row.kind, row.opens_at, row.claimed_at),
        )


def list_batches(before: int | None = None, limit: int = LARGEST_PAGE) -> Page[BatchView]:
    """Batches, the newest first."""
    query = select(BatchRow).order_by(BatchRow.id.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(BatchRow.id < before)
    with transaction() as session:
        rows = session.scalars(query).all()
        return page_of(rows, limit, lambda row: row.id, _batch_view)


def _batch_view(row: BatchRow) -> BatchView:
    return BatchView(
        id=row.id,
        window_id=row.window_id,
        batch_ref=row.batch_ref,
        batch_num=row.batch_num,
        state=row.state,
        documents=row.documents,
        tries=row.tries,
        error=row.error,
        created_at=row.created_at,
        done_at=row.done_at,
    )
