"""What the bridge credited in a period, by store: sums that are held beside those of BlueCherry's books."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text

from app.db.engine import transaction
from app.domain.money import Money, totals

_SUMS = text(
    """
    select
        store, currency, count(*) as memos, sum(units) as units, coalesce(sum(total), 0) as total,
        sum(goods.net) as net, sum(goods.tax) as tax,
        coalesce(sum(split_part(amounts ->> 'freight', ' ', 1)::numeric), 0) as freight,
        coalesce(sum(split_part(amounts ->> 'freight_tax', ' ', 1)::numeric), 0) as freight_tax,
        coalesce(sum(split_part(amounts ->> 'fee', ' ', 1)::numeric), 0) as fees
    from ledger cross join lateral (
        select
            coalesce(sum(split_part(line ->> 'net', ' ', 1)::numeric), 0) as net,
            coalesce(sum(split_part(line ->> 'tax', ' ', 1)::numeric), 0) as tax
        from jsonb_array_elements(amounts -> 'lines') line
    ) goods
    where kind = 'credit_memo' and state = 'posted' and not shadow
        and document_date between :first and :last
    group by store, currency
    order by store, currency
    """
)


@dataclass(frozen=True, slots=True)
class MemoSum:
    """The memos of a store in one currency. `net` is without discount and tax; `total`: all of it, less `fees`."""

    store: str
    memos: int
    units: int
    net: Money
    tax: Money
    freight: Money
    freight_tax: Money
    fees: Money
    total: Money


def memo_sums(first: date, last: date) -> list[MemoSum]:
    """What posted memos of the bridge add up to that are dated from `first` to `last`; without those in shadow."""
    with transaction() as session:
        rows = session.execute(_SUMS, {"first": first.isoformat(), "last": last.isoformat()}).all()
    return [
        MemoSum(
            store=row.store,
            memos=row.memos,
            units=row.units,
            net=Money.of(row.net, row.currency),
            tax=Money.of(row.tax, row.currency),
            freight=Money.of(row.freight, row.currency),
            freight_tax=Money.of(row.freight_tax, row.currency),
            fees=Money.of(row.fees, row.currency),
            total=Money.of(row.total, row.currency),
        )
        for row in rows
    ]


def totals_of(sums: list[MemoSum]) -> dict[str, Money]:
    """What they add up to by currency."""
    return totals(each.total for each in sums)
